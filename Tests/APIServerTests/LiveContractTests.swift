@testable import APIServer
import EmailConnect
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing
import TestSupport

extension Account {
    /// A request as EmailConnect's n8n node sends it: the key in `X-API-KEY`, a content type only beside a body.
    @discardableResult
    func node(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, key: String? = nil, source: String? = nil
    ) async throws -> Answer {
        var fields: HTTPFields = [.apiKey: key ?? self.key]
        if body != nil { fields[.contentType] = "application/json" }
        if let source { fields[.source] = source }
        return try await client.execute(uri: path, method: method, headers: fields, body: body.map { ByteBuffer(string: $0) }) {
            Answer(status: Int($0.status.code), headers: $0.headers, text: String(buffer: $0.body))
        }
    }

    /// The items of a list of the live dialect.
    func list(_ name: String, _ query: String = "") async throws -> [[String: Any]] {
        try await node(.get, "/api/\(name)\(query)").json[name] as? [[String: Any]] ?? []
    }

    /// A domain, by its id.
    func domain(_ name: String = "acme.example") async throws -> String {
        try await node(.post, "/api/domains", "{\"domain\":\"\(name)\"}").string("id")
    }

    /// A webhook, by its id.
    func webhook(_ url: String = "https://a.example/in") async throws -> String {
        let made = try await node(.post, "/api/webhooks", "{\"name\":\"n\",\"url\":\"\(url)\"}")
        return (made.json["webhook"] as? [String: Any])?["id"] as? String ?? ""
    }
}

/// Each call of the node, as its source has it, and the members of the answer that it reads.
@Suite("The n8n node")
struct LiveContractTests {
    private static func members(_ object: [String: Any]) -> Set<String> { Set(object.keys) }
    private static let aliasMembers: Set = [
        "id", "email", "localPart", "domainId", "description", "active", "webhookId", "destinationEmail", "allowAttachments",
        "includeEnvelope", "includeHtml", "includeText", "createdAt", "updatedAt",
    ]
    private static let domainMembers: Set = [
        "id", "domain", "domainName", "description", "active", "webhookId", "allowAttachments", "includeEnvelope", "isVerified",
        "createdAt",
        "updatedAt",
    ]
    private static let webhookMembers: Set = ["id", "name", "url", "description", "active", "verified", "createdAt", "updatedAt"]

