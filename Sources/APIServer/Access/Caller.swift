import EmailConnect

/// Who is calling, and what they may do.
struct Caller: Sendable {
    /// The account that they act in.
    var accountID: String
    /// The key that they showed; nil for the local principal.
    var keyID: String?
    /// The prefix of the token that they showed.
    var tokenPrefix: String?
    /// How the history names them: the key's prefix, `web` and the prefix, or `local`.
    var actor: String
    /// What they may do.
    var scopes: Scopes
    /// What they may grant beyond that, with `api_keys:grant`.
    var grants: Scopes?
    /// The only owner that they act for; nil for any.
    var boundTo: Owner?
    /// What the account may hold and ask for.
    var limits: AccountLimits

    /// Refuses what the caller may not do.
    func require(_ scope: Scope) throws(Problem) {
        guard scopes.allows(scope) else {
            throw Problem(.missingScope, "this API key lacks the scope \(scope.rawValue)")
        }
    }

    /// Refuses to act for another owner, or for nobody, when the caller acts for one only.
    func requireOwner(_ owner: String?) throws(Problem) {
        guard let boundTo, boundTo.text != owner else { return }
        throw Problem(.boundKey, "this API key acts for \(boundTo.text) only")
    }

    /// Whether the caller may give a key this scope: nobody grants what they lack.
    func mayGrant(_ scope: Scope) -> Bool {
        scopes.allows(scope) || scopes.allows(.apiKeysGrant) && grants?.allows(scope) ?? false
    }
}
