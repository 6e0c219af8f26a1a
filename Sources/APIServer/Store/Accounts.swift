import EmailConnect

/// The accounts of the server.
enum Accounts {
    /// The account that a server without any makes, and the one of a local principal.
    static func first(at time: Timestamp, _ random: Randomness, in transaction: Transaction) throws -> String {
        let known = try transaction.first("SELECT id FROM accounts ORDER BY created_at, id LIMIT 1") { $0.text(0) }
        if let known { return known }
        let id = "acct_" + random.identifier(12)
        try transaction.run(
            "INSERT INTO accounts (id, name, epoch, created_at) VALUES (?, 'default', ?, ?)",
            [.text(id), .text(random.hexadecimal(16)), .text(time.text)])
        return id
    }

    /// Makes the account's first key, with every scope, if no key of the account has every scope: who made the account with
    /// `--local` has none to begin with.
    /// - Returns: the new token.
    static func firstKey(of account: String, at time: Timestamp, _ random: Randomness, in transaction: Transaction) throws -> Token? {
        let count = try transaction.first(
            "SELECT count(*) FROM api_keys WHERE account_id = ? AND scopes = '[\"full\"]' AND revoked_at IS NULL", [.text(account)]
        ) { $0.integer(0) }
        guard count == 0 else { return nil }
        var generator = random.generator
        let token = Token(using: &generator)
        let id = Kind.apiKey.idPrefix + random.identifier(16)
        try transaction.run(
            """
            INSERT INTO api_keys (id, account_id, name, description, protected, scopes, grace, allowed_ips, first, created_at, updated_at)
            VALUES (?, ?, 'first key', 'Made when the server started for the first time', 0, '["full"]', '1d', '[]', 1, ?, ?)
            """, [.text(id), .text(account), .text(time.text), .text(time.text)])
        try KeyTokens.add(token.hash, to: id, at: time, acknowledged: true, in: transaction)
        return token
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
                time: time, ownKeys: own, callerKey: caller.keyID, owners: owners)
        }
        guard let header else { throw Problem(.notFound, "the account was removed") }
        return header
    }
}
