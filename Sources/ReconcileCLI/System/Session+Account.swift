import APIServer
import ArgumentParser
import EmailConnect
import EmailConnectClient
import Reconciler

extension Session {
    /// Opens the account that the options name, gives it to `body`, and closes it on every path.
    /// - Throws: `ExitCode`, after saying why.
    func withAccount(
        _ options: AccountOptions, _ pins: ServerPins, writes: Bool,
        _ body: (AccountClient, _ server: String) async throws -> ExitStatus
    ) async throws -> ExitStatus {
        try await withServer(options, pins, writes: writes) { client, name in
            guard options.local || pins.dialect != .app && !client.isApp else {
                fail("this needs /v1: through /api an account tells neither keys nor history", "set EMAILCONNECT_URL to a server with /v1")
                return .failed
            }
            return try await body(client, name)
        }
    }

    private func withServer(
        _ options: AccountOptions, _ pins: ServerPins, writes: Bool,
        _ body: (AccountClient, _ server: String) async throws -> ExitStatus
    ) async throws -> ExitStatus {
        do {
            if options.local {
                let path = options.localDb ?? LocalServer.defaultDatabase
                return try await LocalServer.with(database: path, writes: writes, interruption: interruption) { endpoint in
                    try await AccountClient.with(endpoint, pacing: pacing(options.retry)) { try await body($0, "the local server") }
                }
            }
            let endpoint = try remote(options, pins)
            return try await AccountClient.with(endpoint, pacing: pacing(options.retry)) { try await body($0, endpoint.name) }
        } catch let failure as AccountFailure {
            fail(failure)
            throw ExitCode(failure.exit.rawValue)
        } catch let failure as StoreFailure {
            fail(failure.problem, failure.remedy)
            throw ExitCode(ExitStatus.failed.rawValue)
        } catch let failure as FileFailure {
            fail(failure.problem, "check the folder's permissions")
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }

    /// As ``withAccount(_:_:writes:_:)``, for what a manifest wants: also where the server has nothing but `/api`. Who manages what there
    /// stands in inventories beside the manifest.
    func withAccount(
        _ options: AccountOptions, _ desired: DesiredState, beside file: String, writes: Bool,
        _ body: (any AccountReader & AccountWriter, _ server: String) async throws -> ExitStatus
    ) async throws -> ExitStatus {
        var pins = desired.pins
        // Nothing is asked of an account that cannot tell who it is; the plan says so.
        if pins.dialect == .app { pins.account = nil }
        return try await withServer(options, pins, writes: writes) { client, name in
            let dialect = options.local ? .v1 : pins.dialect
            guard dialect != .v1, let endpoint = client.appEndpoint else { return try await body(client, name) }
            let store = inventory(of: desired.owner, in: Paths.join(Paths.folder(of: file), "inventory"))
            let app = AppAccount(client, at: endpoint, store: store) { self.interruption.isRequested }
            let hasApp = dialect == .app || client.isApp
            return try await body(ChosenAccount(hasApp ? nil : client, app: app), hasApp ? endpoint.name : name)
        }
    }

    /// Whether the account's server runs on this machine.
    func isLoopback(_ options: AccountOptions) -> Bool {
        if options.local { return true }
        guard let text = effects.environment("EMAILCONNECT_URL"), let url = try? Endpoint.url(text) else { return false }
        return url.isLoopback
    }

    /// URL and key come from the environment; the manifest may only pin them, so that a pull request cannot send the key
    /// elsewhere.
    private func remote(_ options: AccountOptions, _ pins: ServerPins) throws(AccountFailure) -> Endpoint {
        guard let text = effects.environment("EMAILCONNECT_URL"), !text.isEmpty else {
            throw AccountFailure(.unreachable, "which account?", "set EMAILCONNECT_URL and EMAILCONNECT_API_KEY, or use --local")
        }
        let url: HTTPURL
        do throws(Rejection) { url = try Endpoint.url(text) } catch {
            throw AccountFailure(.unreachable, "EMAILCONNECT_URL: \(error.problem)", error.remedy)
        }
        if let pinned = pins.url, try Self.canonical(pinned) != url {
            throw AccountFailure(
                .unreachable, "EMAILCONNECT_URL is \(url.text), but the manifest pins server.url to \(pinned.text)",
                "nothing was sent; correct one of the two")
        }
        guard let key = effects.environment("EMAILCONNECT_API_KEY"), !key.isEmpty else {
            throw AccountFailure(.unreachable, "there is no API key", "set EMAILCONNECT_API_KEY")
        }
        guard key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw AccountFailure(.unreachable, "EMAILCONNECT_API_KEY has a space or a line feed in it", "set it to the key alone")
        }
        if let caFile = options.caFile {
            do throws(FileFailure) { _ = try effects.readFile(caFile) } catch {
                throw AccountFailure(.unreachable, "--ca-file: \(error.problem)", "name a file of PEM certificates")
            }
        }
        return Endpoint(.url(url), key: Secret(key), account: pins.account, caFile: options.caFile)
    }

    private static func canonical(_ url: HTTPURL) throws(AccountFailure) -> HTTPURL {
        do throws(Rejection) { return try Endpoint.url(url.text) } catch {
            throw AccountFailure(.unreachable, "server.url in the manifest: \(error.problem)", error.remedy)
        }
    }
}

extension AccountFailure {
    /// How a command ends with it.
    var exit: ExitStatus {
        guard case .refused(let problem) = kind else { return .failed }
        switch problem.code {
        case .stale, .duplicate, .olderRun: return .stale
        case .accountLimit: return .refused
        case .foreignOwner, .inUse, .notEmpty, .protected, .ownKey, .otherRepository: return .conflict
        default: return .failed
        }
    }
}
