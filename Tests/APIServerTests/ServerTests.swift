@testable import APIServer
import EmailConnect
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Testing
import TestSupport

/// One account on a server that is driven through its router, without a socket.
struct Account {
    let client: any TestClientProtocol
    let key: String
    let clock: SettableClock
    /// The database, for what only whoever runs the server may do.
    let database: String
    /// The server's routes.
    let routes: [Route]
    /// The server itself, for what it does without being asked.
    let server: BundledServer

    struct Answer {
        let status: Int
        let headers: HTTPFields
        let text: String
        var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]) ?? [:] }
        var code: String? { json["code"] as? String }
        func string(_ name: String) -> String { json[name] as? String ?? "" }
        func number(_ name: String) -> Int { json[name] as? Int ?? -1 }
        var codes: [String] { (json["errors"] as? [[String: Any]] ?? []).compactMap { $0["code"] as? String } }
        var results: [[String: Any]] { json["results"] as? [[String: Any]] ?? [] }
    }

    static func with(
        limiting: Bool = false, _ options: ServerOptions = ServerOptions(), scratch: Scratch? = nil, others: Others = Others(),
        _ body: @escaping @Sendable (Account) async throws -> Void
    ) async throws {
        let scratch = try scratch ?? Scratch()
        let clock = SettableClock()
        var options = options
        options.limitsRequests = limiting
        var made = try await BundledServer(
            database: scratch.file("a.db"), access: .keys, options: options,
            logger: .silent,
            clock: clock.clock)
        made.outside.send = { others.answer($0) }
        made.outside.lookUp = { others.lookUp($0, $1) }
        let server = made
        let first = try await server.makeFirstKey()
        if let first { try await server.handOver(firstKey: first) }
        let key = first?.reveal() ?? ""
        try await server.application().test(.router) { client in
            try await body(
                Account(client: client, key: key, clock: clock, database: scratch.file("a.db"), routes: server.routes.all, server: server))
        }
    }

    @discardableResult
    func call(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, key: String? = nil, headers: HTTPFields = [:]
    ) async throws -> Answer {
        var fields = headers
        if fields[.authorization] == nil { fields[.authorization] = "Bearer \(key ?? self.key)" }
        if body != nil, fields[.contentType] == nil { fields[.contentType] = "application/json" }
        return try await client.execute(uri: path, method: method, headers: fields, body: body.map { ByteBuffer(string: $0) }) {
            Answer(status: Int($0.status.code), headers: $0.headers, text: String(buffer: $0.body))
        }
    }

    func batch(_ operations: [String], owner: String? = "acme/test", key: String? = nil, headers: HTTPFields = [:]) async throws -> Answer {
        let owner = owner.map { "\"owner\":\"\($0)\"," } ?? ""
        return try await call(
            .post, "/v1/batch", "{\"format\":1,\(owner)\"operations\":[\(operations.joined(separator: ","))]}", key: key, headers: headers)
    }

    /// The records of the state, by natural key, as texts.
    func state() async throws -> [String] {
        let text = try await call(.get, "/v1/state").text
        return text.split(separator: "\n").dropFirst().dropLast().map(String.init)
    }
}

