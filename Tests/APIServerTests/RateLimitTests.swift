@testable import APIServer
import EmailConnect
import HTTPTypes
import Testing
import TestSupport

@Suite("A rate limit")
struct RateLimitTests {
    private func quota(_ answer: Account.Answer) -> [String] {
        [.rateLimit, .rateRemaining].map { answer.headers[$0] ?? "" }
    }

    @Test("counts each request of an account and says so in every answer, errors included")
    func counts() async throws {
        try await Account.with(limiting: true) { account in
            #expect(quota(try await account.call(.get, "/v1/domains")) == ["1000", "999"])
            #expect(quota(try await account.call(.get, "/v1/domains/none")) == ["1000", "998"])
            #expect(quota(try await account.call(.post, "/v1/domains", "{")) == ["1000", "997"])
            let many = (0..<50).map { "{\"op\":\"create\",\"kind\":\"domain\",\"set\":{\"name\":\"d\($0).example\"}}" }
            let batch = try await account.batch(many)
            #expect(batch.status == 200 && quota(batch) == ["1000", "996"], "a batch counts once")
            #expect(batch.headers[.ratePolicy] == #""minute";q=100;w=60, "hour";q=1000;w=3600, "day";q=10000;w=86400"#)
            #expect(batch.headers[.rateDraft] == #""minute";r=96;t=60, "hour";r=996;t=3600, "day";r=9996;t=57600"#)
            #expect(batch.headers[.rateReset] == "1800003600")
            for open in ["/health", "/metrics", "/openapi.json"] { #expect(try await account.call(.get, open).headers[.rateLimit] == nil) }
            let root = try await account.call(.get, "/v1").json["rate_limits"] as? [[String: Any]]
            #expect(root?.compactMap { $0["remaining"] as? Int } == [95, 995, 9995])
        }
    }

    @Test("refuses what is over it with 429, the window that did, and when to come back")
    func refuses() async throws {
        try await Account.with(limiting: true) { account in
            for _ in 0..<100 { #expect(try await account.call(.get, "/v1").status == 200) }
            account.clock.advance(seconds: 10)
            let refused = try await account.call(.get, "/v1")
            #expect(refused.status == 429 && refused.code == "rate_limited", "\(refused.text)")
            #expect(quota(refused) == ["100", "0"])
            #expect(refused.headers[.rateReset] == "1800000060")
            #expect(refused.headers[.retryAfter] == "50")
            account.clock.advance(seconds: 50)
            let again = try await account.call(.get, "/v1")
            #expect(again.status == 200 && quota(again) == ["1000", "899"], "what was refused does not count")
            let server = try ServerAdministration(database: account.database)
            _ = try await server.setAccount("default", plan: nil, limits: ["hour": 103])
            await server.close()
            for _ in 0..<2 { #expect(try await account.call(.get, "/v1").status == 200) }
            let hour = try await account.call(.get, "/v1")
            #expect(hour.status == 429 && quota(hour) == ["103", "0"], "\(hour.text)")
            #expect(hour.headers[.retryAfter] == "3540")
        }
    }

    @Test("is the plan's or the account's own, and is kept over a restart")
    func plans() async throws {
        let scratch = try Scratch()
        try await Account.with(limiting: true, scratch: scratch) { account in
            let server = try ServerAdministration(database: account.database)
            _ = try await server.setAccount("default", plan: .pro, limits: [:])
            #expect(quota(try await account.call(.get, "/v1")) == ["2000", "1999"])
            _ = try await server.setAccount("default", plan: .enterprise, limits: ["hour": 7, "minute": 5])
            #expect(quota(try await account.call(.get, "/v1")) == ["7", "5"])
            for path in ["/v1", "/v1", "/v1/activity"] { #expect(try await account.call(.get, path).status == 200) }
            let key = account.key
            await server.close()
            // The first server has written its counts down; another one reads them.
            try await Account.with(limiting: true, scratch: scratch) { again in
                #expect(again.key.isEmpty, "the key is there already")
                let refused = try await again.call(.get, "/v1", key: key)
                #expect(refused.status == 429 && quota(refused) == ["5", "0"], "\(refused.text)")
            }
        }
    }

    @Test("counts who shows no valid key by address, so that keys cannot be guessed at leisure")
    func nobody() async throws {
        try await Account.with(limiting: true) { account in
            for number in 0..<100 {
                let answer = try await account.call(.get, number % 2 == 0 ? "/v1/domains" : "/nothing", key: "bad")
                #expect(answer.status == (number % 2 == 0 ? 401 : 404) && quota(answer) == ["1000", String(999 - number)])
            }
            let refused = try await account.call(.get, "/v1/domains", key: "bad")
            #expect(refused.status == 429 && refused.headers[.retryAfter] != nil)
            #expect(try await account.call(.get, "/v1/domains").status == 200, "who has a key is not locked out by it")
            let server = try ServerAdministration(database: account.database, clock: account.clock.clock)
            let link = try #require(try await server.makeLoginLink(nil)).reveal()
            await server.close()
            func enter() async throws -> Account.Answer {
                try await account.call(
                    .post, "/login", "link=\(link)", headers: [.contentType: "application/x-www-form-urlencoded", .authorization: "-"])
            }
            #expect(try await enter().status == 429)
            account.clock.advance(seconds: 60)
            let entered = try await enter()
            #expect(
                entered.status == 303 && entered.headers[.setCookie]?.contains("HttpOnly") == true, "the refusal did not use the link up")
            #expect(try await enter().status == 403, "once")
        }
    }

    @Test("takes a client's address from a proxy that is trusted, and from nobody else")
    func proxies() throws {
        func address(_ trusted: [String], peer: String, _ forwarded: String) throws -> String {
            let ranges = IPRanges(try trusted.map { try IPRange($0) })
            let bytes = Gate.address(peer: IPAddress.bytes(peer), forwarded: forwarded.isEmpty ? [] : [forwarded], trusting: ranges)
            return IPAddress.text(try #require(bytes))
        }
        #expect(try address([], peer: "10.0.0.1", "203.0.113.9") == "10.0.0.1", "nobody is trusted")
        #expect(try address(["10.0.0.0/8"], peer: "192.0.2.1", "203.0.113.9") == "192.0.2.1")
        #expect(try address(["10.0.0.0/8"], peer: "10.0.0.1", "203.0.113.9") == "203.0.113.9")
        #expect(
            try address(["10.0.0.0/8"], peer: "10.0.0.1", "198.51.100.1, 203.0.113.9, 10.0.0.2") == "203.0.113.9", "the last that is none")
        #expect(try address(["10.0.0.0/8"], peer: "10.0.0.1", "203.0.113.9:4711") == "203.0.113.9")
        #expect(try address(["10.0.0.0/8"], peer: "10.0.0.1", "") == "10.0.0.1")
        #expect(try address(["10.0.0.0/8"], peer: "::ffff:10.0.0.1", "::ffff:203.0.113.9") == "203.0.113.9")
    }

    @Test("does not begin anew for a clock that goes back, and forgets addresses when there are too many")
    func clocks() {
        let clock = SettableClock()
        let limiter = RateLimiter([:], clock: clock.clock)
        let limits = AccountLimits(.free)
        for _ in 0..<100 { #expect(limiter.admit(.account("a"), limits).refusal == nil) }
        clock.advance(seconds: -120)
        #expect(limiter.admit(.account("a"), limits).refusal != nil)
        for number in 0..<30_000 { _ = limiter.admit(.address([UInt8(number >> 8 & 255), UInt8(number & 255), 0, 0]), limits) }
        #expect(limiter.subjects <= 10_002)
        for number in 0..<100 {
            _ = limiter.admit(.address(Gate.network([0x20, 1, 0xD, 0xB8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, UInt8(number)])), limits)
        }
        #expect(
            limiter.admit(.address(Gate.network([0x20, 1, 0xD, 0xB8, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9])), limits).refusal != nil,
            "whoever has one address has its whole network")
        #expect(limiter.admit(.account("a"), limits).refusal != nil, "accounts are not forgotten")
    }
}
