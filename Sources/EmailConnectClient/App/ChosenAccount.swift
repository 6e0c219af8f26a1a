public import EmailConnect

/// An account that is spoken to as it can be: by `/v1`, or by `/api` where the server has nothing else. The first request decides.
public actor ChosenAccount: AccountReader, AccountWriter {
    private let documented: AccountClient?
    private let app: AppAccount?
    private var isDecided: Bool
    private var usesApp: Bool

    /// An account.
    /// - Parameters:
    ///   - documented: by `/v1`; nil where that is out of the question.
    ///   - app: by `/api`; nil where that is out of the question.
    public init(_ documented: AccountClient?, app: AppAccount?) {
        self.documented = documented
        self.app = app
        isDecided = documented == nil || app == nil
        usesApp = documented == nil
    }

    private func chosen() throws(AccountFailure) -> any AccountReader & AccountWriter {
        if usesApp, let app { return app }
        if let documented { return documented }
        throw AccountFailure(.unreachable, "which account?", "set EMAILCONNECT_URL")
    }

    /// The account, as the chosen way tells it.
    /// - Throws: when the account could not be read, whole.
    public func state(of kinds: [Kind], seenBy viewer: Viewer) async throws(AccountFailure) -> AccountState {
        guard !isDecided, let app else { return try await chosen().state(of: kinds, seenBy: viewer) }
        let missing: AccountFailure
        do throws(AccountFailure) {
            let state = try await chosen().state(of: kinds, seenBy: viewer)
            isDecided = true
            return state
        } catch {
            guard error.kind == .missing else { throw error }
            missing = error
        }
        do throws(AccountFailure) {
            let state = try await app.state(of: kinds, seenBy: viewer)
            (isDecided, usesApp) = (true, true)
            return state
        } catch {
            // A server that has neither is told by its first answer.
            throw error.kind == .missing ? missing : error
        }
    }

    /// The latest apply of an owner whose digest begins so.
    /// - Throws: when the account could not be read.
    public func applied(_ digest: String, by owner: Owner) async throws(AccountFailure) -> ApplyRecord? {
        try await chosen().applied(digest, by: owner)
    }

    /// Does a batch, as a whole or call by call.
    /// - Throws: when it was refused, was done in part, or when nobody knows whether it was done.
    public func commit(_ batch: Batch, idempotencyKey: String) async throws(AccountFailure) -> BatchAnswer {
        try await chosen().commit(batch, idempotencyKey: idempotencyKey)
    }

    /// Says that a token has reached its sink.
    /// - Throws: when the account did not take note.
    public func acknowledge(key id: String, prefix: String) async throws(AccountFailure) {
        try await chosen().acknowledge(key: id, prefix: prefix)
    }

    /// How long a batch takes; nil where it is one request.
    public func estimate(_ batch: Batch) async -> CallEstimate? { usesApp ? await app?.estimate(batch) : nil }
}

extension Endpoint {
    /// Whether the URL itself is that of `/api`.
    var isApp: Bool {
        guard case .url(let url) = transport else { return false }
        return url.text.hasSuffix("/api") || url.text.hasSuffix("/api/v1")
    }

    /// The same server by `/api`; nil for a server in this process.
    var app: Endpoint? {
        guard case .url(let url) = transport else { return nil }
        var copy = self
        copy.dialect = .app
        copy.account = nil
        guard !isApp else { return copy }
        let root = url.text.hasSuffix("/v1") ? String(url.text.dropLast(3)) : url.text
        guard let base = try? Endpoint.url(root + "/api") else { return nil }
        copy.transport = .url(base)
        return copy
    }
}
