import EmailConnect
import HTTPTypes
import Testing
import TestSupport

@Suite("A batch")
struct BatchTests {
    /// A webhook, a domain and two aliases of `acme/test`.
    private func seed(_ account: Account) async throws {
        let answer = try await account.batch([
            #"{"op":"create","kind":"alias","set":{"domain":"a.example","name":"x","webhook":"hook"}}"#,
            #"{"op":"create","kind":"alias","set":{"domain":"a.example","name":"y"}}"#,
            #"{"op":"create","kind":"domain","set":{"name":"a.example","webhook":"hook"}}"#,
            #"{"op":"create","kind":"webhook","set":{"key":"hook","url":"https://a.example/"}}"#,
        ])
        #expect(answer.status == 200, "\(answer.text)")
    }

    private func names(_ account: Account, _ kind: String) async throws -> [String] {
        try await account.state().filter { $0.contains("\"kind\":\"\(kind)\"") }.compactMap { line in
            var reader = JSONReader(Array(line.utf8))
            var found: [String: String] = [:]
            try reader.object { json, name throws(Rejection) in
                if case .scalar(let scalar) = try json.node() { found[name] = scalar.text }
            }
            return kind == "alias" ? "\(found["name"] ?? "")@\(found["domain"] ?? "")" : found["name"]
        }
    }

    @Test("is a set: what points at what may come in any order")
    func anyOrder() async throws {
        try await Account.with { account in
            try await seed(account)
            #expect(try await names(account, "alias") == ["x@a.example", "y@a.example"])
        }
    }

    @Test("renames in chains and circles, and creates into names that it frees")
    func renames() async throws {
        try await Account.with { account in
            try await seed(account)
            let swap = try await account.batch([
                #"{"op":"update","kind":"alias","name":"x@a.example","set":{"name":"y"}}"#,
                #"{"op":"update","kind":"alias","name":"y@a.example","set":{"name":"x"}}"#,
            ])
            #expect(swap.status == 200, "\(swap.text)")
            let chain = try await account.batch([
                #"{"op":"create","kind":"alias","expect":"absent","set":{"domain":"a.example","name":"x"}}"#,
                #"{"op":"update","kind":"alias","name":"x@a.example","set":{"name":"y"}}"#,
                #"{"op":"update","kind":"alias","name":"y@a.example","set":{"name":"z"}}"#,
                #"{"op":"update","kind":"domain","name":"a.example","set":{"name":"b.example"}}"#,
                #"{"op":"create","kind":"domain","expect":"absent","set":{"name":"a.example"}}"#,
            ])
            // The names of a batch's operations are those before it, the names in set those after it.
            #expect(chain.status == 200, "\(chain.text)")
            #expect(try await names(account, "alias") == ["x@a.example", "y@b.example", "z@b.example"])
        }
    }

