@testable import APIServer
import EmailConnect
import Foundation
import HTTPTypes
import Testing
import TestSupport

@Suite("The use of keys")
struct ActivityTests {
    private func use(_ account: Account, _ id: String) async throws -> [String: Any] {
        let answer = try await account.call(.get, "/v1/activity?limit=100")
        #expect(answer.status == 200, "\(answer.text)")
        return (answer.json["data"] as? [[String: Any]] ?? []).first { $0["id"] as? String == id } ?? [:]
    }

    @Test("is counted for each token and scope, and moves no version, no revision and no ETag")
    func uses() async throws {
        try await Account.with { account in
            let made = try await account.call(.post, "/v1/api-keys", #"{"scopes":["aliases","domains:read"],"name":"k"}"#)
            let (id, key) = (made.string("id"), made.string("api_key"))
            #expect(try await use(account, id)["last_used_at"] is NSNull)
            let state = try await account.state()
            let etag = try #require(try await account.call(.get, "/v1/api-keys/\(id)").headers[.eTag])
            account.clock.advance(seconds: 100)
            for _ in 0..<3 { #expect(try await account.call(.get, "/v1/aliases", key: key).status == 200) }
            account.clock.advance(seconds: 100)
            #expect(try await account.call(.get, "/v1/webhooks", key: key).status == 403)
            let seen = try await use(account, id)
            #expect(seen["requests"] as? Int == 4 && seen["name"] as? String == "k")
            #expect(seen["last_used_at"] as? String == "2027-01-15T08:03:20Z" && seen["first_used_at"] as? String == "2027-01-15T08:01:40Z")
            #expect((seen["scopes"] as? [String: String]) == ["aliases:read": "2027-01-15T08:01:40Z"], "granted and never used shows")
            let tokens = seen["tokens"] as? [[String: Any]]
            #expect(tokens?.map { $0["prefix"] as? String } == [String(key.prefix(11))])
            #expect(try await account.state() == state)
            let item = try await account.call(.get, "/v1/api-keys/\(id)")
            #expect(
                item.headers[.eTag] == etag && item.string("last_used_at") == "2027-01-15T08:03:20Z" && item.string("status") == "active")
            let new = try await account.call(.post, "/v1/api-keys/\(id)/rotate").string("api_key")
            for key in [key, new] { #expect(try await account.call(.get, "/v1/domains", key: key).status == 200) }
            let both = try await use(account, id)
            #expect((both["tokens"] as? [[String: Any]])?.count == 2, "the old one is still in use")
            #expect(both["requests"] as? Int == 6)
            #expect(try await account.call(.get, "/v1/activity", key: key).code == "missing_scope")
        }
    }

    @Test("is kept when it cannot be written, and remembers the last 50 addresses")
    func gathers() async throws {
        let scratch = try Scratch()
        try await Account.with(scratch: scratch) { account in
            let id = try #require(try await account.call(.get, "/v1/api-keys").text.firstMatch(of: /key_\w+/)).0
            let store = try Store(path: account.database, random: .system)
            let limiter = RateLimiter([:], clock: account.clock.clock)
            let activity = Activity(store: store, limiter: limiter, clock: account.clock.clock)
            let caller = Caller(
                accountID: "a", keyID: String(id), tokenPrefix: "ec_aaaaaaaa", actor: "", scopes: .full, limits: AccountLimits(.free))
            for number in 0..<60 {
                account.clock.advance(seconds: 1)
                activity.note(caller, from: [192, 0, 2, UInt8(number)])
            }
            let gone = Caller(
                accountID: "a", keyID: "key_gone", tokenPrefix: "ec_bbbbbbbb", actor: "", scopes: .full, limits: AccountLimits(.free))
            activity.note(gone, from: nil)
            await activity.flush()
            let seen = try await use(account, String(id))
            let addresses = try #require(seen["addresses"] as? [String: String])
            #expect(addresses.count == 50 && addresses["192.0.2.59"] != nil && addresses["192.0.2.9"] == nil)
            #expect(seen["last_used_ip"] as? String == "192.0.2.59")
            await store.close()
            activity.note(caller, from: [192, 0, 2, 200])
            _ = limiter.admit(.account("a"), AccountLimits(.free))
            await activity.flush()
            #expect(activity.pending == 1, "what cannot be written is kept")
            #expect(limiter.takeChanges().keys.sorted() == ["a"], "and counts too")
        }
    }
}
