import APIServer
import EmailConnect
import EmailConnectClient
import Reconciler
import Synchronization
import Testing
import TestSupport

/// One case at a time: each has a server, a proxy and a client with threads and sockets of their own.
@Suite("A hostile network", .serialized, .timeLimit(.minutes(2)))
struct HostileNetworkTests {
    /// The requests that a run makes.
    enum Request: CaseIterable, Sendable {
        case state
        case batch
        case acknowledge

        func matches(_ line: String) -> Bool {
            switch self {
            case .state: line.hasPrefix("GET /v1/state")
            case .batch: line.hasPrefix("POST /v1/batch ")
            case .acknowledge: line.hasPrefix("POST /v1/api-keys/") && line.contains("/acknowledge ")
            }
        }
    }

    private static let manifest = """
        version: 1
        manifest: hostile
        environment: test
        webhooks:
          a: { url: https://a.example/in, headers: { Authorization: { env: TOKEN, prefix: "Bearer " } } }
          b: { url: https://b.example/in }
        domains:
          one.example: { aliases: { x: a, y: b, z: a } }
        api_keys:
          k: { scopes: [domains:read], deliver_to: { file: k.key } }

        """

    /// What never lets a request through. A late answer and a doubled request do.
    private static let walls = HostileProxy.Fault.allCases.filter { ![.none, .delayAnswer, .duplicateRequest].contains($0) }

    @Test(
        "may do what it likes to one request: in the end the account is as the manifest wants it, and nothing was done twice",
        arguments: HostileProxy.Fault.allCases, Request.allCases)
    func once(fault: HostileProxy.Fault, request: Request) async throws {
        try await TestServer.with { server in
            let (script, time, sink) = (Script(fault, for: request, first: 1), VirtualTime(), TestSink())
            let before = try await revision(server)
            let problems = try await run(through: script, to: server, time, sink)
            #expect(script.count >= 1, "the fault happened at all")
            expectWords(problems + time.problems, time)
            // Something that is no API ends a run at once: nobody would want to wait for it.
            let mayFail = fault == .wrongPage || fault == .missing || fault == .garbage && request == .state
            #expect(problems.isEmpty || mayFail, "\(problems)")
            if problems.isEmpty {
                // One batch and one acknowledgement, each done once.
                #expect(try await revision(server) == before + 2)
            } else {
                #expect(try await run(server.endpoint, VirtualTime(), sink).isEmpty)
            }
            try await expectDone(server, sink)
        }
    }

    @Test(
        "that lets no such request through ends the run in words and in time, and the next run makes up for it",
        arguments: walls, Request.allCases)
    func always(fault: HostileProxy.Fault, request: Request) async throws {
        try await TestServer.with { server in
            let (script, time, sink) = (Script(fault, for: request, first: .max), VirtualTime(), TestSink())
            let problems = try await run(through: script, to: server, time, sink)
            #expect(problems.count == 1, "\(problems)")
            expectWords(problems + time.problems, time)
            #expect((1...25).contains(script.count), "\(script.count) tries")
            #expect(try await run(server.endpoint, VirtualTime(), sink).isEmpty)
            try await expectDone(server, sink)
        }
    }
}

// MARK: - The pipeline

extension HostileNetworkTests {
    private func plan(_ client: AccountClient, _ effects: Effects) async throws -> Pipeline.Planned {
        let loaded = Pipeline.load("m.yaml", effects)
        let desired = try #require(loaded.desired, "\(loaded.diagnostics)")
        return try await Pipeline.plan(desired, file: "m.yaml", from: client, effects)
    }

    private func apply(_ planned: Pipeline.Planned, _ client: AccountClient, _ effects: Effects) async throws -> Applied {
        let prepared = try Pipeline.prepare(planned, onLoopback: true, effects)
        return try await Pipeline.apply(prepared, planned, to: client, onLoopback: true, effects)
    }

    private func effects(_ sink: TestSink? = nil) -> Effects {
        Effects.test(files: ["m.yaml": Self.manifest], environment: ["TOKEN": "canary"], sink: sink)
    }

    /// Plans and applies.
    /// - Returns: what went wrong: an `AccountFailure`, or a key whose delivery was not acknowledged. Any other error is
    ///   one that no user should see, and fails the test.
    private func run(_ endpoint: Endpoint, _ time: VirtualTime, _ sink: TestSink) async throws -> [String] {
        do {
            return try await AccountClient.with(endpoint, pacing: time.pacing) { client in
                let planned = try await plan(client, effects(sink))
                guard !planned.plan.isEmpty else { return [] }
                return try await apply(planned, client, effects(sink)).undelivered.map(\.problem)
            }
        } catch let failure as AccountFailure { return [failure.problem] }
    }

