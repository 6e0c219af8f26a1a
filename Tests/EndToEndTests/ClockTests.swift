import EmailConnect
import EmailConnectClient
import Reconciler
import Testing
import TestSupport

@Suite("A clock that jumps")
struct ClockTests {
    private static let head = "version: 1\nmanifest: clock\nenvironment: test\n"

    private func apply(_ yaml: String, _ client: AccountClient, sink: TestSink = TestSink()) async throws -> Applied? {
        let effects = Effects.test(files: ["m.yaml": Self.head + yaml], sink: sink)
        let desired = try #require(Pipeline.load("m.yaml", effects).desired)
        let planned = try await Pipeline.plan(desired, file: "m.yaml", from: client, effects)
        let prepared = try Pipeline.prepare(planned, onLoopback: true, effects)
        guard prepared.hasOperations else { return nil }
        return try await Pipeline.apply(prepared, planned, to: client, onLoopback: true, effects)
    }

    @Test("a year ahead or back between two applies loses nothing: they converge, and the history is whole", arguments: [-1, 1])
    func jumps(direction: Int) async throws {
        let clock = SettableClock()
        try await TestServer.with(clock: clock.clock) { server in
            try await AccountClient.with(server.endpoint) { client in
                for number in 0..<4 {
                    let yaml = "domains: { acme.example: { description: \"\(number)\", aliases: { a\(number): {} } } }\n"
                    #expect(try await apply(yaml, client)?.exit == .done)
                    #expect(try await apply(yaml, client) == nil, "the plan is empty")
                    // There and back again, each time farther: 500 days are beyond what the history keeps.
                    clock.advance(seconds: direction * (number % 2 == 0 ? 1 : -1) * 500 * 86_400)
                }
                let history = try await client.history(of: Owner("clock/test"), limit: 100, after: nil)
                #expect(history.records.map(\.revision) == [4, 3, 2, 1])
            }
        }
    }

    @Test("decides by itself when a key ends: the client's clock has no part in it")
    func keys() async throws {
        let clock = SettableClock()
        try await TestServer.with(clock: clock.clock) { server in
            try await AccountClient.with(server.endpoint) { client in
                let yaml = "api_keys: { k: { scopes: [domains:read, aliases:read], expires_after: 30d, deliver_to: { file: k } } }\n"
                let sink = TestSink()
                #expect(try await apply(yaml, client, sink: sink)?.delivered.count == 1)
                var endpoint = server.endpoint
                endpoint.key = sink["k"]
                clock.advance(seconds: -365 * 86_400)
                try await AccountClient.with(endpoint) { key in
                    let state = try await key.state(of: [.domain], seenBy: Viewer(nil))
                    #expect(state.domains.isEmpty, "not yet made, and yet valid")
                }
                clock.advance(seconds: 400 * 86_400)
                try await AccountClient.with(endpoint) { key in
                    let failure = await #expect(throws: AccountFailure.self) { _ = try await key.state(of: [.domain], seenBy: Viewer(nil)) }
                    #expect(failure?.problem.contains("has expired") == true)
                }
                #expect(try await apply(yaml, client) == nil, "what falls due is no change")
            }
        }
    }
}