@Suite("The API")
struct ServerTests {
    @Test("answers the documented calls")
    func documented() async throws {
        try await Account.with { account in
            let domain = try await account.call(.post, "/v1/domains", #"{"name":"Acme.Example."}"#)
            #expect(domain.status == 201)
            #expect(domain.string("name") == "acme.example")
            #expect(domain.headers[.location] == "/v1/domains/\(domain.string("id"))")
            let alias = try await account.call(
                .post, "/v1/aliases", #"{"domain_id":"\#(domain.string("id"))","name":"Support","description":"Support ticket intake"}"#)
            #expect(alias.status == 201)
            #expect(alias.string("address") == "support@acme.example")
            let hook = try await account.call(
                .post, "/v1/webhooks",
                #"{"alias_id":"\#(alias.string("id"))","url":"https://your-app.com/webhook","headers":{"X-Custom-Header":"value"}}"#)
            #expect(hook.status == 201)
            #expect(hook.json["alias_ids"] as? [String] == [alias.string("id")])
            let attached = try await account.call(.get, "/v1/aliases/\(alias.string("id"))")
            #expect(attached.string("webhook_id") == hook.string("id"))
            #expect(attached.number("version") == 2)
            let list = try await account.call(.get, "/v1/domains?page=1&limit=100")
            #expect(list.number("total") == 1)
            #expect(list.json["has_more"] as? Bool == false)
            let batch = try await account.call(
                .post, "/v1/aliases/batch",
                #"{"operations":[{"action":"create","data":{"domain_id":"\#(domain.string("id"))","name":"b"}},{"action":"update","data":{"id":"\#(alias.string("id"))","enabled":false}}]}"#
            )
            #expect(batch.status == 200)
            #expect(batch.results.map { $0["status"] as? Int } == [201, 200])
        }
    }

    @Test("creates, reads, changes, replaces and deletes each kind")
    func crud() async throws {
        try await Account.with { account in
            let domain = try await account.call(.post, "/v1/domains", #"{"name":"d.example"}"#).string("id")
            for (path, body, patch) in [
                ("webhooks", #"{"url":"https://a.example/"}"#, #"{"name":"n"}"#),
                ("domains", #"{"name":"a.example"}"#, #"{"description":"n"}"#),
                ("aliases", #"{"domain":"d.example","name":"x"}"#, #"{"description":"n"}"#),
                ("api-keys", #"{"name":"k","scopes":["aliases:read"]}"#, #"{"description":"n"}"#),
            ] {
                let made = try await account.call(.post, "/v1/\(path)", body)
                #expect(made.status == 201, "\(path): \(made.text)")
                let item = "/v1/\(path)/\(made.string("id"))"
                #expect(try await account.call(.get, item).headers[.eTag] == "\"1\"")
                #expect(try await account.call(.patch, item, patch).number("version") == 2)
                #expect(try await account.call(.patch, item, patch).number("version") == 2, "nothing changed")
                #expect(try await account.call(.patch, item, patch, headers: [.ifMatch: "\"1\""]).status == 412)
                let isWhole = path == "domains"
                #expect(try await account.call(.get, item, headers: [.ifNoneMatch: "\"1\", W/\"2\""]).status == (isWhole ? 304 : 200))
                #expect(try await account.call(.put, item, body).number("version") == 3)
                #expect(try await account.call(.get, "/v1/\(path)").number("total") >= 1)
                #expect(try await account.call(.delete, item).status == 204)
                #expect(try await account.call(.get, item).status == 404)
                #expect(try await account.call(.delete, item).status == 404)
            }
            #expect(try await account.call(.delete, "/v1/domains/\(domain)").status == 204)
        }
    }

    @Test(
        "refuses bad requests with a problem, and writes nothing",
        arguments: [
            ("POST", "/v1/domains", "{", 400), ("POST", "/v1/domains", "[]", 400), ("POST", "/v1/domains", "{}", 400),
            ("POST", "/v1/domains", #"{"name":"x.example","name":"y.example"}"#, 400), ("POST", "/v1/domains", #"{"name":1}"#, 400),
            ("POST", "/v1/domains", #"{"name":null}"#, 400), ("POST", "/v1/domains", #"{"name":"10.0.0.1"}"#, 400),
            ("POST", "/v1/domains", #"{"name":"x.example","colour":1}"#, 400),
            ("POST", "/v1/domains", #"{"name":"x.example","enabled":"yes"}"#, 400),
            ("POST", "/v1/domains", #"{"name":"x.example","webhook_id":"wh_none"}"#, 400),
            ("POST", "/v1/domains", #"{"name":"x.example"} x"#, 400),
            ("POST", "/v1/aliases", #"{"domain":"none.example","name":"x"}"#, 400),
            ("POST", "/v1/aliases", #"{"domain_id":"dom_x","name":"a+b"}"#, 400),
            ("POST", "/v1/webhooks", #"{"url":"http://127.0.0.1/"}"#, 400),
            ("POST", "/v1/webhooks", #"{"url":"https://a.example/%"}"#, 400),
            ("POST", "/v1/webhooks", #"{"url":"https://a.example/{x}"}"#, 400), ("GET", "/v1/domains?page=+1", "", 400),
            ("GET", "/v1/domains?cursor=dom_A", "", 400),
            ("POST", "/v1/domains", #"{"name":"a.example\u0000"}"#, 400), ("GET", "/v1/aliases?domain_id=", "", 400),
            ("GET", "/v1/applies?owner=x", "", 400),
            (
                "POST", "/v1/api-keys/batch",
                #"{"operations":[{"action":"create","data":{"scopes":["full"],"token":{"prefix":"ec_AAAAAAAA","sha256":"\#(String(repeating: "0", count: 64))"}}}]}"#,
                400
            ),
            (
                "POST", "/v1/batch",
                #"{"format":1,"operations":[{"op":"create","kind":"api_key","set":{"scopes":["full"],"token":{"prefix":"ec_AAAAAAAA","sha256":"\#(String(repeating: "0", count: 64))"}}}]}"#,
                400
            ),
            ("POST", "/v1/webhooks", #"{"url":"https://a.example/","key":"k"}"#, 400),
            ("POST", "/v1/webhooks", #"{"url":"https://a.example/","secret_url":"https://b.example/"}"#, 400),
            ("POST", "/v1/webhooks", #"{"secret_url":{"salt":"a","hmac":"b"}}"#, 400),
            ("POST", "/v1/webhooks", #"{"url":"https://a.example/","alias_id":"alias_none"}"#, 404),
            ("POST", "/v1/api-keys", #"{"scopes":["nope"]}"#, 400),
            ("POST", "/v1/api-keys", #"{"scopes":["full"],"expires_after":"1d","expires_at":"2030-01-01"}"#, 400),
            ("POST", "/v1/api-keys", #"{"token":{"prefix":"ec_aaaaaaaa","sha256":"0"}}"#, 400), ("GET", "/v1/domains?limit=0", "", 400),
            ("GET", "/v1/domains?limit=101", "", 400),
            ("GET", "/v1/domains?page=x", "", 400), ("GET", "/v1/domains?sort=name", "", 400),
            ("GET", "/v1/domains?page=1&page=2", "", 400),
            ("GET", "/v1/state?kinds=mail", "", 400), ("GET", "/v1/domains/dom_none", "", 404), ("GET", "/v1/nothing", "", 404),
            ("TRACE", "/v1/domains", "", 405),
            ("PATCH", "/v1/domains", "{}", 405), ("DELETE", "/v1/state", "", 405), ("PUT", "/health", "", 405),
            ("POST", "/v1/batch", #"{"operations":[]}"#, 400), ("POST", "/v1/batch", #"{"format":2,"operations":[]}"#, 400),
            ("POST", "/v1/batch", #"{"format":1,"owner":"x","operations":[]}"#, 400),
            ("POST", "/v1/aliases/batch", #"{"operations":[{"action":"upsert","data":{}}]}"#, 400),
        ])
    func badRequests(method: String, path: String, body: String, status: Int) async throws {
        try await Account.with { account in
            let answer = try await account.call(.init(method) ?? .get, path, body.isEmpty ? nil : body)
            #expect(answer.status == status, "\(answer.text)")
            if method != "HEAD" {
                #expect(answer.headers[.contentType] == "application/problem+json")
                #expect(answer.number("status") == status)
                #expect(answer.string("request_id").hasPrefix("req_"))
            }
            if status == 405 { #expect(answer.headers[.allow] != nil) }
            #expect(try await account.state().count == 1, "only the first key")
        }
    }

    @Test("takes JSON only, up to a limit")
    func bodies() async throws {
        try await Account.with { account in
            let plain = try await account.call(.post, "/v1/domains", #"{"name":"x.example"}"#, headers: [.contentType: "text/plain"])
            #expect(plain.status == 415)
            #expect(try await account.call(.post, "/v1/domains", "{}", headers: [.contentEncoding: "gzip"]).status == 415)
            let large = "{\"name\":\"x.example\",\"description\":\"" + String(repeating: "a", count: 1 << 20) + "\"}"
            #expect(try await account.call(.post, "/v1/domains", large).status == 413)
        }
    }

    @Test("keeps write-only values to itself")
    func secrets() async throws {
        try await Account.with { account in
            let made = try await account.call(
                .post, "/v1/webhooks",
                #"{"secret_url":"https://a.example/canary","headers":{"Authorization":"canary","X-A":"1"},"secret_headers":{"X-B":"canary"},"signing_secret":"canary"}"#
            )
            #expect(made.status == 201)
            #expect(!made.text.contains("canary"))
            let state = try await account.state().joined()
            #expect(!state.contains("canary"))
            #expect(state.contains(#""Authorization":{"salt":"#))
            let limited = try await account.call(.post, "/v1/api-keys", #"{"scopes":["webhooks:read"]}"#).string("api_key")
            let seen = try await account.call(.get, "/v1/state?kinds=webhooks", key: limited).text
            #expect(seen.contains(#""Authorization":true"#))
            #expect(!seen.contains("hmac"))
            let item = "/v1/webhooks/\(made.string("id"))"
            let patched = try await account.call(
                .patch, item, #"{"headers":{"authorization":null,"X-A":"2"},"secret_headers":{"x-b":"canary"}}"#)
            #expect(patched.json["headers"] as? [String: String] == ["X-A": "2"])
            #expect((patched.json["secret_headers"] as? [String: Any])?.keys.map { $0.lowercased() } == ["x-b"])
            let replaced = try await account.call(.put, item, #"{"url":"https://b.example/"}"#)
            #expect(replaced.json["headers"] as? [String: String] == [:])
            #expect((replaced.json["secret_headers"] as? [String: Any])?.isEmpty == true)
            #expect(replaced.json["secret_url"] == nil)
        }
    }

    @Test("lets in who shows a valid key, as far as its scopes go")
    func access() async throws {
        try await Account.with { account in
            for header in ["", "Bearer", "Bearer x", "Basic abc", "Bearer \(account.key.dropLast())x"] {
                let answer = try await account.call(.get, "/v1/domains", headers: [.authorization: header])
                #expect(answer.status == 401)
                #expect(answer.headers[.wwwAuthenticate] == "Bearer")
            }
            let made = try await account.call(.post, "/v1/api-keys", #"{"scopes":["aliases"],"name":"k"}"#)
            let key = made.string("api_key")
            #expect(try await account.call(.get, "/v1/aliases", key: key).status == 200)
            #expect(try await account.call(.get, "/v1/domains", key: key).status == 403)
            #expect(try await account.call(.post, "/v1/domains", #"{"name":"a.example"}"#, key: key).code == "missing_scope")
            #expect(try await account.call(.get, "/v1/state", key: key).status == 403)
            #expect(try await account.batch([#"{"op":"create","kind":"domain","set":{"name":"a.example"}}"#], key: key).status == 403)
            let item = "/v1/api-keys/\(made.string("id"))"
            #expect(try await account.call(.patch, item, #"{"allowed_ips":["10.0.0.0/8"]}"#).status == 200)
            #expect(try await account.call(.get, "/v1/aliases", key: key).status == 403)
            #expect(try await account.call(.patch, item, #"{"allowed_ips":[],"expires_after":"60s"}"#).status == 200)
            #expect(try await account.call(.get, "/v1/aliases", key: key).status == 200)
            account.clock.advance(seconds: 60)
            #expect(try await account.call(.get, "/v1/aliases", key: key).status == 401)
            #expect(try await account.call(.delete, item).status == 204)
            #expect(try await account.call(.get, "/v1/aliases", key: key).status == 401)
            let pin = try #require(HTTPField.Name("EmailConnect-Account"))
            #expect(try await account.call(.get, "/v1/domains", headers: [pin: "acct_other"]).code == "wrong_account")
        }
    }

    @Test("lets no key grant what it lacks, nor delete itself")
    func grants() async throws {
        try await Account.with { account in
            let made = try await account.call(.post, "/v1/api-keys", #"{"scopes":["api_keys","aliases:read"]}"#)
            let key = made.string("api_key")
            #expect(try await account.call(.post, "/v1/api-keys", #"{"scopes":["aliases:read"]}"#, key: key).status == 201)
            #expect(try await account.call(.post, "/v1/api-keys", #"{"scopes":["domains:read"]}"#, key: key).status == 403)
            #expect(try await account.call(.post, "/v1/api-keys", "{}", key: key).status == 403, "full by default")
            let item = "/v1/api-keys/\(made.string("id"))"
            #expect(try await account.call(.patch, item, #"{"scopes":["full"]}"#, key: key).status == 403)
            #expect(try await account.call(.delete, item, key: key).code == "own_key")
        }
    }

    @Test("streams the state in order, with an end line that counts")
    func state() async throws {
        try await Account.with { account in
            for name in ["b.example", "a.example"] { try await account.call(.post, "/v1/domains", "{\"name\":\"\(name)\"}") }
            for name in ["z", "a", "m"] { try await account.call(.post, "/v1/aliases", "{\"domain\":\"b.example\",\"name\":\"\(name)\"}") }
            try await account.call(.post, "/v1/aliases", #"{"domain":"a.example","name":"q"}"#)
            let answer = try await account.call(.get, "/v1/state")
            let lines = answer.text.split(separator: "\n")
            #expect(lines.last == #"{"end":true,"records":7,"revision":6}"#)
            let names = lines.filter { $0.contains("\"kind\":\"alias\"") }.compactMap { line in
                (try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]).map {
                    "\($0["name"] ?? "")@\($0["domain"] ?? "")"
                }
            }
            #expect(names == ["q@a.example", "a@b.example", "m@b.example", "z@b.example"])
            let etag = try #require(answer.headers[.eTag])
            #expect(try await account.call(.get, "/v1/state", headers: [.ifNoneMatch: etag]).status == 304)
            try await account.call(.post, "/v1/domains", #"{"name":"c.example"}"#)
            #expect(try await account.call(.get, "/v1/state", headers: [.ifNoneMatch: etag]).status == 200)
        }
    }

    @Test("pages through a list in a total order")
    func paging() async throws {
        try await Account.with { account in
            for number in 0..<7 { try await account.call(.post, "/v1/domains", "{\"name\":\"d\(number).example\"}") }
            var names: [String] = []
            for page in 1...4 {
                let answer = try await account.call(.get, "/v1/domains?page=\(page)&limit=2")
                names += (answer.json["data"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
                #expect(answer.json["has_more"] as? Bool == (page < 4))
                #expect(answer.number("total") == 7)
            }
            #expect(names == (0..<7).map { "d\($0).example" })
        }
    }
}
