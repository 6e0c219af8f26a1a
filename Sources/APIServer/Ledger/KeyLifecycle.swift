import EmailConnect

/// What happens to an API key beside its configuration: its delivery, its rotation, its end.
extension Ledger {
    /// Notes that a token has reached its sink.
    /// - Throws: ``Problem``.
    func acknowledge(key id: String, prefix: String, by caller: Caller) async throws {
        try await change(key: id, by: caller) { key, time, transaction in
            let isNews = try KeyTokens.acknowledge(prefix, of: id, at: time, grace: key.grace, in: transaction)
            guard let isNews else { throw Problem(.notFound, "the key has no token \(prefix.prefix(16))") }
            return isNews ? ("acknowledged", prefix) : nil
        }
    }

    /// Ends a key at once; what is left is a tombstone, so that nobody makes it again by accident.
    /// - Throws: ``Problem``.
    func revoke(key id: String, by caller: Caller) async throws {
        try refuseOwn(id, caller, "revoke it")
        try await change(key: id, by: caller) { key, time, transaction in
            guard !key.isProtected else { throw Problem(.protected, "api key \(key.title) is protected; set protected to false first") }
            guard !key.isRevoked else { return nil }
            try transaction.run("UPDATE api_keys SET revoked_at = ? WHERE id = ?", [.text(time.text), .text(id)])
            return ("revoked", time.text)
        }
    }

    /// Gives a key another token, which is shown once; the older ones stay valid for the grace.
    /// - Parameter grace: nil for the key's own.
    /// - Throws: ``Problem``.
    func rotate(key id: String, grace: TimeSpan?, by caller: Caller) async throws -> Token {
        try refuseOwn(id, caller, "replace its token")
        var generator = random.generator
        let token = Token(using: &generator)
        let hash = token.hash
        try await change(key: id, by: caller) { key, time, transaction in
            guard !key.isRevoked else { throw Problem(.revoked, "api key \(key.title) was revoked") }
            guard key.end.map({ time < $0 }) ?? true else {
                throw Problem(.invalid, "api key \(key.title) has expired; give it a later expires_at first")
            }
            try KeyControl.require(of: id, caller, in: transaction)
            try KeyTokens.add(hash, to: id, at: time, acknowledged: false, in: transaction)
            _ = try KeyTokens.acknowledge(hash.prefix, of: id, at: time, grace: grace ?? key.grace, in: transaction)
            return ("rotated", hash.prefix)
        }
        return token
    }

    /// A key as it is before the change.
    struct StoredKey {
        var title: String
        var owner: String?
        var isProtected: Bool
        var isRevoked: Bool
        var grace: TimeSpan
        var end: Timestamp?
    }

    private func refuseOwn(_ id: String, _ caller: Caller, _ what: String) throws(Problem) {
        try caller.require(.apiKeysWrite)
        if id == caller.keyID { throw Problem(.ownKey, "this is the key that is calling; another one has to \(what)") }
    }

    /// - Parameter body: does it, and says what the history shall have; nil when there was nothing to do.
    private func change(
        key id: String, by caller: Caller,
        _ body: @escaping @Sendable (StoredKey, Timestamp, Transaction) throws -> (what: String, value: String)?
    ) async throws {
        try caller.require(.apiKeysWrite)
        let clock = clock
        try await store.write { transaction in
            let time = clock.now()
            let key = try transaction.first(
                """
                SELECT coalesce(k.key, k.id), o.name, k.protected, k.revoked_at, k.grace, k.expires_at FROM api_keys k
                LEFT JOIN owners o ON o.id = k.owner_id WHERE k.id = ? AND k.account_id = ?
                """, [.text(id), .text(caller.accountID)]
            ) { row in
                StoredKey(
                    title: row.text(0), owner: row.optionalText(1), isProtected: row.boolean(2), isRevoked: row.optionalText(3) != nil,
                    grace: try TimeSpan(row.text(4)), end: try row.optionalText(5).map { try Timestamp($0) })
            }
            guard let key else { throw Problem(.notFound, "there is no api key \(id.prefix(64))") }
            try caller.requireOwner(key.owner)
            guard let done = try body(key, time, transaction) else { return }
            try transaction.run("UPDATE api_keys SET version = version + 1, updated_at = ? WHERE id = ?", [.text(time.text), .text(id)])
            try History.record(done.what, done.value, of: id, owner: key.owner, caller, at: time, in: transaction)
        }
    }
}
