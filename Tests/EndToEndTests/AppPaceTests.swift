import EmailConnect
@testable import EmailConnectClient
import Reconciler
import Testing
import TestSupport

@Suite("The pace that an account sets")
struct AppPaceTests {
    private static func pace(_ headers: [String: String], at now: Int = 1000) async -> Pace {
        let pace = Pace()
        await pace.note(at: now) { headers[$0] }
        return pace
    }

    @Test("is the service's plan Free until an answer says something")
    func unknown() async {
        let estimate = await Pace().estimate(203, at: 1000)
        #expect(estimate.text == "203 calls, at 100 an hour: about 2 h 2 min")
        #expect(await Pace().pause(at: 1000) == nil)
    }

    @Test("is what X-RateLimit says: what is left is taken, then the count's beginning is waited for, once")
    func single() async {
        let headers = ["X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "40", "X-RateLimit-Reset": "3100"]
        let pace = await Self.pace(headers)
        #expect(await pace.pause(at: 1000) == nil)
        #expect(await pace.estimate(40, at: 1000).text == "40 calls, at 100 an hour: no wait")
        #expect(await pace.estimate(41, at: 1000).seconds == 2100)
        #expect(await pace.estimate(241, at: 1000).seconds == 2100 + 2 * 3600)
        let full = await Self.pace(headers.merging(["X-RateLimit-Remaining": "0"]) { $1 })
        #expect(await full.pause(at: 1000) == 2100)
        #expect(await full.pause(at: 1000) == nil, "the next answer says more")
        let late = await Self.pace(headers.merging(["X-RateLimit-Remaining": "0"]) { $1 }, at: 3100)
        #expect(await late.pause(at: 3100) == nil)
        // Near its end an hour looks like a minute, but for what was known before.
        await pace.note(at: 3090) { headers[$0] }
        #expect(await pace.estimate(141, at: 3090).window == 3600)
    }

    @Test("is the tightest of all windows, where each is told")
    func several() async {
        let pace = await Self.pace([
            "RateLimit-Policy": #""minute";q=100;w=60, "hour";q=1000;w=3600"#, "RateLimit": #""minute";r=90;t=30, "hour";r=100;t=1800"#,
            "X-RateLimit-Limit": "7",
        ])
        #expect(await pace.estimate(95, at: 1000).window == 60)
        #expect(await pace.estimate(101, at: 1000) == CallEstimate(calls: 101, limit: 1000, window: 3600, seconds: 1800))
    }

    @Test(
        "is not led astray by nonsense",
        arguments: ["", "-1", "99999999999999999999", "9223372036854775807", "ü", "0", "1e3", "; ;=,\",="])
    func nonsense(text: String) async {
        let names = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit-Policy", "RateLimit"]
        let pace = await Self.pace(Dictionary(uniqueKeysWithValues: names.map { ($0, text) }))
        #expect(await pace.pause(at: 1000) ?? 0 <= Pace.longest)
        #expect(await pace.estimate(100_000, at: 1000).seconds >= 0)
    }

    @Test(
        "what is no list, is cut off or would lead elsewhere is an error, not a shorter account",
        arguments: [
            (#"{"aliases":[],"total":5}"#, "has 0 of 5"), (#"{"data":[]}"#, "has no list of aliases"), ("<html>", "malformed JSON"),
            (#"{"aliases":[{"localPart":"x"}],"domains":[],"webhooks":[]}"#, "has no id"),
            (#"{"aliases":[{"id":"../api-keys"}],"domains":[],"webhooks":[]}"#, "no word"),
            (#"{"aliases":[{"id":"a","domainId":"gone"}],"domains":[],"webhooks":[]}"#, "changed while it was read"),
        ])
    func lists(body: String, problem: String) async throws {
        let answer =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        try await CannedServer.with(answering: answer) { port in
            let endpoint = Endpoint(.url(try Endpoint.url("http://127.0.0.1:\(port)/api")), key: Secret("k"))
            let quick = Pacing(limit: .zero, now: { .zero }, sleep: { _ in }, jitter: { 0 }, waiting: { _, _ in })
            let failure = await #expect(throws: AccountFailure.self) {
                try await AccountClient.with(endpoint, pacing: quick) { client in
                    let owner = try Owner("app/test")
                    let app = AppAccount(client, at: try #require(client.appEndpoint), store: AppShelf().store(owner)) { false }
                    return try await app.state(of: Kind.allCases, seenBy: owner)
                }
            }
            #expect(failure?.problem.contains(problem) == true, "\(String(describing: failure))")
        }
    }

    @Test("200 aliases are made within the time that was announced, however often the account says that it is enough")
    func announced() async throws {
        try await AppWorld.with(limitsRequests: true) { world in
            let aliases = (0..<198).map { "a\($0): {}" }.joined(separator: ", ")
            let yaml = """
                version: 1
                manifest: app
                environment: test
                webhooks: { a: { url: https://a.example/in } }
                domains: { one.example: { aliases: { \(aliases) } } }

                """
            let effects = Effects.test(files: ["m.yaml": yaml])
            try await world.with(try Owner("app/test")) { account in
                let planned = try await world.plan(yaml, by: account)
                let prepared = try Pipeline.prepare(planned, onLoopback: true, effects)
                let estimate = try #require(await Pipeline.estimate(prepared, for: account))
                #expect(estimate.calls == 203 && estimate.limit == 100 && estimate.window == 60)
                #expect(estimate.text == "203 calls, at 100 a minute: about 3 min")
                let start = world.clock.seconds
                let applied = try await Pipeline.apply(prepared, planned, to: account, onLoopback: true, effects)
                #expect(applied.exit == .done)
                #expect((60...estimate.seconds).contains(world.clock.seconds - start), "\(world.clock.seconds - start) s")
            }
        }
    }

    @Test("what is said of the time is what the service's plan Free comes to")
    func words() {
        #expect(CallEstimate(calls: 203, limit: 100, window: 3600, seconds: 7308).text == "203 calls, at 100 an hour: about 2 h 2 min")
        #expect(CallEstimate(calls: 1, limit: 100, window: 3600, seconds: 0).text == "1 call, at 100 an hour: no wait")
        #expect(CallEstimate(calls: 5000, limit: 100, window: 86_400, seconds: 7200).text == "5000 calls, at 100 a day: about 2 h")
    }
}
