import APIServer
public import EmailConnect
public import EmailConnectClient
public import Reconciler
import Synchronization

/// A server that seems to have nothing but `/api`, the network before it, and the machine that manages an account there.
public struct AppWorld: Sendable {
    /// The server.
    public let server: TestServer
    /// What is between it and the runs.
    public let network: AppNetwork
    /// The inventories.
    public let shelf: AppShelf
    /// The clock of both sides; waiting moves it.
    public let clock: SettableClock
    /// The port that runs call.
    public let port: Int

    /// Runs it as long as `body` does.
    public static func with<T: Sendable>(limitsRequests: Bool = false, _ body: (AppWorld) async throws -> T) async throws -> T {
        let (clock, shelf) = (SettableClock(), AppShelf())
        let network = AppNetwork(shelf)
        return try await TestServer.with(clock: clock.clock, limitsRequests: limitsRequests) { server in
            try await HostileProxy.with(to: server.port, faults: { _, line in network.fault(for: line) }) { port in
                try await body(AppWorld(server: server, network: network, shelf: shelf, clock: clock, port: port))
            }
        }
    }

    /// Waiting takes no time.
    public var pacing: Pacing {
        let (clock, start) = (clock, clock.seconds)
        return Pacing(
            now: { .seconds(clock.seconds - start) },
            sleep: { pause in
                try Task.checkCancellation()
                clock.advance(seconds: Int(pause.components.seconds) + (pause.components.attoseconds > 0 ? 1 : 0))
            }, epoch: { clock.seconds }, jitter: { 0.5 }, waiting: { _, _ in })
    }

    /// The variables of a process that manages the account.
    /// - Parameter path: what the URL ends with.
    public func environment(_ path: String = "/api") -> [String: String] {
        ["EMAILCONNECT_URL": "http://127.0.0.1:\(port)\(path)", "EMAILCONNECT_API_KEY": server.key]
    }

    /// Gives the account to `body` as one owner's runs have it.
    public func with<T: Sendable>(
        _ owner: Owner, _ body: (any AccountReader & AccountWriter) async throws -> T
    ) async throws -> T {
        var endpoint = server.endpoint
        endpoint.transport = .url(try Endpoint.url("http://127.0.0.1:\(port)/v1"))
        let shelf = shelf
        return try await AccountClient.with(endpoint, pacing: pacing) { client in
            guard let app = client.appEndpoint else { throw CancellationError() }
            let account = AppAccount(client, at: app, store: shelf.store(owner)) { shelf.isDead }
            return try await body(ChosenAccount(client, app: account))
        }
    }

    /// What a manifest comes to.
    public func plan(_ yaml: String, by account: any AccountReader & AccountWriter) async throws -> Pipeline.Planned {
        let effects = Effects.test(files: ["m.yaml": yaml])
        let loaded = Pipeline.load("m.yaml", effects)
        guard var desired = loaded.desired else {
            throw WorldFailure(property: "the manifest is valid", step: 0, detail: "\(loaded.diagnostics)")
        }
        let planned = try await Pipeline.plan(desired, file: "m.yaml", from: account, effects)
        guard !planned.plan.refusals.isEmpty else { return planned }
        for refusal in planned.plan.refusals {
            if refusal.guarded == "deletes" { desired.consent.deletes = refusal.count } else { desired.consent.mailMoves = refusal.count }
        }
        return try await Pipeline.plan(desired, file: "m.yaml", from: account, effects)
    }

    /// Makes a manifest so.
    /// - Parameter approved: the digest that was approved; nil for whatever the plan is.
    /// - Returns: nil when there was nothing to do.
    @discardableResult
    public func apply(_ yaml: String, approved: String? = nil) async throws -> Applied? {
        let effects = Effects.test(files: ["m.yaml": yaml])
        guard let owner = Pipeline.load("m.yaml", effects).desired?.owner else { throw CancellationError() }
        return try await with(owner) { account in
            let planned = try await plan(yaml, by: account)
            if let approved { _ = try await Pipeline.check(planned, against: Review.digest(written: approved), account) }
            let prepared = try Pipeline.prepare(planned, onLoopback: true, effects)
            guard prepared.isWorthSending else { return nil }
            return try await Pipeline.apply(prepared, planned, to: account, onLoopback: true, effects)
        }
    }

    /// The account, without the network, and as `/v1` tells it.
    public func truth() async throws -> AccountState {
        try await AccountClient.with(server.endpoint) { try await $0.state(of: Kind.allCases, seenBy: Viewer(nil)) }
    }

    /// Changes the account by hand.
    /// - Parameter operations: as in a batch, in JSON.
    public func edit(_ operations: String) async throws {
        let batch = try Batch(Array(#"{"format":1,"operations":[\#(operations)]}"#.utf8))
        try await AccountClient.with(server.endpoint) { client in
            _ = try await client.commit(batch, idempotencyKey: "hand-\(Token.random())")
        }
    }
}

extension Token {
    fileprivate static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return String(generator.next(), radix: 16)
    }
}

/// What happens to requests on their way to a server that has nothing but `/api`.
public final class AppNetwork: Sendable {
    private struct State {
        var count = 0
        var cut: (at: Int, fault: HostileProxy.Fault)?
        var script: (@Sendable (_ request: Int, _ line: String) -> HostileProxy.Fault)?
    }

    private let state = Mutex(State())
    private let shelf: AppShelf

    init(_ shelf: AppShelf) { self.shelf = shelf }

    /// How many requests there were since the last reset.
    public var count: Int { state.withLock { $0.count } }

    /// Lets everything pass, and counts from 0.
    public func reset() { state.withLock { $0 = State() } }

    /// The machine dies with a request: its fault says whether the request arrives.
    public func die(at request: Int, _ fault: HostileProxy.Fault) {
        state.withLock { state in
            state = State()
            state.cut = (request, fault)
        }
    }

    /// Something happens to each request, by its number from 0.
    public func play(_ script: @escaping @Sendable (_ request: Int, _ line: String) -> HostileProxy.Fault) {
        state.withLock { state in
            state = State()
            state.script = script
        }
    }

    func fault(for line: String) -> HostileProxy.Fault {
        if line.contains(" /v1") { return .missing }
        let (number, cut, script) = state.withLock { state in
            defer { state.count += 1 }
            return (state.count, state.cut, state.script)
        }
        if let cut {
            if number == cut.at {
                shelf.die()
                return cut.fault
            }
            return number > cut.at ? .dropBeforeRequest : .none
        }
        return script?(number, line) ?? .none
    }
}
