import AsyncHTTPClient
public import EmailConnect
import NIOCore
import NIOHTTP1

/// An account behind `/api`: three lists to read it, a call for each change. Who manages what stands in an inventory on this side.
public struct AppAccount: AccountReader, AccountWriter {
    let client: AccountClient
    let store: InventoryStore
    let pace = Pace()
    let isInterrupted: @Sendable () -> Bool

    /// The largest list that is read, in bytes.
    private static let listLimit = 256 << 20
    /// How often an account is read again that changes while it is read.
    private static let reads = 3

    /// An account.
    /// - Parameters:
    ///   - client: of the same server; its connections are used.
    ///   - isInterrupted: whether the run shall end before the next call.
    public init(_ client: AccountClient, at endpoint: Endpoint, store: InventoryStore, isInterrupted: @escaping @Sendable () -> Bool) {
        self.client = client.speaking(to: endpoint)
        self.store = store
        self.isInterrupted = isInterrupted
    }

    /// The base URL, by which an inventory knows the server.
    var server: String { client.endpoint.name }

    // MARK: reading

    /// The account, from three requests. Nothing keeps others from changing it between them; what does not fit together is read again.
    /// - Throws: when the account could not be read, whole, or an inventory does not fit to it.
    public func state(of kinds: [Kind], seenBy viewer: Viewer) async throws(AccountFailure) -> AccountState { try await read().state }

    func read() async throws(AccountFailure) -> AppSnapshot {
        let (own, others) = try store.load(server)
        let time = Timestamp(seconds: client.pacing.epoch())
        return try AppSnapshot(try await lists(), own, others, time: time)
    }

    /// Aliases first: so a domain that is made meanwhile is there, and not the alias on it.
    private func lists() async throws(AccountFailure) -> AppLists {
        var attempt = 1
        while true {
            let aliases = try await list(.alias)
            let domains = try await list(.domain)
            let webhooks = try await list(.webhook)
            do throws(Rejection) { return try AppLists(aliases: aliases, domains: domains, webhooks: webhooks) } catch {
                guard error == AppLists.moving, attempt < Self.reads else {
                    throw AccountFailure(.unreachable, "\(client.name): \(error.problem)", AccountClient.remedy(error))
                }
                attempt += 1
            }
        }
    }

    /// The items of one list, whole.
    func list(_ kind: Kind) async throws(AccountFailure) -> [Node] {
        do throws(AccountFailure) {
            return try await call(Request(.GET, "/\(kind.plural)")) { response in
                try AppLists.items(Array(try await response.body.collect(upTo: Self.listLimit).readableBytesView), kind)
            }
        } catch {
            guard case .refused(let problem) = error.kind, problem.code == .notFound else { throw error }
            throw AccountFailure(
                .missing, "\(client.name) is not the EmailConnect API: there is no list of \(kind.plural) (404)",
                "check EMAILCONNECT_URL; it ends with /v1, or with /api")
        }
    }

    /// What was applied, as far as the inventory knows.
    /// - Throws: when the account could not be read.
    public func applied(_ digest: String, by owner: Owner) async throws(AccountFailure) -> ApplyRecord? {
        let inventory = try store.load(server).own
        guard let known = inventory.digests.first(where: { $0.hasPrefix(digest) }) else { return nil }
        let snapshot = try await read()
        let moved = snapshot.moved.sorted()
        return ApplyRecord(
            revision: inventory.revision, time: snapshot.state.header.time, owner: owner, actor: "", digest: known,
            sequence: inventory.sequence, context: [:], operations: 0, moved: moved)
    }

    /// How long a batch takes.
    public func estimate(_ batch: Batch) async -> CallEstimate? {
        await pace.estimate(AppStep.calls(batch), at: client.pacing.epoch())
    }

    /// Nothing to say: there are no API keys here.
    /// - Throws: always.
    public func acknowledge(key id: String, prefix: String) async throws(AccountFailure) {
        throw AccountFailure(.unreachable, "API keys cannot be managed through /api", "remove api_keys from the manifest")
    }

    // MARK: calling

    /// How often a request is sent again that the server has asked to wait with.
    private static let waits = 50

    /// Makes a call as soon as the account takes one, until it is answered.
    /// - Parameter canRepeat: whether sending it twice does what sending it once does.
    func call<T: Sendable>(
        _ request: Request, canRepeat: Bool = true, _ read: (HTTPClientResponse) async throws -> T
    ) async throws(AccountFailure) -> T {
        let pacing = client.pacing
        if let seconds = await pace.pause(at: pacing.epoch()) {
            try await wait(.seconds(seconds), for: "\(client.name) takes no more calls for now")
        }
        let start = pacing.now()
        var attempt = 0
        var mayBeDone = false
        while true {
            var failed: FailedTry
            do throws(FailedTry) {
                return try await client.once(request) { response in
                    await pace.note(at: pacing.epoch()) { response.headers.first(name: $0) }
                    return try await read(response)
                }
            } catch { failed = error }
            if failed.failure.kind == .unknown { mayBeDone = true }
            if mayBeDone, failed.failure.kind == .unreachable {
                failed.failure = AccountFailure(.unknown, failed.failure.problem, AccountClient.again(true))
            }
            let elapsed = pacing.now() - start
            var pause: Duration?
            switch failed.trouble {
            case .busy(let seconds?) where attempt < Self.waits && elapsed <= .seconds(Pace.longest):
                pause = .seconds(min(max(1, seconds), Pace.longest))
            case .broken where !canRepeat: pause = nil
            case let trouble:
                pause = RetryPolicy.pause(
                    after: trouble, attempt: attempt, elapsed: elapsed, limit: pacing.limit, jitter: pacing.jitter())
            }
            guard let pause else { throw failed.failure }
            try await wait(pause, for: failed.failure.problem, else: failed.failure)
            attempt += 1
        }
    }

    /// Lets time pass.
    /// - Throws: what is given, or that the run was interrupted.
    func wait(_ pause: Duration, for problem: String, else failure: AccountFailure? = nil) async throws(AccountFailure) {
        client.pacing.waiting(problem, pause)
        do { try await client.pacing.sleep(pause) } catch { throw failure ?? .interrupted }
    }
}

extension AccountFailure {
    /// The user ended the run before a call.
    static let interrupted = AccountFailure(.unreachable, "interrupted", "run the command again; it goes on with what is left")
}

extension Problem {
    /// Reads an error of `/api`: `{"statusCode": 409, "error": "Conflict", "message": "..."}`.
    /// - Throws: when it is none.
    init(app bytes: [UInt8], status: Int) throws(Rejection) {
        var message: String?
        var reader = JSONReader(bytes)
        try reader.object { json, name throws(Rejection) in
            let node = try json.node()
            if name == "message" || name == "error" && message == nil { message = try? node.text() }
        }
        guard let message else { throw Rejection("this is no error of the API") }
        let code: Code =
            switch status {
            case 401: .unauthorized
            case 403: .forbidden
            case 404: .notFound
            case 409: .duplicate
            case 413: .tooLarge
            case 429: .rateLimited
            case 503: .unavailable
            case 500...: .internal
            default: .invalid
            }
        self.init(code, String(message.prefix(500)))
    }
}
