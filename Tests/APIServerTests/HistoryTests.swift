import EmailConnect
import Foundation
import HTTPTypes
import Testing
import TestSupport

@Suite("What was applied")
struct HistoryTests {
    private static let digest = String(repeating: "ab", count: 32)

    private func apply(_ account: Account, _ operations: [String], digest: String? = digest, owner: String = "acme/test") async throws {
        let digest = digest.map { "\"digest\":\"\($0)\"," } ?? ""
        let revision = try #require(try await lines(account)[0].firstMatch(of: /"revision":(\d+)/)).1
        let body = """
            {"format":1,"owner":"\(owner)",\(digest)"planned_at":\(revision),"context":{"commit":"9fceb02","actor":"merge queue"},"operations":[\(operations.joined(separator: ","))]}
            """
        let answer = try await account.call(.post, "/v1/batch", body)
        #expect(answer.status == 200, "\(answer.text)")
    }

    private let seed = [
        #"{"op":"create","kind":"webhook","set":{"key":"hook","url":"https://a.example/","secret_headers":{"Authorization":"canary"}}}"#,
        #"{"op":"create","kind":"domain","set":{"name":"a.example"}}"#,
        #"{"op":"create","kind":"alias","set":{"domain":"a.example","name":"x","webhook":"hook"}}"#,
    ]

    private func data(_ answer: Account.Answer) -> [[String: Any]] { answer.json["data"] as? [[String: Any]] ?? [] }
    private func lines(_ account: Account) async throws -> [String] {
        try await account.call(.get, "/v1/state").text.split(separator: "\n").map(String.init)
    }

