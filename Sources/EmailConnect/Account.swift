/// Reads an account. Plan, export and audit hold only this.
public protocol AccountReader: Sendable {
    /// The account from one consistent read, in one request.
    /// - Throws: when the account could not be read, whole.
    func state(of kinds: [Kind], seenBy viewer: Viewer) async throws(AccountFailure) -> AccountState
    /// The latest apply of an owner whose digest begins so; nil when the account has taken none.
    /// - Throws: when the account could not be read.
    func applied(_ digest: String, by owner: Owner) async throws(AccountFailure) -> ApplyRecord?
}

extension AccountReader {
    /// The account from one consistent read, as an owner sees it.
    /// - Throws: when the account could not be read, whole.
    public func state(of kinds: [Kind], seenBy owner: Owner) async throws(AccountFailure) -> AccountState {
        try await state(of: kinds, seenBy: Viewer(owner))
    }
}

/// Changes an account. Only apply holds this.
public protocol AccountWriter: Sendable {
    /// Does a batch as a whole or not at all. The same `idempotencyKey` with the same operations is done once.
    /// - Throws: when it was refused, or when nobody knows whether it was done.
    func commit(_ batch: Batch, idempotencyKey: String) async throws(AccountFailure) -> BatchAnswer
    /// Says that a token has reached its sink.
    /// - Throws: when the account did not take note.
    func acknowledge(key id: String, prefix: String) async throws(AccountFailure)
    /// How long a batch takes; nil where it is one request.
    func estimate(_ batch: Batch) async -> CallEstimate?
}

extension AccountWriter {
    /// None: a batch is one request.
    public func estimate(_ batch: Batch) async -> CallEstimate? { nil }
}

/// Why an account could not be read or changed: what is wrong, and what to do. Never a secret, never a raw error.
public struct AccountFailure: Error, Equatable, Sendable {
    /// What an exit status depends on.
    public enum Kind: Equatable, Sendable {
        /// No answer, or none of the API.
        case unreachable
        /// A server answers, and has nothing of the kind at that path.
        case missing
        /// The API said no.
        case refused(Problem)
        /// A batch that is no transaction was done in part: the results are those of what was done.
        case partly(BatchAnswer)
        /// The request was sent, the answer did not come: nobody knows whether it was done.
        case unknown
    }

    /// What an exit status depends on.
    public var kind: Kind
    /// What is wrong, as one line.
    public var problem: String
    /// What to do next.
    public var remedy: String

    /// A failure.
    public init(_ kind: Kind, _ problem: String, _ remedy: String) {
        self.kind = kind
        self.problem = problem
        self.remedy = remedy
    }
}