    @Test("deletes and creates the same name in one go")
    func replace() async throws {
        try await Account.with { account in
            try await seed(account)
            let answer = try await account.batch([
                #"{"op":"create","kind":"alias","expect":"absent","set":{"domain":"a.example","name":"x","description":"new"}}"#,
                #"{"op":"delete","kind":"alias","name":"x@a.example"}"#,
            ])
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.results.map { $0["status"] as? Int } == [201, 204])
        }
    }

    @Test("moves aliases out of a domain that it deletes")
    func moveOut() async throws {
        try await Account.with { account in
            try await seed(account)
            let answer = try await account.batch([
                #"{"op":"delete","kind":"domain","name":"a.example"}"#, #"{"op":"create","kind":"domain","set":{"name":"b.example"}}"#,
                #"{"op":"update","kind":"alias","name":"x@a.example","set":{"domain":"b.example"}}"#,
                #"{"op":"delete","kind":"alias","name":"y@a.example"}"#,
            ])
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try await names(account, "alias") == ["x@b.example"])
        }
    }

    @Test("is done as a whole or not at all, and names everything that is wrong")
    func atomic() async throws {
        try await Account.with { account in
            try await seed(account)
            let before = try await account.state()
            let answer = try await account.batch([
                #"{"op":"create","kind":"domain","set":{"name":"fine.example"}}"#,
                #"{"op":"update","kind":"alias","name":"x@a.example","expect":{"version":7},"set":{"enabled":false}}"#,
                #"{"op":"delete","kind":"alias","name":"gone@a.example","expect":{"version":1}}"#,
                #"{"op":"create","kind":"alias","expect":"absent","set":{"domain":"a.example","name":"y"}}"#,
            ])
            #expect(answer.status == 412)
            #expect(answer.codes == ["stale", "stale", "stale"])
            #expect(try await account.state() == before)
        }
    }

    @Test(
        "is refused when it breaks a rule",
        arguments: [
            ([#"{"op":"delete","kind":"webhook","name":"hook"}"#], "in_use"),
            ([#"{"op":"delete","kind":"domain","name":"a.example"}"#], "not_empty"),
            ([#"{"op":"delete","kind":"domain","name":"a.example","cascade":{"aliases":2,"digest":"00"}}"#], "stale"),
            ([#"{"op":"create","kind":"domain","set":{"name":"A.example"}}"#], "duplicate"),
            ([#"{"op":"update","kind":"alias","name":"x@a.example","set":{"name":"y"}}"#], "duplicate"),
            (
                [
                    #"{"op":"update","kind":"alias","name":"x@a.example","set":{"name":"a"}}"#,
                    #"{"op":"delete","kind":"alias","name":"x@a.example"}"#,
                ], "invalid"
            ),
            ([#"{"op":"update","kind":"alias","name":"none@a.example","set":{}}"#], "not_found"),
            ([#"{"op":"create","kind":"alias","set":{"domain":"a.example","name":"n","webhook":"none"}}"#], "invalid"),
            ([#"{"op":"create","kind":"webhook","set":{"url":"https://a.example/"}}"#], "invalid"),
            ([#"{"op":"create","kind":"api_key","set":{"key":"k","scopes":["aliases:read"]}}"#], "invalid"),
            ([#"{"op":"update","kind":"domain","name":"a.example","set":{"name":null}}"#], "invalid"),
            ([#"{"op":"update","kind":"webhook","name":"hook","set":{"key":null}}"#], "invalid"),
        ])
    func rules(operations: [String], code: String) async throws {
        try await Account.with { account in
            try await seed(account)
            let before = try await account.state()
            let answer = try await account.batch(operations)
            #expect(answer.code == code, "\(answer.text)")
            #expect(try await account.state() == before)
        }
    }

    @Test("takes along the aliases that it was shown, and no others")
    func cascade() async throws {
        try await Account.with { account in
            try await seed(account)
            let shown = try await account.state().filter { $0.contains("\"alias\"") }.map { line -> (id: String, version: Int) in
                (id: String(line.split(separator: "\"")[7]), version: 1)
            }
            let cascade = Cascade(aliases: shown)
            let operation = #"{"op":"delete","kind":"domain","name":"a.example","cascade":{"aliases":2,"digest":"\#(cascade.digest)"}}"#
            let late = try await account.call(.post, "/v1/aliases", #"{"domain":"a.example","name":"late"}"#).string("id")
            #expect(try await account.batch([operation]).code == "foreign_owner", "somebody else's alias came in between")
            try await account.call(.delete, "/v1/aliases/\(late)")
            #expect(try await account.batch([operation]).status == 200)
            #expect(try await names(account, "alias").isEmpty)
        }
    }

    @Test("touches nothing of another owner, nor what nobody manages")
    func ownership() async throws {
        try await Account.with { account in
            try await seed(account)
            for operation in [
                #"{"op":"update","kind":"domain","name":"a.example","set":{"description":"mine"}}"#,
                #"{"op":"delete","kind":"alias","name":"x@a.example"}"#,
                #"{"op":"update","kind":"webhook","name":"acme/test#hook","set":{"name":"n"}}"#,
            ] {
                #expect(try await account.batch([operation], owner: "other/test").code == "foreign_owner")
            }
            try await account.call(.post, "/v1/domains", #"{"name":"loose.example"}"#)
            #expect(try await account.batch([#"{"op":"delete","kind":"domain","name":"loose.example"}"#]).code == "foreign_owner")
            let taken = #"{"op":"update","kind":"alias","name":"x@a.example","take_over_from":"acme/test","set":{}}"#
            #expect(try await account.batch([taken], owner: "other/test").status == 200)
            #expect(try await account.state().contains { $0.contains("other/test") })
        }
    }

    @Test("cannot delete what is protected, whoever asks, nor lift and delete in one go")
    func protection() async throws {
        try await Account.with { account in
            try await seed(account)
            let protect = #"{"op":"update","kind":"domain","name":"a.example","set":{"protected":true}}"#
            #expect(try await account.batch([protect]).status == 200)
            let delete = #"{"op":"delete","kind":"domain","name":"a.example"}"#
            for owner in ["acme/test", nil] { #expect(try await account.batch([delete], owner: owner).code == "protected") }
            let lift = #"{"op":"update","kind":"domain","name":"a.example","set":{"protected":false}}"#
            #expect(try await account.batch([lift, #"{"op":"delete","kind":"alias","name":"x@a.example"}"#]).code == "protected")
            #expect(try await account.batch([lift]).status == 200)
            #expect(try await account.batch([#"{"op":"delete","kind":"alias","name":"x@a.example"}"#]).status == 200)
        }
    }

    @Test("that was done is answered again under its idempotency key, and done once")
    func idempotency() async throws {
        try await Account.with { account in
            let header = try #require(HTTPField.Name("Idempotency-Key"))
            let create = #"{"op":"create","kind":"domain","expect":"absent","set":{"name":"a.example"}}"#
            let first = try await account.batch([create], headers: [header: "k1"])
            let second = try await account.batch([create], headers: [header: "k1"])
            #expect(first.status == 200)
            #expect(second.text == first.text)
            #expect(try await account.batch([create], headers: [header: "k2"]).status == 412)
            let other = #"{"op":"create","kind":"domain","set":{"name":"b.example"}}"#
            #expect(try await account.batch([other], headers: [header: "k1"]).status == 422)
            #expect(try await names(account, "domain") == ["a.example"])
        }
    }

    @Test("brings a key's token, which counts as delivered once it is acknowledged")
    func acknowledge() async throws {
        try await Account.with { account in
            var generator = SeededGenerator(seed: 3)
            let token = Token(using: &generator)
            func set(_ token: Token) -> String { "\"token\":{\"prefix\":\"\(token.hash.prefix)\",\"sha256\":\"\(token.hash.sha256)\"}" }
            let made = try await account.batch([
                #"{"op":"create","kind":"api_key","set":{"key":"k","scopes":["aliases:read"],\#(set(token))}}"#
            ])
            let id = try #require(made.results.first?["id"] as? String)
            #expect(try await account.call(.get, "/v1/aliases", key: token.secret.reveal()).status == 200)
            #expect(try await account.call(.get, "/v1/api-keys/\(id)").string("token") == "undelivered")
            let body = "{\"prefix\":\"\(token.hash.prefix)\"}"
            for _ in 0..<2 { #expect(try await account.call(.post, "/v1/api-keys/\(id)/acknowledge", body).status == 204) }
            #expect(try await account.call(.get, "/v1/api-keys/\(id)").string("token") == "delivered")
            let next = Token(using: &generator)
            #expect(try await account.batch([#"{"op":"update","kind":"api_key","name":"k","set":{\#(set(next))}}"#]).status == 200)
            #expect(
                try await account.call(.get, "/v1/api-keys/\(id)").string("token") == "delivered", "the old one is, until the new one is")
            #expect(try await account.call(.post, "/v1/api-keys/\(id)/acknowledge", #"{"prefix":"ec_00000000"}"#).status == 404)
        }
    }
}

@Suite("What a review found")
struct RegressionTests {
    @Test("a key cannot get at another's scopes by giving it a new token, a longer life or wider addresses")
    func escalation() async throws {
        try await Account.with { account in
            let limited = try await account.call(.post, "/v1/api-keys", #"{"scopes":["api_keys"]}"#).string("api_key")
            let full = try await account.call(.post, "/v1/api-keys", #"{"scopes":["full"],"expires_after":"1d"}"#).string("id")
            var generator = SeededGenerator(seed: 5)
            let token = Token(using: &generator)
            let made = "\"token\":{\"prefix\":\"\(token.hash.prefix)\",\"sha256\":\"\(token.hash.sha256)\"}"
            let plain = "{\"operations\":[{\"action\":\"update\",\"data\":{\"id\":\"\(full)\",\(made)}}]}"
            #expect(try await account.call(.post, "/v1/api-keys/batch", plain, key: limited).status == 400)
            #expect(try await account.call(.post, "/v1/api-keys/batch", plain).status == 400, "not even by one that has every scope")
            for patch in [#"{"expires_after":null}"#, #"{"allowed_ips":[]}"#, #"{"expires_at":"2090-01-01"}"#] {
                #expect(try await account.call(.patch, "/v1/api-keys/\(full)", patch, key: limited).status == 403)
            }
        }
    }

    @Test("no change ends a key in use at once, and no day is read that does not exist")
    func instantEnd() async throws {
        try await Account.with { account in
            let id = try await account.call(.post, "/v1/api-keys", #"{"scopes":["full"],"expires_after":"90d"}"#).string("id")
            account.clock.advance(seconds: 3600)
            for patch in [#"{"expires_after":"1h"}"#, #"{"expires_at":"2001-01-01"}"#, #"{"expires_at":"2027-02-30"}"#] {
                #expect(try await account.call(.patch, "/v1/api-keys/\(id)", patch).status == 400)
            }
            #expect(try await account.call(.post, "/v1/api-keys", #"{"expires_at":"2001-01-01"}"#).status == 400)
        }
    }

    @Test("an alias keeps its name when it moves to another domain")
    func moveKeepsName() async throws {
        try await Account.with { account in
            for name in ["a", "b"] { try await account.call(.post, "/v1/domains", "{\"name\":\"\(name).example\"}") }
            let id = try await account.call(.post, "/v1/aliases", #"{"domain":"a.example","name":"x"}"#).string("id")
            #expect(try await account.call(.patch, "/v1/aliases/\(id)", #"{"domain":"b.example"}"#).string("address") == "x@b.example")
        }
    }

    @Test("PUT does not lift a protection, nor does a cascade reach a protected or a foreign alias")
    func protection() async throws {
        try await Account.with { account in
            let domain = try await account.call(.post, "/v1/domains", #"{"name":"a.example","protected":true}"#)
            let item = "/v1/domains/\(domain.string("id"))"
            #expect(try await account.call(.put, item, #"{"name":"a.example"}"#).json["protected"] as? Bool == true)
            try await account.call(.patch, item, #"{"protected":false}"#)
            let alias = try await account.call(.post, "/v1/aliases", #"{"domain":"a.example","name":"x","protected":true}"#).string("id")
            #expect(try await account.call(.delete, "\(item)?cascade=true").code == "protected")
            let cascade = Cascade(aliases: [(alias, 2)])
            let sneaky = [
                #"{"op":"update","kind":"alias","id":"\#(alias)","set":{"protected":false}}"#,
                #"{"op":"delete","kind":"domain","name":"a.example","cascade":{"aliases":1,"digest":"\#(cascade.digest)"}}"#,
            ]
            #expect(try await account.batch(sneaky, owner: nil).code == "protected")
            try await account.call(.patch, "/v1/aliases/\(alias)", #"{"protected":false}"#)
            _ = try await account.batch([#"{"op":"create","kind":"alias","set":{"domain":"a.example","name":"theirs"}}"#])
            #expect(try await account.call(.delete, "\(item)?cascade=true").code == "foreign_owner")
        }
    }

    @Test("a key without the scope neither deletes by cascade nor reads by writing")
    func scopeHoles() async throws {
        try await Account.with { account in
            let domain = try await account.call(.post, "/v1/domains", #"{"name":"a.example"}"#).string("id")
            try await account.call(.post, "/v1/aliases", #"{"domain":"a.example","name":"secretname"}"#)
            let writer = try await account.call(.post, "/v1/api-keys", #"{"scopes":["domains:write"]}"#).string("api_key")
            #expect(try await account.call(.delete, "/v1/domains/\(domain)?cascade=true", key: writer).code == "missing_scope")
            let refused = try await account.call(.delete, "/v1/domains/\(domain)", key: writer)
            #expect(refused.status == 403 && !refused.text.contains("secretname"))
            let patched = try await account.call(.patch, "/v1/domains/\(domain)", #"{"description":"d"}"#, key: writer)
            #expect(patched.status == 204 && patched.text.isEmpty)
        }
    }

    @Test("a batch may ask for a revision; one name twice in it is the batch's own fault")
    func batchDetails() async throws {
        try await Account.with { account in
            let create = #"{"op":"create","kind":"domain","expect":"absent","set":{"name":"a.example"}}"#
            let moved = try await account.batch([create], headers: [.ifMatch: "\"7\""])
            #expect(moved.status == 412)
            #expect(try await account.batch([create, create]).code == "invalid")
            #expect(try await account.batch([create], headers: [.ifMatch: "\"0\""]).status == 200)
            #expect(try await account.call(.post, "/v1/batch", #"{"format":1}"#).status == 400)
            #expect(try await account.call(.post, "/v1/aliases/batch", "{}").status == 400)
        }
    }

    @Test("two spellings of one character are two texts")
    func spelling() async throws {
        try await Account.with { account in
            let id = try await account.call(.post, "/v1/domains", "{\"name\":\"a.example\",\"description\":\"\u{E9}\"}").string("id")
            #expect(try await account.call(.patch, "/v1/domains/\(id)", "{\"description\":\"e\u{301}\"}").number("version") == 2)
        }
    }
}
