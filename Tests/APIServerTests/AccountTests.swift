@testable import APIServer
import EmailConnect
import HTTPTypes
import Testing
import TestSupport

@Suite("An account")
struct AccountTests {
    private func limit(_ account: Account, _ limits: [String: Int?]) async throws {
        let server = try ServerAdministration(database: account.database)
        #expect(try await server.setAccount("default", plan: nil, limits: limits) != nil)
        await server.close()
    }

    @Test("holds no more than it may, counts in the transaction, and still changes and deletes when the limit was lowered")
    func limits() async throws {
        try await Account.with { account in
            try await limit(account, ["domains": 2, "aliases": 3])
            for name in ["a", "b"] { #expect(try await account.call(.post, "/v1/domains", "{\"name\":\"\(name).example\"}").status == 201) }
            let third = try await account.call(.post, "/v1/domains", #"{"name":"c.example"}"#)
            #expect(third.status == 403 && third.code == "account_limit", "\(third.text)")
            #expect(third.string("detail") == "the account may have 2 domains; it has 2, and this makes 1 more")
            #expect(try await account.call(.get, "/v1/domains").number("total") == 2)
            let creates = ["w", "x", "y", "z"].map {
                "{\"op\":\"create\",\"kind\":\"alias\",\"set\":{\"domain\":\"a.example\",\"name\":\"\($0)\"}}"
            }
            #expect(try await account.batch(creates).code == "account_limit")
            #expect(try await account.call(.get, "/v1/aliases").number("total") == 0, "all or nothing")
            #expect(try await account.batch(Array(creates.prefix(3))).status == 200)
            let swap = creates[3...] + [#"{"op":"delete","kind":"alias","name":"w@a.example"}"#]
            #expect(try await account.batch(Array(swap)).status == 200, "only the final state counts")
            try await limit(account, ["aliases": 1])
            #expect(
                try await account.batch([#"{"op":"update","kind":"alias","name":"x@a.example","set":{"enabled":false}}"#]).status == 200)
            #expect(try await account.batch([#"{"op":"delete","kind":"alias","name":"x@a.example"}"#]).status == 200)
            #expect(try await account.batch([creates[0]]).code == "account_limit")
            try await limit(account, ["aliases": nil as Int?, "domains": nil as Int?])
            #expect(try await account.batch([creates[0]]).status == 200, "back to the plan's")
            let state = try await account.call(.get, "/v1/state").text
            #expect(state.contains(#""webhooks":10000,"domains":10000,"aliases":1000000,"api_keys":1000"#))
        }
    }

    @Test("knows how many of each kind it has, whatever made and deleted them")
    func counts() async throws {
        try await Account.with { account in
            func used() async throws -> [String: Int] {
                let limits = try await account.call(.get, "/v1").json["limits"] as? [String: [String: Any]]
                return (limits ?? [:]).mapValues { $0["used"] as? Int ?? -1 }
            }
            #expect(try await used() == ["domains": 0, "aliases": 0, "webhooks": 0, "api_keys": 1])
            let id = try await account.call(.post, "/v1/domains", #"{"name":"a.example"}"#).string("id")
            for name in ["x", "y"] { try await account.call(.post, "/v1/aliases", "{\"domain\":\"a.example\",\"name\":\"\(name)\"}") }
            try await account.call(.post, "/v1/webhooks", #"{"url":"https://a.example/"}"#)
            let key = try await account.call(.post, "/v1/api-keys", #"{"scopes":["aliases:read"]}"#).string("id")
            #expect(try await used() == ["domains": 1, "aliases": 2, "webhooks": 1, "api_keys": 2])
            #expect(try await account.call(.post, "/v1/domains", #"{"name":"a.example"}"#).status == 409)
            #expect(try await account.call(.post, "/v1/api-keys/\(key)/revoke").status == 200)
            #expect(try await account.call(.delete, "/v1/domains/\(id)?cascade=true").status == 204)
            #expect(try await used() == ["domains": 0, "aliases": 0, "webhooks": 1, "api_keys": 2], "a tombstone is still a key")
            #expect(try await account.call(.delete, "/v1/api-keys/\(key)").status == 204)
            #expect(try await used()["api_keys"] == 1)
        }
    }

    @Test("is made, named once, listed and limited while the server runs")
    func register() async throws {
        try await Account.with { account in
            let server = try ServerAdministration(database: account.database, clock: account.clock.clock)
            #expect(try await server.addAccount("default", plan: .free, limits: [:]) == nil)
            let second = try #require(try await server.addAccount("second", plan: .enterprise, limits: ["aliases": 5]))
            #expect(second.limits.resources == [.alias: 5] && second.limits.requests[.hour] == 2000)
            #expect(try await server.accounts().map(\.name).sorted() == ["default", "second"])
            #expect(try await server.setAccount("third", plan: .pro, limits: [:]) == nil)
            #expect(try await server.setAccount(second.id, plan: .pro, limits: [:])?.plan == .pro)
            let key = try #require(try await server.makeFirstKey(of: second.id))
            #expect(try await account.call(.get, "/v1", key: key.reveal()).string("account_id") == second.id)
            try await server.handOver(firstKey: key, of: second.id)
            #expect(try await server.makeFirstKey(of: second.id) == nil, "it has one")
            let id = try await account.call(.post, "/v1/api-keys", #"{"scopes":["api_keys"]}"#, key: key.reveal())
            let first = try #require(try await account.call(.get, "/v1/api-keys", key: key.reveal()).text.firstMatch(of: /key_\w+/)).0
            #expect(try await account.call(.delete, "/v1/api-keys/\(first)", key: id.string("api_key")).status == 204)
            #expect(try await server.makeFirstKey(of: second.id) == nil, "no other is made by itself, whatever became of it")
            let unused = try #require(try await server.addAccount("unused", plan: .free, limits: [:]))
            _ = try await server.makeFirstKey(of: unused.id)
            try await server.removeUnused(unused.id)
            #expect(try await server.addAccount("unused", plan: .free, limits: [:]) != nil, "nobody was given its key")
            await server.close()
        }
    }

    @Test("is copied while it is used; the copy is one file, whole, with an epoch of its own, and nobody is logged in there")
    func backup() async throws {
        let scratch = try Scratch()
        try await Account.with { account in
            for number in 0..<20 { try await account.call(.post, "/v1/domains", "{\"name\":\"d\(number).example\"}") }
            let server = try ServerAdministration(database: account.database)
            _ = try await server.makeLoginLink(nil)
            async let copied: Void = server.backUp(to: scratch.file("a.db"))
            for number in 20..<40 { try await account.call(.post, "/v1/domains", "{\"name\":\"d\(number).example\"}") }
            try await copied
            await server.close()
            #expect(scratch.names == ["a.db"])
            let (key, before) = (account.key, try await account.call(.get, "/v1/state").text)
            try await Account.with(scratch: scratch) { copy in
                let after = try await copy.call(.get, "/v1/state", key: key)
                #expect(after.status == 200, "its keys are the same")
                #expect((20...40).contains(after.text.split(separator: "\n").count { $0.contains(#""kind":"domain""#) }))
                let epoch = /"epoch":"(\w+)"/
                #expect(try #require(after.text.firstMatch(of: epoch)).1 != (try #require(before.firstMatch(of: epoch)).1))
            }
        }
    }
}