    private func run(through script: Script, to server: TestServer, _ time: VirtualTime, _ sink: TestSink) async throws -> [String] {
        try await HostileProxy.with(to: server.port, faults: { _, line in script.fault(for: line) }) { port in
            var endpoint = server.endpoint
            endpoint.transport = .url(try Endpoint.url("http://127.0.0.1:\(port)/v1"))
            return try await run(endpoint, time, sink)
        }
    }

    /// The account as it is, without the proxy.
    private func state(_ server: TestServer) async throws -> AccountState {
        try await AccountClient.with(server.endpoint) { try await $0.state(of: Kind.allCases, seenBy: Owner("hostile/test")) }
    }

    private func revision(_ server: TestServer) async throws -> Int { try await state(server).header.revision }
}

// MARK: - What has to hold

extension HostileNetworkTests {
    /// One line each, without an error's Swift text, without the secret; and no longer wait than a person would have.
    private func expectWords(_ problems: [String], _ time: VirtualTime) {
        for problem in problems {
            #expect(!problem.isEmpty && !problem.contains(where: \.isNewline), "\(problem)")
            for raw in ["NIO", "HTTPClientError", "HTTPParserError", "IOError", "errno", "Error Domain", "Optional(", "canary"] {
                #expect(!problem.contains(raw), "\(problem)")
            }
        }
        #expect(time.now <= .seconds(60))
    }

    /// Exactly what the manifest states, each written once, and a key that works.
    private func expectDone(_ server: TestServer, _ sink: TestSink) async throws {
        let fresh = try await AccountClient.with(server.endpoint) { try await plan($0, effects()) }
        #expect(fresh.plan.isEmpty, "\(PlanText(.plain).render(fresh.plan, server: "s"))")
        #expect(fresh.plan.conflicts.isEmpty)

        let state = try await state(server)
        #expect(state.webhooks.compactMap { $0.value.key?.text }.sorted() == ["a", "b"])
        #expect(state.domains.compactMap { $0.value.name?.text } == ["one.example"])
        #expect(state.aliases.compactMap { $0.value.name?.text }.sorted() == ["x", "y", "z"])
        let versions = state.webhooks.map(\.version) + state.domains.map(\.version) + state.aliases.map(\.version)
        #expect(versions == [1, 1, 1, 1, 1, 1])

        let owner = try Owner("hostile/test")
        let keys = state.apiKeys.filter { $0.owner == owner }
        #expect(keys.map { $0.value.key?.text } == ["k"])
        #expect(keys.map(\.value.token) == [.delivered])
        #expect(keys.map { state.tokens[$0.id]?.count { $0.graceUntil == nil } } == [1], "no token is left over from a try")
        let end = state.header.time + APIKey.defaultGrace
        #expect(state.tokens.values.joined().allSatisfy { $0.graceUntil.map { $0 <= end } ?? true }, "what a try left ends with the grace")
        // What reached the sink is what the account knows, however often it was tried.
        let key = try #require(sink["k.key"])
        var endpoint = server.endpoint
        endpoint.key = key
        let seen = try await AccountClient.with(endpoint) { try await $0.state(of: [.domain], seenBy: owner) }
        #expect(seen.domains.count == 1)
    }
}

/// Gives the first requests of one kind a fault, and lets all others pass.
private final class Script: Sendable {
    private let fault: HostileProxy.Fault
    private let request: HostileNetworkTests.Request
    private let first: Int
    private let matched = Mutex(0)

    init(_ fault: HostileProxy.Fault, for request: HostileNetworkTests.Request, first: Int) {
        self.fault = fault
        self.request = request
        self.first = first
    }

    /// How many requests of the kind there were.
    var count: Int { matched.withLock { $0 } }

    func fault(for line: String) -> HostileProxy.Fault {
        guard request.matches(line) else { return .none }
        let number = matched.withLock { matched in
            matched += 1
            return matched
        }
        return number <= first ? fault : .none
    }
}

/// A clock that moves only while somebody waits, so that a minute of waiting takes no time.
private final class VirtualTime: Sendable {
    private let state = Mutex<(now: Duration, problems: [String])>((.zero, []))

    /// The time spent waiting.
    var now: Duration { state.withLock { $0.now } }
    /// What was waited for, in words.
    var problems: [String] { state.withLock { $0.problems } }

    var pacing: Pacing {
        Pacing(
            now: { self.now },
            sleep: { pause in
                try Task.checkCancellation()
                self.state.withLock { $0.now += pause }
            },
            jitter: { 0.5 },
            waiting: { problem, _ in self.state.withLock { $0.problems.append(problem) } })
    }
}
