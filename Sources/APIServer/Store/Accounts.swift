import EmailConnect

/// The accounts of the server.
enum Accounts {
    /// The account that a server without any makes, and the one of a local principal.
    static func first(at time: Timestamp, _ random: Randomness, in transaction: Transaction) throws -> String {
        if let known = try oldest(in: transaction) { return known }
        let id = "acct_" + random.identifier(12)
        try transaction.run(
            "INSERT INTO accounts (id, name, epoch, created_at) VALUES (?, 'default', ?, ?)",
            [.text(id), .text(random.hexadecimal(16)), .text(time.text)])
        return id
    }

    /// The account that was made first; nil when there is none.
    static func oldest(in transaction: Transaction) throws -> String? {
        try transaction.first("SELECT id FROM accounts ORDER BY created_at, id LIMIT 1") { $0.text(0) }
    }

    /// Makes the account's first key, with every scope, if no key of the account has every scope: who made the account with
    /// `--local` has none to begin with. It counts once it was handed over; one that never was is made again.
    /// - Returns: the new token.
    static func firstKey(of account: String, at time: Timestamp, _ random: Randomness, in transaction: Transaction) throws -> Token? {
        let known = try transaction.first(
            """
            SELECT count(*) FROM api_keys k WHERE k.account_id = ? AND k.scopes = '["full"]' AND k.revoked_at IS NULL
            AND EXISTS (SELECT 1 FROM key_tokens t WHERE t.key_id = k.id AND t.acknowledged_at IS NOT NULL)
            """, [.text(account)]
        ) { $0.integer(0) }
        let isHandedOver = try transaction.first("SELECT handed_over FROM accounts WHERE id = ?", [.text(account)]) { $0.boolean(0) }
        guard known == 0, isHandedOver == false else { return nil }
        let stale = try transaction.run(
            """
            DELETE FROM api_keys WHERE account_id = ? AND first = 1
            AND id IN (SELECT key_id FROM key_tokens WHERE acknowledged_at IS NULL)
            """, [.text(account)])
        var generator = random.generator
        let token = Token(using: &generator)
        let id = Kind.apiKey.idPrefix + random.identifier(16)
        try transaction.run(
            """
            INSERT INTO api_keys (id, account_id, name, description, protected, scopes, grace, allowed_ips, first, created_at, updated_at)
            VALUES (?, ?, 'first key', 'Made when the server started for the first time', 0, '["full"]', '1d', '[]', 1, ?, ?)
            """, [.text(id), .text(account), .text(time.text), .text(time.text)])
        try KeyTokens.add(token.hash, to: id, at: time, acknowledged: false, in: transaction)
        try count(1 - stale, of: .apiKey, account: account, in: transaction)
        return token
    }

    /// Notes that the first key has reached whoever runs the server.
    /// - Returns: whether that key is the first one and valid.
    static func handOver(_ token: Token, of account: String, at time: Timestamp, in transaction: Transaction) throws -> Bool {
        let key = try transaction.first(
            "SELECT k.id FROM api_keys k JOIN key_tokens t ON t.key_id = k.id WHERE k.account_id = ? AND k.first = 1 AND t.sha256 = ?",
            [.text(account), .text(token.hash.sha256)]
        ) { $0.text(0) }
        guard let key else { return false }
        try transaction.run("UPDATE accounts SET handed_over = 1 WHERE id = ?", [.text(account)])
        return try KeyTokens.acknowledge(token.hash.prefix, of: key, at: time, grace: APIKey.defaultGrace, in: transaction) != nil
    }

    /// The first line of a state.
    static func header(_ caller: Caller, kinds: [Kind], at time: Timestamp, in transaction: Transaction) throws -> StateHeader {
        let own = try transaction.all(
            "SELECT id FROM api_keys WHERE account_id = ? AND (first = 1 OR id = ?) ORDER BY id",
            [.text(caller.accountID), RowValue(caller.keyID)]
        ) { $0.text(0) }
        let owners = try transaction.all(
            "SELECT name, repository, sequence FROM owners WHERE account_id = ? ORDER BY name", [.text(caller.accountID)]
        ) { OwnerRecord(name: try Owner($0.text(0)), repository: $0.optionalText(1), sequence: $0.optionalInteger(2)) }
        let header = try transaction.first(
            "SELECT (SELECT id FROM server), epoch, revision FROM accounts WHERE id = ?", [.text(caller.accountID)]
        ) { row in
            StateHeader(
                serverID: row.text(0), accountID: caller.accountID, epoch: row.text(1), revision: row.integer(2), kinds: kinds,
                time: time, ownKeys: own, callerKey: caller.keyID, owners: owners, resourceLimits: caller.limits.resources)
        }
        guard let header else { throw Problem(.notFound, "the account was removed") }
        return header
    }
}
