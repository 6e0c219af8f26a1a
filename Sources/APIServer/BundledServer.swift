public import EmailConnect
import FoundationEssentials
package import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

/// The bundled API server: HTTP over SQLite.
public struct BundledServer: Sendable {
    /// Where the server listens.
    public enum Address: Sendable {
        /// Port 0 lets the system choose.
        case tcp(host: String, port: Int)
        /// A socket in a folder that only this user can enter.
        case unix(path: String)
    }

    /// Who may call.
    public enum Access: Sendable {
        /// Whoever shows a valid API key.
        case keys
        /// The process itself: every request is a full principal. Only for a Unix socket.
        case local
        /// As `local`, on a database that goes with the process. Its ids are always the same, so that a plan for an account
        /// that is not there yet is the same whenever it is made.
        case throwaway

        fileprivate func naming(_ random: Randomness) -> Randomness {
            if case .throwaway = self { Randomness { 0x9E37_79B9_7F4A_7C15 } } else { random }
        }
    }

    private let store: Store
    private let clock: Clock
    private let random: Randomness
    private let access: Access
    private let allowsPrivateTargets: Bool
    private let logger: Logger
    private let accountID: String

    /// Opens or makes the database, with its first account.
    /// - Throws: ``StoreFailure``.
    public init(
        database path: String, access: Access, allowsPrivateTargets: Bool = false, logger: Logger, clock: Clock = .system,
        random: Randomness = .system
    ) async throws(StoreFailure) {
        store = try Store(path: path, random: access.naming(random))
        do {
            let random = access.naming(random)
            accountID = try await store.write { try Accounts.first(at: clock.now(), random, in: $0) }
        } catch { throw StoreFailure(error, path: path) }
        self.clock = clock
        self.random = random
        self.access = access
        self.allowsPrivateTargets = allowsPrivateTargets
        self.logger = logger
    }

    /// The path to open for reading: the database itself, or a copy in `folder` when its schema is an older one, which
    /// only a command that writes may bring up to date.
    /// - Throws: ``StoreFailure``.
    public static func pathForReading(_ database: String, copyingTo folder: String) throws(StoreFailure) -> String {
        if try Store.isCurrent(path: database) { return database }
        let copy = "\(folder)/copy.db"
        try Store.copy(database, to: copy)
        return copy
    }

    /// Makes the first API key if the account has none.
    /// - Returns: the key, which nobody can show again; nil when there is one already.
    /// - Throws: ``StoreFailure``.
    public func makeFirstKey() async throws(StoreFailure) -> Secret? {
        let (account, clock, random) = (accountID, clock, random)
        do {
            return try await store.write { try Accounts.firstKey(of: account, at: clock.now(), random, in: $0) }?.secret
        } catch { throw StoreFailure(error, path: store.path) }
    }

    /// Takes a first key back that could not be handed over.
    /// - Throws: ``StoreFailure``.
    public func remove(firstKey key: Secret) async throws(StoreFailure) {
        guard let prefix = Token(key.reveal())?.hash.prefix else { return }
        do {
            _ = try await store.write {
                try $0.run("DELETE FROM api_keys WHERE id = (SELECT key_id FROM key_tokens WHERE prefix = ?)", [.text(prefix)])
            }
        } catch { throw StoreFailure(error, path: store.path) }
    }

    /// Serves until the task is cancelled or the process gets SIGTERM or SIGINT; answers under way are finished first.
    /// - Parameter onReady: called once with the port, or 0 for a Unix socket, when requests are answered.
    /// - Throws: when the address cannot be listened at.
    public func run(at address: Address, handlesSignals: Bool, onReady: @escaping @Sendable (Int) async -> Void) async throws {
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: application(at: address, onReady: onReady))],
                gracefulShutdownSignals: handlesSignals ? [.sigterm, .sigint] : [], logger: logger))
        let running = Task { try await group.run() }
        let result = await withTaskCancellationHandler {
            await running.result
        } onCancel: {
            Task { await group.triggerGracefulShutdown() }
        }
        // In a task of its own: a cancelled one would not be let into the database.
        let store = store
        await Task { await store.close() }.value
        try result.get()
    }

    /// The server as a value that tests can drive without a socket.
    package func application(
        at address: Address = .tcp(host: "127.0.0.1", port: 0), onReady: @escaping @Sendable (Int) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        let authenticator: Authenticator =
            switch access {
            case .keys: .keys(store, clock)
            case .local, .throwaway: .local(accountID: accountID)
            }
        let ledger = Ledger(store: store, clock: clock, random: random, allowsPrivateTargets: allowsPrivateTargets)
        let routes = Routes(store: store, ledger: ledger, authenticator: authenticator, clock: clock, random: random)
        let bind: BindAddress =
            switch address {
            case .tcp(let host, let port): .hostname(host, port: port)
            case .unix(let path): .unixDomainSocket(path: path)
            }
        return Application(
            responder: routes.router().buildResponder(),
            server: .http1(
                configuration: .init(
                    idleTimeout: .seconds(60),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100))),
            configuration: .init(
                address: bind, serverName: "reconcile", availableConnectionsDelegate: MaximumAvailableConnections(1024)),
            onServerRunning: { channel in await onReady(channel.localAddress?.port ?? 0) },
            logger: logger)
    }
}
