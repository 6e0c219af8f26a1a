import EmailConnect

/// Who is calling, and what they may do.
struct Caller: Sendable {
    /// The account that they act in.
    var accountID: String
    /// The key that they showed; nil for the local principal.
    var keyID: String?
    /// How the history names them: the key's prefix, or `local`.
    var actor: String
    /// What they may do.
    var scopes: Scopes

    /// Refuses what the caller may not do.
    func require(_ scope: Scope) throws(Problem) {
        guard scopes.allows(scope) else {
            throw Problem(.missingScope, "this API key lacks the scope \(scope.rawValue)")
        }
    }
}
