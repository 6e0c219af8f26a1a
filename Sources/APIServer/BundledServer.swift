public import EmailConnect
import FoundationEssentials
package import Hummingbird
import HummingbirdCore
import HummingbirdTLS
public import Logging
import NIOCore
import NIOSSL
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
        /// As `local`, on a database that is only read.
        case reading
        /// As `local`, on a database that goes with the process. Its ids are always the same, so that a plan for an account
        /// that is not there yet is the same whenever it is made.
        case throwaway

        fileprivate func naming(_ random: Randomness) -> Randomness {
            if case .throwaway = self { Randomness { 0x9E37_79B9_7F4A_7C15 } } else { random }
        }
    }

    let store: Store
    private let clock: Clock
    private let random: Randomness
    private let access: Access
    private let options: ServerOptions
    private let logger: Logger
    private let accountID: String
    private let limiter: RateLimiter?
    private let activity: Activity
    private let templates: PageTemplates
    private let bell = Bell()
    private let mailCounts = MailCounts()
    /// What it asks of others.
    var outside: Outside

    /// Opens or makes the database, with its first account.
    /// - Throws: ``StoreFailure``.
    public init(
        database path: String, access: Access, options: ServerOptions = ServerOptions(), logger: Logger, clock: Clock = .system,
        random: Randomness = .system
    ) async throws(StoreFailure) {
        let isReading = if case .reading = access { true } else { false }
        store = try isReading ? Store(reading: path) : Store(path: path, random: access.naming(random))
        do {
            let random = access.naming(random)
            if isReading {
                accountID = try await store.read { try Accounts.oldest(in: $0) } ?? ""
            } else {
                accountID = try await store.write { try Accounts.first(at: clock.now(), random, in: $0) }
                if let mailHost = options.mailHost {
                    _ = try await store.write { try $0.run("UPDATE server SET mail_host = ?", [.text(mailHost.text)]) }
                }
            }
            let isCounted = if case .keys = access { options.limitsRequests } else { false }
            limiter = isCounted ? RateLimiter(try await store.read { try Activity.counts(in: $0) }, clock: clock) : nil
            templates = try PageTemplates()
        } catch { throw StoreFailure(error, path: path) }
        self.clock = clock
        self.random = random
        self.access = access
        self.options = options
        self.logger = logger
        outside = Outside(options, random)
        activity = Activity(store: store, limiter: limiter, clock: clock)
    }

    /// How to read a database without changing it: the database itself; a copy in `folder` when its schema is an older one,
    /// which only a command that writes may bring up to date; or one that goes with the process when it has no account yet.
    /// - Throws: ``StoreFailure``.
    public static func reading(_ database: String, copyingTo folder: String) throws(StoreFailure) -> (path: String, access: Access) {
        switch try Store.condition(path: database) {
        case .current: return (database, .reading)
        case .empty: return ("\(folder)/account.db", .throwaway)
        case .older:
            let copy = "\(folder)/copy.db"
            try Store.copy(database, to: copy)
            return (copy, .local)
        }
    }

    /// Makes the first API key if the account has none that was handed over.
    /// - Returns: the key, which nobody can show again; nil when there is one already.
    /// - Throws: ``StoreFailure``.
    public func makeFirstKey() async throws(StoreFailure) -> Secret? {
        let (account, clock, random) = (accountID, clock, random)
        do {
            return try await store.write { try Accounts.firstKey(of: account, at: clock.now(), random, in: $0) }?.secret
        } catch { throw StoreFailure(error, path: store.path) }
    }

    /// Notes that the first key has reached whoever runs the server; until then the next start makes another one.
    /// - Returns: whether it is the account's first key.
    /// - Throws: ``StoreFailure``.
    @discardableResult
    public func handOver(firstKey key: Secret) async throws(StoreFailure) -> Bool {
        guard let token = Token(key.reveal()) else { return false }
        let (account, clock) = (accountID, clock)
        do { return try await store.write { try Accounts.handOver(token, of: account, at: clock.now(), in: $0) } } catch {
            throw StoreFailure(error, path: store.path)
        }
    }

    /// Serves until the task is cancelled or the process gets SIGTERM or SIGINT; answers under way are finished first.
    /// - Parameters:
    ///   - onMailReady: called once with the port, when mail is listened for and requests are answered.
    ///   - onReady: called once after that with the port, or 0 for a Unix socket.
    /// - Throws: when the address cannot be listened at; ``MailAddressFailure`` when it is the one for mail, ``CertificateFailure`` when a
    ///   certificate cannot be used.
    public func run(
        at address: Address, handlesSignals: Bool, onMailReady: @escaping @Sendable (Int) async -> Void = { _ in },
        onReady: @escaping @Sendable (Int) async -> Void
    ) async throws {
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [.init(service: ActivityWriter(activity: activity))]
        // Whoever opens the database for a moment delivers nothing.
        if case .keys = access {
            services.append(.init(service: DeliveryService(courier: courier(HTTPSender(targets: options.webhookTargets).send))))
        }
        if let mailAddress = options.mailAddress {
            let tls = try options.mailCertificate.map(TLSFiles.context)
            let opening = MailOpening()
            services.append(
                .init(service: SMTPService(address: mailAddress, mailbox: mailbox, tls: tls, onReady: { opening.open(at: $0) })))
            let application = try application(at: address) { port in
                await onMailReady(opening.port)
                await onReady(port)
            }
            services.append(.init(service: AfterMail(opening: opening, service: application)))
        } else {
            services.append(.init(service: try application(at: address, onReady: onReady)))
        }
        var configuration = ServiceGroupConfiguration(
            services: services,
            gracefulShutdownSignals: handlesSignals ? [.sigterm, .sigint] : [], logger: logger)
        // Whoever stalls does not keep the server from ending.
        configuration.maximumGracefulShutdownDuration = .seconds(10)
        let group = ServiceGroup(configuration: configuration)
        let running = Task { try await group.run() }
        let result = await withTaskCancellationHandler {
            await running.result
        } onCancel: {
            Task { await group.triggerGracefulShutdown() }
        }
        // In a task of its own: a cancelled one would not be let into the database.
        let (store, activity) = (store, activity)
        await Task {
            await activity.flush()
            await store.close()
        }.value
        try result.get()
    }

    /// The server as a value that tests can drive without a socket.
    /// - Throws: when the certificate cannot be used.
    package func application(
        at address: Address = .tcp(host: "127.0.0.1", port: 0), onReady: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws -> some ApplicationProtocol {
        let bind: BindAddress =
            switch address {
            case .tcp(let host, let port): .hostname(host, port: port)
            case .unix(let path): .unixDomainSocket(path: path)
            }
        return Application(
            responder: routes.router().buildResponder(), server: try server,
            configuration: .init(
                address: bind, serverName: "reconcile", availableConnectionsDelegate: MaximumAvailableConnections(1024)),
            onServerRunning: { channel in await onReady(channel.localAddress?.port ?? 0) },
            logger: logger)
    }

    /// Who delivers what came in.
    /// - Parameter send: makes an attempt.
    func courier(_ send: @escaping @Sendable (Outgoing) async -> Attempt) -> Courier {
        Courier(
            store: store, clock: clock, random: random, logger: logger, bell: bell, retries: options.retries, counts: mailCounts, send: send
        )
    }

    /// The routes, as the document describes them.
    package var routes: Routes {
        let authenticator: Authenticator =
            switch access {
            case .keys: .keys(store, clock)
            case .local, .reading, .throwaway: .local(store, accountID: accountID)
            }
        let ledger = Ledger(store: store, clock: clock, random: random, webhookTargets: options.webhookTargets)
        let gate = Gate(authenticator: authenticator, limiter: limiter, activity: activity, trustedProxies: options.trustedProxies)
        return Routes(
            store: store, ledger: ledger, gate: gate, metrics: Metrics(database: store.path), clock: clock, random: random, logger: logger,
            pages: Pages(
                store: store, ledger: ledger, gate: gate, clock: clock, random: random, options: options, templates: templates, inlet: inlet
            ),
            inlet: inlet, verifier: Verifier(store: store, clock: clock, random: random, outside: outside))
    }

    /// Where SMTP brings mail.
    var mailbox: SMTPMailbox { SMTPMailbox(store: store, inlet: inlet, logger: logger) }

    /// Where mail comes in.
    var inlet: Inlet { Inlet(store: store, clock: clock, random: random, bell: bell, counts: mailCounts) }

    /// HTTP/1.1, with TLS if there is a certificate.
    private var server: HTTPServerBuilder {
        get throws {
            let plain = HTTPServerBuilder.http1(
                configuration: .init(
                    idleTimeout: .seconds(60),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100)))
            guard let certificate = options.certificate else { return plain }
            return try .tls(plain, tlsConfiguration: TLSFiles.configuration(certificate))
        }
    }
}
