import EmailConnect
import HTTPTypes
import Testing
import TestSupport

@Suite("An owner")
struct OwnerTests {
    private func send(_ account: Account, _ members: String, _ operations: [String] = []) async throws -> Account.Answer {
        try await account.call(
            .post, "/v1/batch", "{\"format\":1,\(members),\"operations\":[\(operations.joined(separator: ","))]}")
    }

    private func line(_ account: Account, _ part: String) async throws -> String {
        try await account.call(.get, "/v1/state").text.split(separator: "\n").map(String.init).first { $0.contains(part) } ?? ""
    }

    private let hook = #"{"op":"create","kind":"webhook","set":{"key":"hook","url":"https://a.example/"}}"#
    private let domain = #"{"op":"create","kind":"domain","set":{"name":"a.example"}}"#

    @Test("adopts what nobody manages, says so, and only then")
    func adopt() async throws {
        try await Account.with { account in
            try await account.call(.post, "/v1/domains", #"{"name":"a.example"}"#)
            let silent = try await account.batch([#"{"op":"update","kind":"domain","name":"a.example","set":{"description":"x"}}"#])
            #expect(silent.codes == ["foreign_owner"])
            let plain = try await account.batch([#"{"op":"update","kind":"domain","name":"a.example","adopt":true,"set":{}}"#], owner: nil)
            #expect(plain.status == 400)
            let adopt = #"{"op":"update","kind":"domain","name":"a.example","adopt":true,"expect":{"version":1},"set":{"description":"x"}}"#
            #expect(try await account.batch([adopt]).status == 200)
            #expect(try await line(account, "a.example").contains(#""managed_by":"acme/test""#))
            #expect(
                try await account.batch([adopt.replacing("1}", with: "2}")], owner: "web/test").codes == ["stale"], "it has an owner now")
        }
    }

    @Test("takes over from whom it names, but nothing that is protected")
    func takeOver() async throws {
        try await Account.with { account in
            _ = try await account.batch([hook, domain])
            let id = try #require(try await line(account, "\"kind\":\"webhook\"").firstMatch(of: /"id":"(\w+)"/)).1
            let take = { (from: String) in
                #"{"op":"update","kind":"webhook","id":"\#(id)","take_over_from":"\#(from)","set":{"key":"mine"}}"#
            }
            #expect(try await account.batch([take("ops/test")], owner: "web/test").codes == ["stale"])
            #expect(try await account.batch([take("acme/test")], owner: "web/test").status == 200)
            #expect(try await line(account, "\"kind\":\"webhook\"").contains(#""managed_by":"web/test""#))
            _ = try await account.batch([#"{"op":"update","kind":"domain","name":"a.example","set":{"protected":true}}"#])
            let protected = #"{"op":"update","kind":"domain","name":"a.example","take_over_from":"acme/test","set":{}}"#
            #expect(try await account.batch([protected], owner: "web/test").codes == ["protected"])
        }
    }

    @Test("lets go what is its own, protected or not; a released webhook has no key any more")
    func release() async throws {
        try await Account.with { account in
            _ = try await account.batch([hook.replacing("\"url\"", with: "\"protected\":true,\"url\""), domain])
            let release = #"{"op":"update","kind":"webhook","name":"hook","release":true,"set":{}}"#
            #expect(try await account.batch([release], owner: "web/test").codes.first == "not_found")
            #expect(try await account.batch([release]).status == 200)
            let line = try await line(account, "\"kind\":\"webhook\"")
            #expect(line.contains(#""managed_by":null"#) && line.contains(#""key":null"#))
            let gone = #"{"op":"delete","kind":"domain","name":"a.example","release":true}"#
            #expect(try await account.batch([gone]).status == 400)
        }
    }

    @Test("gets a new name with everything that it manages, once, and the history says so")
    func relabel() async throws {
        try await Account.with { account in
            _ = try await account.batch([hook, domain])
            let moved = try await send(account, #""owner":"post/test","owner_moved_from":"acme/test""#)
            #expect(moved.status == 200)
            #expect(moved.number("revision") == 2)
            #expect(try await line(account, "a.example").contains(#""managed_by":"post/test""#))
            let again = try await send(account, #""owner":"post/test","owner_moved_from":"acme/test""#)
            #expect(again.number("revision") == 2, "it says nothing new")
            _ = try await account.batch([domain.replacing("a.example", with: "b.example")], owner: "acme/test")
            let both = try await send(account, #""owner":"post/test","owner_moved_from":"acme/test""#)
            #expect(both.code == "duplicate")
            #expect(try await account.call(.get, "/v1/changes?revision=2").text.contains(#""kind":"owner""#))
            #expect(try await send(account, #""owner_moved_from":"acme/test""#).status == 400, "a plain list has no owner")
        }
    }

    @Test("belongs to the repository that used it first")
    func repository() async throws {
        try await Account.with { account in
            func run(_ repository: String, _ more: String = "") async throws -> Account.Answer {
                try await send(account, #""owner":"acme/test","context":{"repository":"\#(repository)"}\#(more)"#)
            }
            #expect(try await run("acme/mail").status == 200)
            #expect(try await run("acme/mail").status == 200)
            let other = try await run("evil/mail")
            #expect(other.code == "other_repository" && other.status == 409)
            #expect(try await run("acme/post", #","repository_moved_from":"wrong""#).code == "other_repository")
            #expect(try await run("acme/post", #","repository_moved_from":"acme/mail""#).status == 200)
            #expect(try await run("acme/mail").code == "other_repository")
            #expect(try await account.batch([domain]).status == 200, "a laptop says nothing of a repository")
            #expect(try await account.call(.get, "/v1/state").text.contains(#"{"name":"acme/test","repository":"acme/post"}"#))
        }
    }

    @Test("does not let an older run come after a newer one, unless that is said")
    func sequence() async throws {
        try await Account.with { account in
            func run(_ sequence: Int, _ more: String = "", _ operations: [String] = []) async throws -> Account.Answer {
                try await send(account, #""owner":"acme/test","sequence":\#(sequence)\#(more)"#, operations)
            }
            #expect(try await run(10).status == 200)
            #expect(try await run(10).status == 200, "the same run again")
            let older = try await run(9, "", [domain])
            #expect(older.code == "older_run" && older.status == 409)
            #expect(try await line(account, "a.example").isEmpty, "nothing was written")
            #expect(try await run(9, #","allow_older":true"#, [domain]).status == 200)
            #expect(try await run(9).status == 200, "what was allowed is the latest now")
        }
    }

    @Test("is told which key to a token counts: a replay brings the first one's")
    func tokens() async throws {
        try await Account.with { account in
            func body(_ prefix: String) -> String {
                let token = #""token":{"prefix":"\#(prefix)","sha256":"\#(String(repeating: "a", count: 64))"}"#
                return #"{"op":"create","kind":"api_key","expect":"absent","set":{"key":"k","scopes":["domains:read"],\#(token)}}"#
            }
            let name = try #require(HTTPField.Name("Idempotency-Key"))
            let first = try await account.batch([body("ec_aaaaaaaa")], headers: [name: "one"])
            let second = try await account.batch([body("ec_bbbbbbbb")], headers: [name: "one"])
            #expect(first.results.map { $0["token"] as? String } == ["ec_aaaaaaaa"])
            #expect(second.text == first.text)
        }
    }

    @Test("cannot end, narrow or replace the key that it calls with")
    func ownKey() async throws {
        try await Account.with { account in
            let made = try await account.call(
                .post, "/v1/api-keys", #"{"name":"me","scopes":["domains","api_keys","aliases:read"],"expires_after":"90d"}"#)
            let item = "/v1/api-keys/\(made.string("id"))"
            let key = made.string("api_key")
            for change in [
                #"{"scopes":["domains","api_keys"]}"#, #"{"scopes":["domains:read","api_keys","aliases:read"]}"#,
                #"{"allowed_ips":["203.0.113.0/24"]}"#, #"{"expires_after":"30d"}"#, #"{"expires_after":"120d"}"#,
                #"{"expires_after":null}"#, #"{"expires_at":"2027-03-01"}"#,
            ] {
                let answer = try await account.call(.patch, item, change, key: key)
                #expect(answer.code == "own_key" && answer.status == 409, "\(change) \(answer.text)")
            }
            #expect(try await account.call(.delete, item, key: key).code == "own_key")
            for change in [
                #"{"description":"x"}"#, #"{"scopes":["domains","api_keys","aliases:read"]}"#, #"{"expires_after":"90d"}"#,
                #"{"allowed_ips":[]}"#,
            ] {
                #expect(try await account.call(.patch, item, change, key: key).status == 200, "\(change)")
            }
            #expect(try await account.call(.patch, item, #"{"scopes":["domains"]}"#).status == 200, "another key may")
        }
    }
}

extension OwnerTests {
    @Test("is not renamed, ordered or settled by who may write only a part of what it has")
    func partialKeys() async throws {
        try await Account.with { account in
            _ = try await account.batch([hook, domain])
            let key = try await account.call(.post, "/v1/api-keys", #"{"scopes":["aliases","domains:read","webhooks:read"]}"#).string(
                "api_key")
            func send(_ members: String) async throws -> Account.Answer {
                try await account.call(.post, "/v1/batch", "{\"format\":1,\(members),\"operations\":[]}", key: key)
            }
            #expect(try await send(#""owner":"evil/test","owner_moved_from":"acme/test""#).code == "missing_scope")
            #expect(try await send(#""owner":"acme/test","sequence":9223372036854775807"#).code == "missing_scope")
            #expect(try await send(#""owner":"acme/test","context":{"repository":"evil/mail"}"#).status == 200)
            #expect(
                try await account.call(.get, "/v1/state").text.contains(#"{"name":"acme/test","repository":null}"#), "it claims nothing")
            #expect(try await send(#""owner":"new/test","sequence":5"#).status == 200, "an owner without anything is nobody's yet")
        }
    }

    @Test("loses nothing when a PUT says the name that is there, and finds what is named so again")
    func names() async throws {
        try await Account.with { account in
            _ = try await account.batch([domain, #"{"op":"create","kind":"alias","set":{"domain":"a.example","name":"x"}}"#])
            func lost() async throws -> Int {
                try await account.call(.get, "/v1/state").text.split(separator: "\n").count { $0.contains("\"kind\":\"lost\"") }
            }
            func rename(_ from: String, _ to: String) async throws {
                let answer = try await account.batch(
                    [#"{"op":"update","kind":"alias","name":"\#(from)@a.example","set":{"name":"\#(to)","description":"\#(to)"}}"#],
                    owner: nil)
                #expect(answer.status == 200, "\(answer.text)")
            }
            try await rename("x", "x")
            #expect(try await lost() == 0)
            try await rename("x", "y")
            #expect(try await lost() == 1)
            try await rename("y", "x")
            #expect(try await lost() == 0)
        }
    }

    @Test("moves an alias out of a domain that a plain list deletes, and keeps its history readable")
    func moveAndDelete() async throws {
        try await Account.with { account in
            _ = try await account.batch([
                domain, domain.replacing("a.example", with: "b.example"),
                #"{"op":"create","kind":"alias","set":{"domain":"a.example","name":"x"}}"#,
            ])
            let answer = try await account.batch(
                [
                    #"{"op":"update","kind":"alias","name":"x@a.example","set":{"domain":"b.example"}}"#,
                    #"{"op":"delete","kind":"domain","name":"a.example"}"#,
                ], owner: nil)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try await !account.call(.get, "/v1/changes").text.contains("u0001"))
        }
    }
}
