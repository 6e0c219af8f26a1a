import EmailConnect

/// The tokens of API keys: hashes, never the tokens.
enum KeyTokens {
    /// Writes the members `token` and `tokens` of a key's record.
    static func write(of id: String, _ view: RecordView, in transaction: Transaction, to json: inout JSONWriter) throws {
        let tokens = try transaction.all(
            """
            SELECT prefix, issued_at, acknowledged_at, grace_until FROM key_tokens WHERE key_id = ?
            ORDER BY issued_at, prefix
            """, [.text(id)]
        ) { (prefix: $0.text(0), issued: $0.text(1), acknowledged: $0.optionalText(2), grace: $0.optionalText(3)) }
        json.member("token", tokens.contains { $0.acknowledged != nil && $0.grace == nil } ? "delivered" : "undelivered")
        json.array("tokens") { json in
            for token in tokens {
                json.object { json in
                    json.member("prefix", token.prefix)
                    json.member("issued_at", token.issued)
                    json.member("acknowledged_at", token.acknowledged)
                    json.member("grace_until", token.grace)
                }
            }
        }
    }

    /// Adds a token; what was never acknowledged before it is dropped.
    static func add(_ hash: TokenHash, to id: String, at time: Timestamp, acknowledged: Bool, in transaction: Transaction) throws {
        try transaction.run("DELETE FROM key_tokens WHERE key_id = ? AND acknowledged_at IS NULL", [.text(id)])
        try transaction.run(
            "INSERT INTO key_tokens (prefix, key_id, sha256, issued_at, acknowledged_at) VALUES (?, ?, ?, ?, ?)",
            [.text(hash.prefix), .text(id), .text(hash.sha256), .text(time.text), RowValue(acknowledged ? time.text : nil)])
    }

    /// Notes that a token has reached its sink; the older ones get their grace from now.
    /// - Returns: whether that was news; nil when the key has no such token.
    static func acknowledge(_ prefix: String, of id: String, at time: Timestamp, grace: TimeSpan, in transaction: Transaction) throws
        -> Bool?
    {
        let known = try transaction.first(
            "SELECT acknowledged_at FROM key_tokens WHERE key_id = ? AND prefix = ?", [.text(id), .text(prefix)]
        ) { $0.optionalText(0) != nil }
        guard let known else { return nil }
        if known { return false }
        try transaction.run(
            "UPDATE key_tokens SET grace_until = ? WHERE key_id = ? AND prefix <> ? AND grace_until IS NULL",
            [.text((time + grace).text), .text(id), .text(prefix)])
        try transaction.run("UPDATE key_tokens SET acknowledged_at = ? WHERE prefix = ?", [.text(time.text), .text(prefix)])
        return true
    }
}
