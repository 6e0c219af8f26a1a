import EmailConnect

/// The tokens of API keys: hashes, never the tokens.
enum KeyTokens {
    /// One token, as far as it may be known.
    struct Row {
        var prefix: String
        var issued: String
        var acknowledged: String?
        var grace: String?
    }

    /// The end of a superseded token as long as none is known to have taken its place.
    private static let untilReplaced = "9999-12-31T23:59:59Z"
    /// More tries than that are no accident.
    private static let mostSuperseded = 5

    /// A key's tokens, the oldest first.
    static func all(of id: String, in transaction: Transaction) throws -> [Row] {
        try transaction.all(
            "SELECT prefix, issued_at, acknowledged_at, grace_until FROM key_tokens WHERE key_id = ? ORDER BY issued_at, prefix",
            [.text(id)]
        ) { Row(prefix: $0.text(0), issued: $0.text(1), acknowledged: $0.optionalText(2), grace: $0.optionalText(3)) }
    }

    /// Writes the members `token` and `tokens` of a key's record.
    static func write(_ tokens: [Row], to json: inout JSONWriter) {
        json.member("token", isDelivered(tokens) ? "delivered" : "undelivered")
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

    /// Whether a key can be used at a moment.
    static func status(isRevoked: Bool, end: String?, after: String?, _ tokens: [Row], at now: Timestamp) throws -> KeyStatus {
        if isRevoked { return .revoked }
        if let end, try Timestamp(end) <= now { return .expired }
        let span = try after.map { try TimeSpan($0) }
        let isAlive = try tokens.contains { token in
            let issued = try Timestamp(token.issued)
            if let span, issued + span <= now { return false }
            return try token.grace.map { try Timestamp($0) > now } ?? true
        }
        return isAlive ? isDelivered(tokens) ? .active : .undelivered : .expired
    }

    private static func isDelivered(_ tokens: [Row]) -> Bool { tokens.contains { $0.acknowledged != nil && $0.grace == nil } }

    /// Adds a token. One that was never acknowledged may be where it belongs all the same, since a run can be stopped in between: it is
    /// superseded, and stays valid until another one is known to have taken its place. What has ended is dropped.
    static func add(_ hash: TokenHash, to id: String, at time: Timestamp, acknowledged: Bool, in transaction: Transaction) throws {
        try transaction.run("DELETE FROM key_tokens WHERE key_id = ? AND grace_until <= ?", [.text(id), .text(time.text)])
        try transaction.run(
            "UPDATE key_tokens SET grace_until = ? WHERE key_id = ? AND acknowledged_at IS NULL AND grace_until IS NULL",
            [.text(untilReplaced), .text(id)])
        try transaction.run(
            """
            DELETE FROM key_tokens WHERE prefix IN (
              SELECT prefix FROM key_tokens WHERE key_id = ? AND acknowledged_at IS NULL ORDER BY issued_at DESC, prefix LIMIT -1 OFFSET ?)
            """, [.text(id), .integer(mostSuperseded)])
        try transaction.run(
            "INSERT INTO key_tokens (prefix, key_id, sha256, issued_at, acknowledged_at) VALUES (?, ?, ?, ?, ?)",
            [.text(hash.prefix), .text(id), .text(hash.sha256), .text(time.text), RowValue(acknowledged ? time.text : nil)])
    }

    /// Notes that a token has reached its sink; the others get their grace from now, and none gets a longer one.
    /// - Returns: whether that was news; nil when the key has no such token, or another one has taken its place.
    static func acknowledge(_ prefix: String, of id: String, at time: Timestamp, grace: TimeSpan, in transaction: Transaction) throws
        -> Bool?
    {
        let known = try transaction.first(
            "SELECT acknowledged_at, grace_until FROM key_tokens WHERE key_id = ? AND prefix = ?", [.text(id), .text(prefix)]
        ) { (isAcknowledged: $0.optionalText(0) != nil, isSuperseded: $0.optionalText(1) != nil) }
        guard let known, known.isAcknowledged || !known.isSuperseded else { return nil }
        if known.isAcknowledged { return false }
        let end = RowValue.text((time + grace).text)
        try transaction.run(
            "UPDATE key_tokens SET grace_until = ? WHERE key_id = ? AND prefix <> ? AND (grace_until IS NULL OR grace_until > ?)",
            [end, .text(id), .text(prefix), end])
        try transaction.run("UPDATE key_tokens SET acknowledged_at = ? WHERE prefix = ?", [.text(time.text), .text(prefix)])
        return true
    }
}
