import EmailConnect
import HTTPTypes
import Testing
import TestSupport

@Suite("An API key")
struct KeyTests {
    private func make(_ account: Account, _ body: String, key: String? = nil) async throws -> (id: String, key: String) {
        let made = try await account.call(.post, "/v1/api-keys", body, key: key)
        #expect(made.status == 201, "\(made.text)")
        return (made.string("id"), made.string("api_key"))
    }

    @Test("gets another token, shown once; the old one stays valid for its grace and not a second longer")
    func rotates() async throws {
        try await Account.with { account in
            let (id, old) = try await make(account, #"{"scopes":["domains:read"],"grace":"12h"}"#)
            let rotated = try await account.call(.post, "/v1/api-keys/\(id)/rotate")
            #expect(rotated.status == 200, "\(rotated.text)")
            let new = rotated.string("api_key")
            #expect(new.hasPrefix("ec_") && new != old)
            #expect(try await !account.call(.get, "/v1/api-keys/\(id)").text.contains(new), "shown once")
            func works(_ key: String) async throws -> Bool { try await account.call(.get, "/v1/domains", key: key).status == 200 }
            #expect(try await works(old))
            #expect(try await works(new))
            account.clock.advance(seconds: 12 * 3600 - 1)
            #expect(try await works(old))
            account.clock.advance(seconds: 1)
            #expect(try await !works(old))
            #expect(try await works(new))
            let again = try await account.call(.post, "/v1/api-keys/\(id)/rotate", #"{"grace":"1s"}"#).string("api_key")
            account.clock.advance(seconds: 1)
            #expect(try await !works(new))
            #expect(try await works(again))
            let last = try await account.call(.post, "/v1/api-keys/\(id)/rotate", #"{"grace":"0s"}"#).string("api_key")
            #expect(try await !works(again), "one that leaked ends at once")
            #expect(try await works(last))
            #expect(try await account.call(.patch, "/v1/api-keys/\(id)", #"{"grace":"0s"}"#).status == 400)
            #expect(try await account.call(.post, "/v1/api-keys/\(id)/rotate", #"{"x":1}"#).status == 400)
            #expect(try await account.call(.post, "/v1/api-keys/key_none/rotate").status == 404)
            let history = try await account.call(.get, "/v1/changes?kind=api_key&id=\(id)").text
            #expect(history.contains("rotated") && !history.contains(new))
        }
    }

    @Test("is revoked at once, with every token, and stays as a tombstone that cannot be rotated")
    func revokes() async throws {
        try await Account.with { account in
            let (id, key) = try await make(account, #"{"scopes":["domains:read"]}"#)
            let other = try await account.call(.post, "/v1/api-keys/\(id)/rotate").string("api_key")
            let revoked = try await account.call(.post, "/v1/api-keys/\(id)/revoke")
            #expect(revoked.status == 200 && revoked.text.contains(#""revoked_at":"20"#), "\(revoked.text)")
            for token in [key, other] {
                let answer = try await account.call(.get, "/v1/domains", key: token)
                #expect(answer.status == 401 && answer.string("detail").contains("revoked"))
            }
            #expect(try await account.call(.post, "/v1/api-keys/\(id)/revoke").status == 200, "twice is once")
            #expect(try await account.call(.post, "/v1/api-keys/\(id)/rotate").code == "revoked")
            #expect(try await account.call(.get, "/v1/state").text.contains(#""revoked_at":"20"#))
            let (kept, _) = try await make(account, #"{"scopes":["domains:read"],"protected":true}"#)
            #expect(try await account.call(.post, "/v1/api-keys/\(kept)/revoke").code == "protected")
        }
    }

    @Test("is no way to what its holder lacks: not by its scopes, its ceiling, its owner, nor for whom it acts")
    func control() async throws {
        try await Account.with { account in
            let (_, low) = try await make(account, #"{"scopes":["api_keys","api_keys:grant"]}"#)
            let (ceiling, _) = try await make(account, #"{"scopes":["api_keys","api_keys:grant"],"grants":["full"]}"#)
            let rotated = try await account.call(.post, "/v1/api-keys/\(ceiling)/rotate", key: low)
            #expect(rotated.status == 403 && !rotated.text.contains("ec_"), "\(rotated.text)")
            for body in [#"{"allowed_ips":["10.0.0.0/8"]}"#, #"{"expires_after":"90d"}"#] {
                #expect(try await account.call(.patch, "/v1/api-keys/\(ceiling)", body, key: low).status == 403, "\(body)")
            }
            // One that acts for a single owner, and keys that act for any.
            let (_, bound) = try await make(account, #"{"scopes":["full"],"bound_to":"acme/test"}"#)
            let token = #"{"prefix":"ec_AAAAAAAA","sha256":"\#(String(repeating: "0", count: 64))"}"#
            let made = try await account.batch([
                #"{"op":"create","kind":"api_key","set":{"key":"ci","scopes":["full"],"token":\#(token)}}"#
            ])
            let ci = try #require(made.results.first?["id"] as? String)
            #expect(
                try await account.call(.post, "/v1/api-keys/\(ci)/rotate", key: bound).code == "bound_key",
                "it is managed by the same owner")
            let other = token.replacing("AAAAAAAA", with: "BBBBBBBB")
            let taken = try await account.batch([#"{"op":"update","kind":"api_key","id":"\#(ci)","set":{"token":\#(other)}}"#], key: bound)
            #expect(taken.codes == ["bound_key"], "\(taken.text)")
            for set in [#"{"key":"x"}"#, #"{"key":"x","token":\#(other)}"#] {
                let adopted = try await account.batch(
                    [#"{"op":"update","kind":"api_key","id":"\#(ceiling)","adopt":true,"set":\#(set)}"#], key: bound)
                #expect(adopted.codes == ["bound_key"], "\(adopted.text)")
            }
            let (mine, own) = try await make(account, #"{"scopes":["full"],"expires_after":"90d"}"#)
            for body in [
                #"{"expires_after":null}"#, #"{"expires_after":"91d"}"#, #"{"expires_at":"2099-01-01"}"#,
                #"{"allowed_ips":["10.0.0.0/8"]}"#,
            ] {
                #expect(try await account.call(.patch, "/v1/api-keys/\(mine)", body, key: own).code == "own_key", "\(body)")
            }
            #expect(
                try await account.call(.patch, "/v1/api-keys/\(mine)", #"{"expires_after":"90d","description":"x"}"#, key: own).status
                    == 200)
        }
    }

    @Test("does not bind itself: it could never take it back")
    func bindsItself() async throws {
        try await Account.with { account in
            let id = try #require(try await account.call(.get, "/v1/api-keys").text.firstMatch(of: /key_\w+/)).0
            let bound = try await account.call(.patch, "/v1/api-keys/\(id)", #"{"bound_to":"web/production"}"#)
            #expect(bound.code == "own_key", "\(bound.text)")
            #expect(try await account.call(.patch, "/v1/api-keys/\(id)", #"{"bound_to":null}"#).status == 200)
            #expect(try await account.call(.post, "/v1/domains", #"{"name":"a.example"}"#).status == 201)
        }
    }

    @Test("neither revokes nor rotates itself, and rotates no key that may more than it may")
    func own() async throws {
        try await Account.with { account in
            let (id, key) = try await make(account, #"{"scopes":["api_keys","domains:read"]}"#)
            for verb in ["revoke", "rotate"] {
                #expect(try await account.call(.post, "/v1/api-keys/\(id)/\(verb)", key: key).code == "own_key")
            }
            let (more, _) = try await make(account, #"{"scopes":["aliases"]}"#)
            #expect(try await account.call(.post, "/v1/api-keys/\(more)/rotate", key: key).status == 403)
            let (reader, readOnly) = try await make(account, #"{"scopes":["api_keys:read"]}"#)
            #expect(try await account.call(.post, "/v1/api-keys/\(reader)/revoke", key: readOnly).status == 403)
        }
    }

    @Test("grants with api_keys:grant up to its ceiling, and no ceiling higher than that")
    func ceiling() async throws {
        try await Account.with { account in
            let (_, key) = try await make(
                account, #"{"scopes":["api_keys","api_keys:grant"],"grants":["aliases:read","domains:read"]}"#)
            func status(_ body: String) async throws -> Int { try await account.call(.post, "/v1/api-keys", body, key: key).status }
            #expect(try await status(#"{"scopes":["aliases:read"]}"#) == 201)
            #expect(try await status(#"{"scopes":["aliases:write"]}"#) == 403)
            #expect(try await status(#"{"scopes":["full"]}"#) == 403)
            #expect(try await status("{}") == 403, "full is the default of a plain call")
            #expect(try await status(#"{"scopes":["api_keys:grant"],"grants":["aliases:read"]}"#) == 201)
            #expect(try await status(#"{"scopes":["api_keys:grant"],"grants":["webhooks:read"]}"#) == 403)
            let (_, without) = try await make(account, #"{"scopes":["api_keys"],"grants":["aliases:read"]}"#)
            #expect(try await account.call(.post, "/v1/api-keys", #"{"scopes":["aliases:read"]}"#, key: without).status == 403)
        }
    }

    @Test("makes itself last no longer: neither by its grace, nor by its rotation, nor by being protected")
    func lasting() async throws {
        try await Account.with { account in
            let (id, key) = try await make(account, #"{"scopes":["api_keys"],"grace":"1h"}"#)
            for body in [#"{"grace":"100d"}"#, #"{"protected":true}"#, #"{"rotate_every":"900d"}"#] {
                let answer = try await account.call(.patch, "/v1/api-keys/\(id)", body, key: key)
                #expect(answer.status == 409 && answer.code == "own_key", "\(body) \(answer.text)")
            }
            #expect(try await account.call(.patch, "/v1/api-keys/\(id)", #"{"grace":"1h","protected":false}"#, key: key).status == 200)
            let (wide, _) = try await make(account, #"{"scopes":["domains"]}"#)
            #expect(try await account.call(.patch, "/v1/api-keys/\(wide)", #"{"grace":"100d"}"#, key: key).status == 403)
        }
    }

    @Test("that was revoked is not brought back by a token that comes late")
    func late() async throws {
        try await Account.with { account in
            var generator = SeededGenerator(seed: 9)
            func batch(_ operation: String, _ more: String = "") async throws -> Int {
                try await account.call(.post, "/v1/batch", "{\"format\":1,\"owner\":\"a/b\"\(more),\"operations\":[\(operation)]}").status
            }
            func token() -> String {
                let hash = Token(using: &generator).hash
                return "\"token\":{\"prefix\":\"\(hash.prefix)\",\"sha256\":\"\(hash.sha256)\"}"
            }
            let create =
                "{\"op\":\"create\",\"kind\":\"api_key\",\"expect\":\"absent\",\"set\":{\"key\":\"k\",\"scopes\":[\"domains:read\"],\(token())}}"
            #expect(try await batch(create) == 200)
            let keys = try await account.call(.get, "/v1/api-keys").text
            let id = try #require(keys.firstMatch(of: /"id":"(key_[A-Za-z0-9]+)"[^}]*"key":"k"|"key":"k"/)).1.map(String.init) ?? ""
            func update() -> String { "{\"op\":\"update\",\"kind\":\"api_key\",\"name\":\"k\",\"set\":{\(token())}}" }
            #expect(try await batch(update()) == 200, "a run that delivers makes another")
            let state = try await account.call(.get, "/v1/state").text
            let key = try #require(
                state.firstMatch(of: /"id":"(key_[A-Za-z0-9]+)"[^\n]*"key":"k"/)?.1
                    ?? state.firstMatch(of: /"kind":"api_key","id":"(key_[A-Za-z0-9]+)"/)?.1)
            #expect(id.isEmpty || id == key)
            #expect(try await account.call(.post, "/v1/api-keys/\(key)/revoke").status == 200)
            #expect(try await batch(update()) == 409)
            #expect(try await batch(update(), ",\"digest\":\"\(String(repeating: "a", count: 64))\"") == 200, "a plan that knows it may")
        }
    }

    @Test("bound to an owner acts for that one only, whichever way it tries")
    func bound() async throws {
        try await Account.with { account in
            let (id, key) = try await make(
                account, #"{"scopes":["domains","aliases","webhooks","api_keys"],"bound_to":"acme/staging"}"#)
            #expect(try await account.call(.get, "/v1/api-keys/\(id)").string("bound_to") == "acme/staging")
            let create = { (name: String) in #"{"op":"create","kind":"domain","set":{"name":"\#(name)"}}"# }
            _ = try await account.batch([create("prod.example")], owner: "acme/production")
            #expect(try await account.batch([create("a.example")], owner: "acme/production", key: key).code == "bound_key")
            #expect(try await account.batch([create("a.example")], owner: "acme/staging", key: key).status == 200)
            #expect(try await account.call(.post, "/v1/domains", #"{"name":"b.example"}"#, key: key).status == 403)
            let domains = try await account.call(.get, "/v1/domains").json["data"] as? [[String: Any]] ?? []
            let ids = Dictionary(uniqueKeysWithValues: domains.map { ($0["name"] as? String ?? "", $0["id"] as? String ?? "") })
            for (name, status) in [("prod.example", 403), ("a.example", 200)] {
                let path = "/v1/domains/\(ids[name] ?? "")"
                #expect(try await account.call(.patch, path, #"{"description":"x"}"#, key: key).status == status, "\(name)")
            }
            #expect(try await account.call(.delete, "/v1/domains/\(ids["prod.example"] ?? "")", key: key).status == 403)
            let take = #"{"op":"update","kind":"domain","name":"prod.example","take_over_from":"acme/production","set":{}}"#
            #expect(
                try await account.batch([take], owner: "acme/staging", key: key).status == 403, "taking over is acting for the other one")
            let token = #""token":{"prefix":"ec_aaaaaaaa","sha256":"\#(String(repeating: "a", count: 64))"}"#
            for (bound, status) in [(#","bound_to":"acme/staging""#, 200), ("", 403), (#","bound_to":"acme/production""#, 403)] {
                let made = #"{"op":"create","kind":"api_key","set":{"key":"k","scopes":["domains:read"],\#(token)\#(bound)}}"#
                #expect(try await account.batch([made], owner: "acme/staging", key: key).status == status, "\(bound)")
            }
        }
    }
}
