@testable import APIServer
import EmailConnect
import Foundation
import HTTPTypes
import Testing
import TestSupport

@Suite("Two dialects over one account")
struct LiveDialectTests {
    @Test("read what the other has written")
    func both() async throws {
        try await Account.with { account in
            let webhook = try await account.webhook()
            let domain = try await account.domain()
            let alias = try await account.node(
                .post, "/api/aliases", #"{"domainId":"\#(domain)","localPart":"a","webhookId":"\#(webhook)","active":false}"#
            ).string("id")
            let seen = try await account.call(.get, "/v1/aliases/\(alias)")
            #expect(seen.string("address") == "a@acme.example" && seen.string("webhook_id") == webhook)
            #expect(seen.json["enabled"] as? Bool == false && seen.number("version") == 1)
            try await account.call(.patch, "/v1/aliases/\(alias)", #"{"enabled":true,"webhook_id":null,"name":"b"}"#)
            let back = try await account.node(.get, "/api/aliases/\(alias)")
            #expect(back.string("email") == "b@acme.example" && back.json["active"] as? Bool == true && back.json["webhookId"] is NSNull)
            try await account.node(.put, "/api/aliases/\(alias)", #"{"description":"x"}"#)
            #expect(try await account.call(.get, "/v1/aliases/\(alias)").number("version") == 3)
            let secret = try await account.call(.post, "/v1/webhooks", #"{"secret_url":"https://canary.example/s3cret"}"#).string("id")
            let hidden = try await account.node(.get, "/api/webhooks/\(secret)")
            #expect(hidden.json["url"] is NSNull && !hidden.text.contains("s3cret"))
            #expect(
                try await account.node(
                    .post, "/api/webhooks/alias/teardown", #"{"webhookId":"\#(secret)","expectedUrl":"https://canary.example/s3cret"}"#
                )
                .string("action") == "skipped_superseded", "a secret URL is no URL that anybody may try out")
            let changes = try await account.call(.get, "/v1/changes?kind=alias").json["data"] as? [[String: Any]] ?? []
            #expect(
                changes.count == 3 && changes.allSatisfy { ($0["actor"] as? String)?.hasPrefix("ec_") == true },
                "every write is in the history")
        }
    }

    @Test("keep the same rules: what is protected, managed by others, above what others have, or the account's limit")
    func rules() async throws {
        try await Account.with { account in
            let made = try await account.batch([
                #"{"op":"create","kind":"webhook","set":{"key":"k","url":"https://a.example/"}}"#,
                #"{"op":"create","kind":"domain","set":{"name":"owned.example","webhook":"k"}}"#,
                #"{"op":"create","kind":"alias","set":{"domain":"owned.example","name":"a","webhook":"k"}}"#,
            ])
            let ids = made.results.compactMap { $0["id"] as? String }
            let free = try await account.domain("free.example")
            let kept = try await account.call(.post, "/v1/aliases", #"{"domain":"free.example","name":"kept","protected":true}"#).string(
                "id")
            // A managed resource may be changed, which is drift; what is protected is not deleted, and nothing is taken along unseen.
            #expect(try await account.node(.put, "/api/aliases/\(ids[2])", #"{"active":false}"#).status == 200)
            #expect(try await account.call(.get, "/v1/state").text.contains(#""applied":""#))
            for (path, message) in [
                ("webhooks/\(ids[0])", "in use by alias a@owned.example"), ("aliases/\(kept)", "is protected"),
                ("domains/\(free)", "has protected aliases"), ("domains/\(free)?cascade=true", "has protected aliases"),
                ("domains/\(ids[1])", "delete them first, or cascade"),
            ] {
                let refused = try await account.node(.delete, "/api/\(path)")
                #expect(refused.status == 409 && refused.string("message").contains(message), "\(path): \(refused.text)")
            }
            let bound = try await account.call(.post, "/v1/api-keys", #"{"scopes":["full"],"bound_to":"web/production"}"#).string("api_key")
            #expect(try await account.node(.post, "/api/domains", #"{"domain":"b.example"}"#, key: bound).status == 403)
            #expect(try await account.node(.put, "/api/aliases/\(ids[2])", #"{"active":true}"#, key: bound).status == 403)
            let server = try ServerAdministration(database: account.database)
            _ = try await server.setAccount("default", plan: nil, limits: ["aliases": 2])
            await server.close()
            let full = try await account.node(
                .post, "/api/webhooks/alias",
                #"{"domainId":"\#(free)","webhookUrl":"https://x.example/","webhookName":"x","aliasType":"specific","localPart":"x"}"#)
            #expect(full.status == 403 && full.string("message").contains("the account may have 2 aliases"), "\(full.text)")
            #expect(try await account.list("webhooks").count == 1, "the webhook was taken back with the alias")
        }
    }

    @Test("are asked for whole lists: a long one comes in chunks, a longer one in pages")
    func lists() async throws {
        try await Account.with { account in
            let domain = try await account.domain()
            let other = try await account.domain("other.example")
            for start in stride(from: 0, to: 4500, by: 1500) {
                let creates = (start..<start + 1500).map {
                    "{\"op\":\"create\",\"kind\":\"alias\",\"set\":{\"domain\":\"acme.example\",\"name\":\"a\($0)\"}}"
                }
                #expect(try await account.batch(creates).status == 200)
            }
            try await account.node(.post, "/api/aliases", #"{"domainId":"\#(other)","localPart":"b"}"#)
            for (query, count) in [("", 4501), ("?domainId=\(domain)", 4500), ("?domainId=\(other)", 1), ("?domainId=dom_none", 0)] {
                let answer = try await account.node(.get, "/api/aliases\(query)")
                let items = answer.json["aliases"] as? [[String: Any]] ?? []
                #expect(
                    answer.status == 200 && answer.number("total") == count && items.count == count, "\(query): \(answer.text.suffix(200))")
                #expect(Set(items.compactMap { $0["id"] as? String }).count == count, "each once")
                #expect(Set(answer.json.keys) == ["aliases", "total"])
            }
            #expect(try await account.list("aliases").first?["localPart"] as? String == "a0", "in the order of creation")
            for (query, count) in [
                ("page=1&limit=1000", 1000), ("page=5&limit=1000", 501), ("limit=7", 7), ("page=91", 1), ("page=92", 0),
                ("page=3&limit=1000&domainId=\(domain)", 1000), ("page=5&limit=1000&domainId=\(domain)", 500),
            ] {
                let answer = try await account.node(.get, "/api/aliases?\(query)")
                #expect((answer.json["aliases"] as? [[String: Any]])?.count == count, "\(query)")
                #expect(answer.number("total") == (query.contains("domainId") ? 4500 : 4501))
            }
            for bad in ["page=0", "limit=1001", "limit=x", "page=", "domainId=", "domainId=x", "cursor=x"] {
                #expect(try await account.node(.get, "/api/aliases?\(bad)").status == 400, "\(bad)")
            }
            _ = try await account.server.store.write { transaction in
                try transaction.run("UPDATE counts SET number = 100001 WHERE kind = 'alias'")
            }
            let tooLong = try await account.node(.get, "/api/aliases")
            #expect(tooLong.status == 400 && tooLong.string("message").contains("ask with page and limit"), "\(tooLong.text)")
            #expect(try await account.node(.get, "/api/aliases?page=5&limit=1000").number("total") == 100_001)
            _ = try await account.server.store.write { transaction in
                try transaction.run("UPDATE counts SET number = 4501 WHERE kind = 'alias'")
            }
            let head = try await account.node(.head, "/api/aliases")
            #expect(head.status == 200 && head.text.isEmpty)
        }
    }

    @Test(
        "leave the counters, the references and the lists as they should be, whatever is called in whatever order",
        arguments: [1, 2, 3] as [UInt64])
    func sequence(seed: UInt64) async throws {
        try await Account.with { account in
            var walk = Walkers(account: account, generator: SeededGenerator(seed: seed))
            for _ in 0..<150 {
                try await walk.step()
            }
            #expect(walk.done.count > 12, "most calls were taken at times: \(walk.done)")
        }
    }

    /// Somebody who uses both dialects at random.
    private struct Walkers {
        let account: Account
        var generator: SeededGenerator
        /// Calls that were taken.
        var done: Set<String> = []

        mutating func step() async throws {
            let domains = try await account.list("domains").compactMap { $0["id"] as? String }
            let aliases = try await account.list("aliases").compactMap { $0["id"] as? String }
            let webhooks = try await account.list("webhooks")
            let webhook = webhooks.randomElement(using: &generator)
            let (hook, url) = (webhook?["id"] as? String ?? "wh_none", webhook?["url"] as? String ?? "")
            let domain = domains.randomElement(using: &generator) ?? "dom_none"
            let alias = aliases.randomElement(using: &generator) ?? "alias_none"
            let number = Int.random(in: 0..<6, using: &generator)
            let target = generator.chance(30) ? "null" : "\"\(hook)\""
            let flag = generator.chance(50)
            let calls: [(HTTPRequest.Method, String, String?)] = [
                (.post, "/api/domains", #"{"domain":"d\#(number).example"}"#), (.post, "/v1/domains", #"{"name":"d\#(number).example"}"#),
                (.put, "/api/domains/\(domain)", #"{"active":\#(flag)}"#),
                (.put, "/api/domains/\(domain)/webhook", #"{"webhookId":\#(target)}"#),
                (.delete, "/api/domains/\(domain)\(flag ? "?cascade=true" : "")", nil),
                (.post, "/api/aliases", #"{"domainId":"\#(domain)","localPart":"a\#(number)","webhookId":\#(target)}"#),
                (.post, "/v1/aliases", #"{"domain_id":"\#(domain)","name":"a\#(number)"}"#),
                (.put, "/api/aliases/\(alias)", #"{"localPart":"a\#(number)","active":\#(flag)}"#),
                (.put, "/api/aliases/\(alias)/webhook", #"{"webhookId":\#(target)}"#), (.delete, "/api/aliases/\(alias)", nil),
                (.patch, "/v1/aliases/\(alias)", #"{"webhook_id":\#(target)}"#),
                (.post, "/api/webhooks", #"{"name":"n","url":"https://w\#(number).example/"}"#),
                (.put, "/api/webhooks/\(hook)", #"{"url":"https://w\#(number).example/"}"#), (.delete, "/api/webhooks/\(hook)", nil),
                (.delete, "/v1/webhooks/\(hook)", nil),
                (.post, "/v1/webhooks", #"{"url":"https://w\#(number).example/","alias_id":"\#(alias)"}"#),
                (
                    .post, "/api/webhooks/alias",
                    """
                    {"domainId":"\(domain)","webhookUrl":"https://w\(number).example/","webhookName":"t","firstOrCreate":\(generator.chance(70)),\
                    "updateWebhookData":\(flag),"aliasType":\(generator.chance(40) ? #""catchall","syncWithDomain":true"# : #""specific","localPart":"a1""#)}
                    """
                ),
                (
                    .post, "/api/webhooks/alias/teardown",
                    #"{"webhookId":"\#(hook)","expectedUrl":"\#(generator.chance(80) ? url : "https://no.example/")"\#(flag ? #","restoreWebhookId":\#(target)"# : "")}"#
                ),
            ]
            let place = Int.random(in: 0..<calls.count, using: &generator)
            let (method, path, body) = calls[place]
            let before = try await account.state()
            let answer = try await path.hasPrefix("/api") ? account.node(method, path, body) : account.call(method, path, body)
            #expect(answer.status < 500 && answer.status != 401 && answer.status != 429, "\(method) \(path) \(body ?? ""): \(answer.text)")
            if answer.status < 300 {
                done.insert("\(place)")
            } else {
                #expect(try await account.state() == before, "what is refused changes nothing")
            }
            try await check("\(method) \(path) \(body ?? "")")
        }

        /// The state, the lists of both dialects, the counters and the references say the same.
        private func check(_ call: String) async throws {
            let records = try await account.state().map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:] }
            let limits = try await account.call(.get, "/v1").json["limits"] as? [String: [String: Any]] ?? [:]
            let names = ["id", "webhookId", "active"]
            for (kind, plural) in [("domain", "domains"), ("alias", "aliases"), ("webhook", "webhooks")] {
                let held = records.filter { $0["kind"] as? String == kind }
                let live = try await account.list(plural)
                let documented = try await account.call(.get, "/v1/\(plural)?limit=100")
                #expect(limits[plural]?["used"] as? Int == held.count, "the counter of \(plural) after \(call)")
                #expect(documented.number("total") == held.count && live.count == held.count, "\(plural) after \(call)")
                func lines(_ items: [[String: Any]], _ members: [String]) -> [String] {
                    items.map { item in members.map { "\(item[$0] ?? "none")" }.joined(separator: " ") }.sorted()
                }
                let state = lines(held, ["id", kind == "webhook" ? "none" : "webhook_id", "enabled"])
                #expect(lines(live, kind == "webhook" ? ["id", "none", "active"] : names) == state, "\(plural) after \(call)")
                #expect(
                    lines(documented.json["data"] as? [[String: Any]] ?? [], ["id", kind == "webhook" ? "none" : "webhook_id", "enabled"])
                        == state)
                let hooks = Set(records.filter { $0["kind"] as? String == "webhook" }.compactMap { $0["id"] as? String })
                for item in live {
                    if let id = item["webhookId"] as? String { #expect(hooks.contains(id), "a webhook that is there, after \(call)") }
                }
            }
        }
    }
}