    @Test("lists domains, shows one, and changes what it delivers", arguments: ["/api", "/api/v1"])
    func domains(root: String) async throws {
        try await Account.with { account in
            #expect(try await account.node(.get, "\(root)/domains").text == #"{"domains":[],"total":0}"#, "the test of the credentials")
            let id = try await account.domain()
            let list = try await account.node(.get, "\(root)/domains")
            #expect(list.status == 200 && list.number("total") == 1)
            let item = try #require((list.json["domains"] as? [[String: Any]])?.first)
            #expect(item["domain"] as? String == "acme.example" && item["domainName"] as? String == "acme.example")
            #expect(item["id"] as? String == id)
            let one = try await account.node(.get, "\(root)/domains/\(id)")
            #expect(Self.members(one.json) == Self.domainMembers, "\(one.text)")
            #expect(one.json["webhookId"] is NSNull && one.headers[.eTag] == nil)
            let changed = try await account.node(
                .put, "\(root)/domains/\(id)", #"{"allowAttachments":false,"includeEnvelope":true}"#)
            #expect(changed.status == 200 && changed.json["allowAttachments"] as? Bool == false, "\(changed.text)")
            #expect(changed.json["includeEnvelope"] as? Bool == true && changed.string("domain") == "acme.example", "PUT merges")
            let status = try await account.node(.get, "\(root)/domains/\(id)/status")
            #expect(status.status == 200 && status.string("domain") == "acme.example" && status.json["isVerified"] as? Bool == false)
            #expect((status.json["dnsRecords"] as? [[String: Any]])?.map { $0["status"] as? String } == ["pending", "pending"])
            #expect(try await account.node(.post, "\(root)/domains/\(id)/verify").text == status.text, "nobody answers")
            #expect(try await account.node(.delete, "\(root)/domains/\(id)").status == 204)
            #expect(try await account.node(.get, "\(root)/domains/\(id)").status == 404)
        }
    }

    @Test("lists, creates, shows, changes, deletes aliases, and attaches a webhook to them")
    func aliases() async throws {
        try await Account.with { account in
            let (domain, webhook) = (try await account.domain(), try await account.webhook())
            let made = try await account.node(
                .post, "/api/aliases", #"{"localPart":"Support","domainId":"\#(domain)","webhookId":"\#(webhook)","active":true}"#)
            #expect(made.status == 201 && Self.members(made.json) == Self.aliasMembers, "\(made.text)")
            #expect(made.string("email") == "support@acme.example" && made.string("webhookId") == webhook)
            let id = made.string("id")
            #expect(made.headers[.location] == "/api/aliases/\(id)")
            let forwarded = try await account.node(
                .post, "/api/aliases", #"{"domainId":"\#(domain)","localPart":"old","destinationEmail":"me+x@else.example"}"#)
            #expect(forwarded.status == 201 && forwarded.json["destinationEmail"] is NSNull, "\(forwarded.text)")
            let whole = try await account.node(
                .post, "/api/aliases", #"{"domainId":"\#(domain)","email":"*@acme.example","webhookId":"\#(webhook)"}"#)
            #expect(whole.status == 201 && whole.string("localPart") == "*", "\(whole.text)")
            let list = try await account.list("aliases", "?domainId=\(domain)")
            #expect(list.compactMap { $0["email"] as? String }.sorted() == ["*@acme.example", "old@acme.example", "support@acme.example"])
            #expect(list.allSatisfy { Self.members($0) == Self.aliasMembers })
            #expect(try await account.node(.get, "/api/aliases/\(id)").text == made.text)
            let renamed = try await account.node(.put, "/api/aliases/\(id)", #"{"email":"help@acme.example","active":false}"#)
            #expect(renamed.status == 200 && renamed.string("email") == "help@acme.example", "\(renamed.text)")
            #expect(renamed.json["active"] as? Bool == false && renamed.string("webhookId") == webhook, "PUT merges")
            let loose = try await account.node(.put, "/api/aliases/\(id)/webhook", #"{"webhookId":null}"#)
            #expect(loose.status == 200 && loose.json["webhookId"] is NSNull)
            let fixed = try await account.node(.put, "/api/aliases/\(id)/webhook", #"{"webhookId":"\#(webhook)"}"#)
            #expect(fixed.string("webhookId") == webhook && fixed.string("email") == "help@acme.example")
            #expect(
                try await account.node(.put, "/api/domains/\(domain)/webhook", #"{"webhookId":"\#(webhook)"}"#).string("webhookId")
                    == webhook)
            #expect(try await account.node(.put, "/api/domains/\(domain)/webhook", #"{"webhookId":null}"#).json["webhookId"] is NSNull)
            let gone = try await account.node(.delete, "/api/aliases/\(id)")
            #expect(gone.status == 204 && gone.text.isEmpty)
            #expect(try await account.node(.get, "/api/aliases/\(id)").status == 404)
        }
    }

    @Test("says of an alias what it delivers, and takes nothing else: the domain decides")
    func payload() async throws {
        try await Account.with { account in
            let domain = try await account.domain()
            let like = #""allowAttachments":true,"includeEnvelope":false,"includeHtml":true,"includeText":true"#
            let made = try await account.node(.post, "/api/aliases", #"{"localPart":"a","domainId":"\#(domain)",\#(like)}"#)
            #expect(made.status == 201, "\(made.text)")
            for (name, value) in [
                ("allowAttachments", "false"), ("includeEnvelope", "true"), ("includeHtml", "false"), ("includeText", "false"),
            ] {
                for (method, path) in [(HTTPRequest.Method.post, "aliases"), (.put, "aliases/\(made.string("id"))")] {
                    let rest = method == .post ? #""localPart":"b","domainId":"\#(domain)","# : ""
                    let refused = try await account.node(method, "/api/\(path)", "{\(rest)\"\(name)\":\(value)}")
                    #expect(refused.status == 400 && refused.string("message").hasPrefix("\(name): "), "\(refused.text)")
                }
            }
            try await account.node(.put, "/api/domains/\(domain)", #"{"allowAttachments":false}"#)
            #expect(try await account.node(.put, "/api/aliases/\(made.string("id"))", #"{"allowAttachments":false}"#).status == 200)
            #expect(try await account.node(.get, "/api/aliases/\(made.string("id"))").json["allowAttachments"] as? Bool == false)
        }
    }

    @Test("lists, creates, shows, changes and deletes webhooks")
    func webhooks() async throws {
        try await Account.with { account in
            let made = try await account.node(
                .post, "/api/webhooks", #"{"name":"n8n","url":"https://n8n.example/webhook/1","description":"d"}"#)
            let webhook = try #require(made.json["webhook"] as? [String: Any])
            #expect(made.status == 201 && made.json.count == 1 && Self.members(webhook) == Self.webhookMembers, "\(made.text)")
            #expect(webhook["name"] as? String == "n8n" && webhook["url"] as? String == "https://n8n.example/webhook/1")
            let id = try #require(webhook["id"] as? String)
            #expect(made.headers[.location] == "/api/webhooks/\(id)")
            let one = try await account.node(.get, "/api/webhooks/\(id)")
            #expect(Self.members(one.json) == Self.webhookMembers && one.json["verified"] as? Bool == false, "flat: \(one.text)")
            #expect(try await account.list("webhooks").first?["id"] as? String == id)
            let changed = try await account.node(
                .put, "/api/webhooks/\(id)", #"{"url":"https://n8n.example/webhook-test/1","description":"t"}"#, source: "n8n-node")
            #expect(changed.string("url") == "https://n8n.example/webhook-test/1" && changed.string("name") == "n8n", "PUT merges")
            #expect(changed.json["verified"] as? Bool == true, "a known client answers for it")
            #expect(try await account.node(.delete, "/api/webhooks/\(id)").status == 204)
            let own = try await account.node(
                .post, "/api/webhooks", #"{"name":"n8n","url":"https://n8n.example/webhook/1"}"#, source: "n8n-node")
            #expect((own.json["webhook"] as? [String: Any])?["verified"] as? Bool == true, "a known client answers for it: \(own.text)")
            let other = try await account.node(.post, "/api/webhooks", #"{"url":"https://b.example/"}"#, source: "somebody")
            #expect((other.json["webhook"] as? [String: Any])?["verified"] as? Bool == false, "\(other.text)")
        }
    }

    @Test("makes a webhook and an alias at once, as its trigger does; what is wrong with it is named")
    func trigger() async throws {
        try await Account.with { account in
            let domain = try await account.domain()
            func body(_ more: String) -> String {
                """
                {"domainId":"\(domain)","webhookUrl":"https://n8n.example/webhook/1/emailconnect","webhookName":"w","webhookDescription":"",\
                "autoVerify":true\(more)}
                """
            }
            let made = try await account.node(
                .post, "/api/webhooks/alias", body(#","aliasType":"specific","localPart":"support""#), source: "n8n-node")
            #expect(made.status == 201 && made.json["success"] as? Bool == true, "\(made.text)")
            #expect(made.string("message").hasPrefix("Created alias support@acme.example") && made.string("action") == "created")
            let (webhook, alias) = (made.json["webhook"] as? [String: Any] ?? [:], made.json["alias"] as? [String: Any] ?? [:])
            #expect(Self.members(webhook) == Self.webhookMembers && webhook["verified"] as? Bool == true)
            #expect(Self.members(alias) == Self.aliasMembers && alias["webhookId"] as? String == webhook["id"] as? String)
            let again = try await account.node(.post, "/api/webhooks/alias", body(#","aliasType":"specific","localPart":"support""#))
            #expect(again.status == 409 && again.string("message").contains("already exists"), "\(again.text)")
            for (more, field) in [
                (#","aliasType":"specific""#, "localPart"), (#","aliasType":"specific","localPart":"*""#, "localPart"),
                (#","aliasType":"both","localPart":"a""#, "aliasType"), (#","localPart":"a""#, "aliasType"),
                (#","aliasType":"specific","localPart":"a b""#, "localPart"),
                (#","aliasType":"catchall","syncWithDomain":"yes""#, "syncWithDomain"),
                (#","aliasType":"catchall","colour":1"#, "colour"),
            ] {
                let refused = try await account.node(.post, "/api/webhooks/alias", body(more))
                #expect(refused.status == 400 && refused.string("message").hasPrefix("\(field): "), "\(more): \(refused.text)")
            }
            for (field, value) in [("webhookUrl", "ftp://x"), ("webhookUrl", "https://10.0.0.1/"), ("domainId", "dom_none")] {
                var all = ["domainId": domain, "webhookUrl": "https://a.example/", "webhookName": "w", "aliasType": "catchall"]
                all[field] = value
                let text = String(decoding: try JSONSerialization.data(withJSONObject: all), as: UTF8.self)
                let refused = try await account.node(.post, "/api/webhooks/alias", text)
                #expect(refused.status == 400 && refused.string("message").hasPrefix("\(field): "), "\(field): \(refused.text)")
                all[field] = nil
                let short = String(decoding: try JSONSerialization.data(withJSONObject: all), as: UTF8.self)
                #expect(try await account.node(.post, "/api/webhooks/alias", short).string("message") == "\(field): \(field) is required")
            }
            #expect(try await account.list("webhooks").count == 1, "nothing came of them")
            #expect(try await account.list("aliases").count == 1, "nothing came of them")
        }
    }

    @Test("is told what is wrong in its own form, whatever it is")
    func errors() async throws {
        try await Account.with { account in
            let domain = try await account.domain()
            func check(_ answer: Account.Answer, _ status: Int, _ error: String, _ message: String) {
                #expect(answer.status == status && answer.headers[.contentType] == "application/json", "\(answer.text)")
                #expect(Self.members(answer.json) == ["statusCode", "error", "message"], "\(answer.text)")
                #expect(answer.number("statusCode") == status && answer.string("error") == error, "\(answer.text)")
                #expect(answer.string("message").contains(message), "\(answer.text)")
                #expect(answer.headers[.requestID]?.hasPrefix("req_") == true)
            }
            check(try await account.node(.get, "/api/domains", key: "ec_wrong"), 401, "Unauthorized", "no API key")
            check(try await account.call(.get, "/api/domains", headers: [.authorization: ""]), 401, "Unauthorized", "no API key")
            check(
                try await account.call(.get, "/api/domains", headers: [.apiKey: account.key]), 401, "Unauthorized", "not as both")
            #expect(try await account.call(.get, "/api/domains").status == 200, "Bearer does as well")
            #expect(try await account.node(.get, "/v1/domains").code == "unauthorized", "and /v1 takes nothing else")
            let reading = try await account.call(.post, "/v1/api-keys", #"{"scopes":["domains:read"]}"#).string("api_key")
            check(try await account.node(.post, "/api/domains", "{}", key: reading), 403, "Forbidden", "lacks the scope domains:write")
            for path in ["/api", "/api/", "/api/nothing", "/api/v1/nothing", "/api/domains/none", "/api/webhooks/none/status"] {
                check(try await account.node(.get, path), 404, "Not Found", "there is n")
            }
            let refused = try await account.node(.patch, "/api/domains/\(domain)", "{}")
            check(refused, 405, "Method Not Allowed", "does not take")
            #expect(refused.headers[.allow] == "DELETE, GET, HEAD, OPTIONS, PUT")
            #expect(try await account.node(.options, "/api/v1/webhooks/alias").headers[.allow] == "OPTIONS, POST")
            check(try await account.node(.get, "/api/webhooks/alias"), 405, "Method Not Allowed", "does not take")
            check(try await account.node(.post, "/api/domains", "{"), 400, "Bad Request", "malformed")
            check(try await account.node(.post, "/api/domains", "{}"), 400, "Bad Request", "domain: domain is required")
            check(try await account.node(.post, "/api/domains", #"{"name":"a.example"}"#), 400, "Bad Request", "name: unknown field")
            check(try await account.node(.post, "/api/domains", #"{"domain":"a b"}"#), 400, "Bad Request", "domain: ")
            check(try await account.node(.post, "/api/domains", #"{"domain":"acme.example"}"#), 409, "Conflict", "exists already")
            check(try await account.node(.put, "/api/domains/\(domain)", #"{"active":"yes"}"#), 400, "Bad Request", "active: ")
            check(
                try await account.node(.put, "/api/domains/\(domain)/webhook", #"{"webhookId":"wh_none"}"#), 400, "Bad Request",
                "webhookId: ")
            check(try await account.node(.put, "/api/domains/\(domain)/webhook", "{}"), 400, "Bad Request", "webhookId: ")
            check(
                try await account.node(.post, "/api/aliases", #"{"domainId":"\#(domain)"}"#), 400, "Bad Request",
                "localPart: localPart is required")
            check(
                try await account.node(.post, "/api/aliases", #"{"domainId":"dom_none","localPart":"a"}"#), 400, "Bad Request", "domainId: "
            )
            check(
                try await account.node(.post, "/api/aliases", #"{"domainId":"\#(domain)","email":"a@other.example"}"#), 400, "Bad Request",
                "email: ")
            check(
                try await account.node(.post, "/api/aliases", #"{"domainId":"\#(domain)","localPart":"a","destinationEmail":"x"}"#), 400,
                "Bad Request", "destinationEmail: ")
            check(try await account.node(.get, "/api/aliases?domain_id=x"), 400, "Bad Request", "unknown parameter")
            check(
                try await account.call(
                    .post, "/api/domains", "{}", headers: [.contentType: "text/plain"]), 415, "Unsupported Media Type", "Content-Type")
            check(
                try await account.node(.post, "/api/domains", String(repeating: " ", count: 1 << 20 + 1)), 413, "Content Too Large",
                "larger")
        }
    }

    @Test("is counted like everybody else, and told in its own form when there were too many")
    func limits() async throws {
        try await Account.with(limiting: true) { account in
            for number in 0..<100 {
                let answer = try await number % 2 == 0 ? account.node(.get, "/api/domains") : account.call(.get, "/v1/domains")
                #expect(answer.status == 200 && answer.headers[.rateRemaining] == String(999 - number))
            }
            let refused = try await account.node(.get, "/api/webhooks")
            #expect(refused.status == 429 && refused.number("statusCode") == 429, "\(refused.text)")
            #expect(refused.headers[.retryAfter] == "60" && refused.string("error") == "Too Many Requests")
        }
    }
}
