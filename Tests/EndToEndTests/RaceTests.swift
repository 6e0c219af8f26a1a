import APIServer
import EmailConnect
import EmailConnectClient
import Reconciler
import Testing
import TestSupport

/// Many applies at once, against one server over HTTP: whatever order they come to, it is one after the other.
@Suite("Races")
struct RaceTests {
    /// How an apply ended.
    private enum Outcome: Sendable {
        case applied(Applied)
        case nothing
        case stale
        /// Refused for what the account is by then.
        case refused(Problem.Code)

        var applied: Applied? { if case .applied(let applied) = self { applied } else { nil } }
    }

    private static let runs = 1...16

    /// Waits until all have come.
    private actor Gate {
        private var missing: Int
        private var waiting: [CheckedContinuation<Void, Never>] = []

        init(_ count: Int) { missing = count }

        func pass() async {
            missing -= 1
            guard missing > 0 else {
                for continuation in waiting { continuation.resume() }
                waiting = []
                return
            }
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private static func plan(_ yaml: String, _ client: AccountClient, _ sink: TestSink, _ run: Run = Run()) async throws
        -> (planned: Pipeline.Planned, effects: Effects)
    {
        let effects = Effects.test(files: ["m.yaml": "version: 1\nenvironment: test\n\(yaml)"], sink: sink)
        let loaded = Pipeline.load("m.yaml", effects)
        let desired = try #require(loaded.desired, "\(loaded.diagnostics)")
        return (try await Pipeline.plan(desired, file: "m.yaml", run: run, from: client, effects), effects)
    }

    /// One apply, from the reading of the account to the delivery of its keys.
    private static func apply(_ yaml: String, _ client: AccountClient, _ sink: TestSink, _ run: Run = Run(), after gate: Gate? = nil)
        async throws -> Outcome
    {
        let (planned, effects) = try await plan(yaml, client, sink, run)
        await gate?.pass()
        do {
            let prepared = try Pipeline.prepare(planned, onLoopback: true, effects)
            guard prepared.isWorthSending else { return .nothing }
            return .applied(try await Pipeline.apply(prepared, planned, to: client, onLoopback: true, effects))
        } catch let refusal as ApplyRefusal {
            #expect(refusal.exit == .stale, "\(refusal)")
            return .stale
        } catch let failure as AccountFailure {
            guard case .refused(let problem) = failure.kind else { throw failure }
            return .refused(problem.code)
        }
    }

    /// Runs as many as there are numbers at once, each with a client of its own.
    private static func all(
        _ server: TestServer, together: Bool = true, _ yaml: @escaping @Sendable (Int) -> String,
        run: @escaping @Sendable (Int) -> Run = { _ in Run() }
    ) async throws -> [(outcome: Outcome, sink: TestSink)] {
        let gate = together ? Gate(runs.count) : nil
        return try await withThrowingTaskGroup(of: (Int, Outcome, TestSink).self) { group in
            for number in runs {
                group.addTask {
                    let sink = TestSink()
                    let outcome = try await AccountClient.with(server.endpoint) {
                        try await apply(yaml(number), $0, sink, run(number), after: gate)
                    }
                    return (number, outcome, sink)
                }
            }
            var found: [Int: (Outcome, TestSink)] = [:]
            for try await (number, outcome, sink) in group { found[number] = (outcome, sink) }
            return runs.compactMap { found[$0] }
        }
    }

    /// No update was lost: the revisions have no gap, and each change begins where the one before ended.
    private static func checkHistory(_ server: TestServer) async throws {
        let changes = try await server.changes().reversed()
        var latest: [String: [String: String]] = [:]
        var revision = 0
        for change in changes {
            #expect(change.revision == revision || change.revision == revision + 1, "revision \(change.revision) after \(revision)")
            revision = change.revision
            // What says that a token was delivered has no fields of the key.
            guard change.after?["acknowledged"] == nil else { continue }
            var (before, known) = (change.before, latest[change.id])
            before?["token"] = nil
            before?["tokens"] = nil
            known?["token"] = nil
            known?["tokens"] = nil
            #expect(before == known, "\(change)")
            latest[change.id] = change.after
        }
    }

    private static func state(_ server: TestServer) async throws -> AccountState {
        try await AccountClient.with(server.endpoint) { try await $0.state(of: Kind.allCases, seenBy: Viewer(nil)) }
    }

    @Test("sixteen applies of one manifest make one set of resources and deliver one token a key", arguments: [true, false])
    func same(together: Bool) async throws {
        let yaml = """
            manifest: same
            webhooks: { a: { url: https://a.example/ } }
            domains: { one.example: { aliases: { x: a, y: a } } }
            api_keys:
              k1: { scopes: [domains:read], deliver_to: { file: k1.key } }
              k2: { scopes: [aliases:read], deliver_to: { file: k2.key } }
            """
        try await TestServer.with(.keys) { server in
            let results = try await Self.all(server, together: together) { _ in yaml }
            let state = try await Self.state(server)
            let names = state.held.values.filter { $0.owner != nil }.map(\.title).sorted()
            #expect(
                names == ["alias:x@one.example", "alias:y@one.example", "api_key:k1", "api_key:k2", "domain:one.example", "webhook:a"])
            for (outcome, _) in results { if case .refused(let code) = outcome { Issue.record("refused: \(code)") } }
            for key in state.apiKeys where key.owner != nil {
                let name = try #require(key.value.key?.text)
                let live = state.tokens[key.id, default: []].filter { $0.graceUntil == nil }
                #expect(live.count == 1 && live.allSatisfy { $0.acknowledgedAt != nil }, "\(name): \(live)")
                let deliverers = results.filter { $0.outcome.applied?.delivered.contains("api key \(name) to file \(name).key") ?? false }
                #expect(!deliverers.isEmpty, "somebody delivered \(name)")
                let holders = deliverers.filter { result in
                    let token = result.sink["\(name).key"]?.reveal() ?? ""
                    return live.contains { token.contains($0.prefix) }
                }
                #expect(holders.count == 1, "one of those who delivered \(name) has the token that counts")
                if together { #expect(deliverers.count == 1, "only one says that it delivered \(name)") }
            }
            let rest = try await AccountClient.with(server.endpoint) { try await Self.plan(yaml, $0, TestSink()).planned }
            #expect(rest.plan.isEmpty)
            try await Self.checkHistory(server)
        }
    }

    private static func manifest(_ number: Int, owner: String = "one") -> String {
        """
        manifest: \(owner)
        webhooks: { a: { url: https://a.example/\(number) } }
        domains: { \(owner).example: { description: "\(number)", aliases: { x: { description: "\(number)", webhook: a }, n\(number): a } } }
        """
    }

    @Test("sixteen manifests of one owner come one after the other, and no update is lost", arguments: [true, false])
    func different(together: Bool) async throws {
        try await TestServer.with(.keys) { server in
            _ = try await AccountClient.with(server.endpoint) { try await Self.apply(Self.manifest(0), $0, TestSink()) }
            let results = try await Self.all(server, together: together) { Self.manifest($0) }
            for (outcome, _) in results { if case .refused(let code) = outcome { Issue.record("refused: \(code)") } }
            let applied = results.compactMap(\.outcome.applied?.revision)
            #expect(!applied.isEmpty && Set(applied).count == applied.count)
            if together { #expect(applied.count == 1, "all planned from one revision: only one of them still is what was approved") }
            let last = results.firstIndex { $0.outcome.applied?.revision == applied.max() }
            let winner = try #require(last) + 1
            try await AccountClient.with(server.endpoint) { client in
                for number in Self.runs {
                    let plan = try await Self.plan(Self.manifest(number), client, TestSink()).planned.plan
                    #expect(plan.isEmpty == (number == winner), "\(number), \(winner)")
                }
                let records = try await client.history(of: nil, limit: 100, after: nil).records
                #expect(records.map(\.revision) == Array((1...records.count).reversed()), "every revision is in the history once")
            }
            try await Self.checkHistory(server)
        }
    }

    @Test("sixteen owners do not get in each other's way")
    func owners() async throws {
        try await TestServer.with(.keys) { server in
            let results = try await Self.all(server) { Self.manifest($0, owner: "o\($0)") }
            #expect(results.compactMap(\.outcome.applied?.exit) == Self.runs.map { _ in .done })
            #expect(Set(results.compactMap(\.outcome.applied?.revision)) == Set(Self.runs))
            let state = try await Self.state(server)
            #expect(state.domains.count == 16 && state.aliases.count == 32 && state.webhooks.count == 16)
            try await Self.checkHistory(server)
        }
    }

    @Test("an older run never comes after a newer one", arguments: [true, false])
    func sequences(together: Bool) async throws {
        try await TestServer.with(.keys) { server in
            let results = try await Self.all(server, together: together, { Self.manifest($0) }, run: { Run(sequence: $0) })
            for (outcome, _) in results { if case .refused(let code) = outcome { #expect(code == .olderRun) } }
            try await AccountClient.with(server.endpoint) { client in
                let records = try await client.history(of: Owner("one/test"), limit: 100, after: nil).records
                let sequences = records.compactMap(\.sequence)
                #expect(sequences == sequences.sorted(by: >) && !sequences.isEmpty, "the latest first: \(sequences)")
                let last = try #require(sequences.first)
                let plan = try await Self.plan(Self.manifest(last), client, TestSink()).planned.plan
                #expect(plan.isEmpty, "the account is as run \(last) wants it")
            }
            try await Self.checkHistory(server)
        }
    }
}