    @Test("is listed with who, what, when and from where, without secrets, page by page")
    func listed() async throws {
        try await Account.with { account in
            try await apply(account, seed)
            try await account.call(.post, "/v1/domains", #"{"name":"b.example"}"#)
            let all = try await account.call(.get, "/v1/applies")
            #expect(data(all).map { $0["revision"] as? Int } == [2, 1])
            #expect(data(all)[1]["digest"] as? String == Self.digest)
            #expect((data(all)[1]["context"] as? [String: String])?["commit"] == "9fceb02")
            #expect((data(all)[1]["actor"] as? String)?.hasPrefix("ec_") == true)
            #expect(data(try await account.call(.get, "/v1/applies?owner=acme/test")).count == 1)
            let first = try await account.call(.get, "/v1/changes?limit=3")
            #expect(data(first).map { $0["kind"] as? String } == ["domain", "alias", "domain"])
            #expect(first.json["has_more"] as? Bool == true)
            let rest = try await account.call(.get, "/v1/changes?limit=3&cursor=\(first.string("next_cursor"))")
            #expect(data(rest).map { $0["kind"] as? String } == ["webhook"])
            #expect(rest.json["next_cursor"] is NSNull)
            #expect(!(all.text + first.text + rest.text).contains("canary"))
            for wrong in [
                "/v1/applies?page=1", "/v1/applies?digest=xyz", "/v1/applies?limit=0", "/v1/changes?kind=x", "/v1/changes?cursor=x",
            ] {
                #expect(try await account.call(.get, wrong).status == 400, "\(wrong)")
            }
        }
    }

    @Test("needs the scopes of what it shows")
    func scopes() async throws {
        try await Account.with { account in
            let key = try await account.call(.post, "/v1/api-keys", #"{"scopes":["aliases:read"]}"#).string("api_key")
            #expect(try await account.call(.get, "/v1/applies", key: key).status == 403)
            #expect(try await account.call(.get, "/v1/changes", key: key).status == 403)
            #expect(try await account.call(.get, "/v1/changes?kind=alias", key: key).status == 200)
        }
    }

    @Test("stands as long as nothing of it has changed, and again when it is as it was")
    func stands() async throws {
        try await Account.with { account in
            try await apply(account, seed)
            func moved() async throws -> [String] {
                data(try await account.call(.get, "/v1/applies?digest=\(Self.digest.prefix(16))")).first?["moved"] as? [String] ?? ["none"]
            }
            #expect(try await moved() == [])
            let edit = { (text: String) in
                try await account.batch(
                    [#"{"op":"update","kind":"alias","name":"x@a.example","set":{"description":"\#(text)"}}"#], owner: nil)
            }
            #expect(try await edit("by hand").status == 200)
            #expect(try await moved() == ["alias x@a.example"])
            #expect(try await edit("").status == 200)
            #expect(try await moved() == [])
            try await account.call(.post, "/v1/domains", #"{"name":"unrelated.example"}"#)
            #expect(try await moved() == [])
            _ = try await account.batch([#"{"op":"delete","kind":"alias","name":"x@a.example"}"#], owner: nil)
            #expect(try await moved() == ["alias x@a.example"])
        }
    }

    @Test("of a deletion stands until there is something of that name again")
    func deletion() async throws {
        try await Account.with { account in
            try await apply(account, seed, digest: nil)
            try await apply(account, [#"{"op":"delete","kind":"alias","name":"x@a.example"}"#])
            let path = "/v1/applies?digest=\(Self.digest)"
            #expect(data(try await account.call(.get, path)).first?["stands"] as? Bool == true)
            _ = try await account.batch([#"{"op":"create","kind":"alias","set":{"domain":"a.example","name":"x"}}"#], owner: nil)
            #expect(data(try await account.call(.get, path)).first?["moved"] as? [String] == ["alias x@a.example"])
        }
    }

    @Test("is kept in mind when somebody else changes it, until it is so again or its owner has applied")
    func drift() async throws {
        try await Account.with { account in
            try await apply(account, seed)
            func applied() async throws -> [String] {
                try await lines(account).filter { $0.contains("\"applied\"") }.compactMap {
                    $0.firstMatch(of: /"kind":"(\w+)"/).map { String($0.1) }
                }
            }
            #expect(try await applied() == [])
            let edit = { (fields: String) in
                try await account.batch([#"{"op":"update","kind":"alias","name":"x@a.example","set":{\#(fields)}}"#], owner: nil)
            }
            _ = try await edit(#""enabled":false"#)
            #expect(try await applied() == ["alias"])
            _ = try await edit(#""description":"y""#)
            _ = try await edit(#""enabled":true,"description":"""#)
            #expect(try await applied() == [], "it is as it was")
            _ = try await edit(#""webhook":null"#)
            #expect(try await applied() == ["alias"])
            try await apply(account, [#"{"op":"update","kind":"alias","name":"x@a.example","set":{"webhook":"hook"}}"#])
            #expect(try await applied() == [])
        }
    }

    @Test("is known to have changed when a secret was, which no digest tells; nothing but the owner's apply puts that right")
    func secrets() async throws {
        try await Account.with { account in
            try await apply(account, seed)
            func update(_ fields: String) async throws {
                let answer = try await account.batch(
                    [#"{"op":"update","kind":"webhook","name":"acme/test#hook","set":{\#(fields)}}"#], owner: nil)
                #expect(answer.status == 200, "\(answer.text)")
            }
            func drifted() async throws -> Bool { try await lines(account).contains { $0.contains("\"applied\"") } }
            try await update(#""secret_headers":{"Authorization":"evil"}"#)
            #expect(try await drifted())
            try await update(#""secret_headers":{"Authorization":"canary"}"#)
            #expect(try await drifted(), "nobody can tell")
            let found = try await account.call(.get, "/v1/applies?digest=\(Self.digest)")
            #expect(data(found).first?["moved"] as? [String] == ["webhook hook"])
            try await apply(account, [])
            #expect(try await !drifted())
        }
    }

    @Test("is missed when somebody else deletes or renames it, until its owner has applied")
    func lost() async throws {
        try await Account.with { account in
            try await apply(account, seed + [#"{"op":"create","kind":"alias","set":{"domain":"a.example","name":"y"}}"#])
            _ = try await account.batch(
                [
                    #"{"op":"delete","kind":"alias","name":"x@a.example"}"#,
                    #"{"op":"update","kind":"alias","name":"y@a.example","set":{"name":"z"}}"#,
                ], owner: nil)
            let lost = try await lines(account).filter { $0.hasPrefix(#"{"kind":"lost""#) }
            #expect(lost.count == 2)
            #expect(lost.contains { $0.contains(#""name":"x@a.example""#) } && lost.contains { $0.contains(#""name":"y@a.example""#) })
            #expect(try await lines(account).last?.contains("\"records\":6") == true, "the lines are counted")
            #expect(try await !account.call(.get, "/v1/state?kinds=domains").text.contains("lost"))
            let w = #"{"op":"create","kind":"alias","set":{"domain":"a.example","name":"w"}}"#
            try await apply(account, [#"{"op":"delete","kind":"alias","name":"z@a.example"}"#, w])
            #expect(try await lines(account).filter { $0.contains("\"lost\"") }.isEmpty)
            // What somebody did after the plan was made was not in it, and is not forgotten by its apply.
            _ = try await account.batch([#"{"op":"delete","kind":"alias","name":"w@a.example"}"#], owner: nil)
            let late = #"{"format":1,"owner":"acme/test","digest":"\#(Self.digest)","planned_at":1,"operations":[]}"#
            #expect(try await account.call(.post, "/v1/batch", late).status == 200)
            #expect(try await lines(account).filter { $0.contains("\"lost\"") }.count == 1)
            try await apply(account, [])
            #expect(try await lines(account).filter { $0.contains("\"lost\"") }.isEmpty)
            let domain = try #require(try await lines(account).first { $0.contains("\"kind\":\"domain\"") }?.firstMatch(of: /"id":"(\w+)"/))
                .1
            try await apply(account, [w])
            try await account.call(.delete, "/v1/domains/\(domain)?cascade=true")
            #expect(try await lines(account).filter { $0.contains("\"lost\"") }.count == 2, "a domain and what was below it")
        }
    }

    @Test("is left out of a state for who may not compare, or does not want to")
    func savedState() async throws {
        try await Account.with { account in
            try await apply(account, seed)
            let whole = try await account.call(.get, "/v1/state")
            let saved = try await account.call(.get, "/v1/state?compare=false")
            #expect(whole.text.contains("hmac") && !saved.text.contains("hmac"))
            #expect(whole.headers[.eTag] != saved.headers[.eTag])
            #expect(try await account.call(.get, "/v1/state?compare=x").status == 400)
        }
    }

    @Test("keeps a state's ETag while nothing moves, and changes it with whoever was here")
    func etag() async throws {
        try await Account.with { account in
            try await apply(account, seed)
            let first = try await account.call(.get, "/v1/state").headers[.eTag]
            account.clock.advance(seconds: 100)
            #expect(try await account.call(.get, "/v1/state").headers[.eTag] == first)
            _ = try await account.call(.post, "/v1/batch", #"{"format":1,"owner":"acme/test","sequence":3,"operations":[]}"#)
            #expect(try await account.call(.get, "/v1/state").headers[.eTag] != first)
        }
    }
}
