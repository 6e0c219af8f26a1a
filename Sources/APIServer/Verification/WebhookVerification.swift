import EmailConnect

/// A webhook's codes, in the database: one at a time, as a hash, bound to the URL that it was sent to.
enum WebhookVerification {
    /// How many wrong codes are taken before a new one is wanted.
    private static let attemptLimit = 5

    /// What came of a code.
    enum Outcome: Sendable {
        case verified
        /// It is not the one; so many tries are left.
        case wrong(left: Int)
        /// None was sent, or it is too old, or too many were tried.
        case none
    }

    /// Writes down that a code is about to be sent. The one before is worth nothing from then on.
    static func begin(_ challenge: WebhookChallenge, to url: String, in transaction: Transaction) throws {
        try transaction.run(
            """
            INSERT INTO webhook_verification (webhook_id, account_id, url_sha256, code_sha256, code_until, wrong)
            SELECT id, account_id, ?, ?, ?, 0 FROM webhooks WHERE id = ?
            ON CONFLICT DO UPDATE SET url_sha256 = excluded.url_sha256, code_sha256 = excluded.code_sha256, code_until = excluded.code_until,
                wrong = 0
            """,
            [
                .text(Hex.sha256(url)), .text(Hex.sha256(challenge.code.reveal())), .text(challenge.expiresAt.text),
                .text(challenge.webhookID),
            ])
    }

    /// Takes a code.
    static func take(_ code: String, of id: String, at time: Timestamp, in transaction: Transaction) throws -> Outcome {
        let waiting = try transaction.first(
            "SELECT code_sha256, wrong FROM webhook_verification WHERE webhook_id = ? AND code_sha256 IS NOT NULL AND code_until > ?",
            [.text(id), .text(time.text)]
        ) { (hash: $0.text(0), wrong: $0.integer(1)) }
        guard let waiting, waiting.wrong < attemptLimit else { return .none }
        guard ConstantTime.isSame(waiting.hash, Hex.sha256(code)) else {
            try transaction.run("UPDATE webhook_verification SET wrong = wrong + 1 WHERE webhook_id = ?", [.text(id)])
            return .wrong(left: attemptLimit - waiting.wrong - 1)
        }
        try transaction.run(
            "UPDATE webhook_verification SET verified_at = ?, code_sha256 = NULL, code_until = NULL WHERE webhook_id = ?",
            [.text(time.text), .text(id)])
        try transaction.run("UPDATE webhooks SET verified = 1 WHERE id = ?", [.text(id)])
        return .verified
    }

    /// Notes that somebody answers for a webhook's URL, so that it counts as verified as long as it has that one. No endpoint has answered,
    /// and a code that is on its way stays good.
    /// - Parameter url: what is answered for; nil for the URL that the webhook has, which a secret one is not: nobody can read it.
    /// - Returns: false when the webhook has another URL.
    static func trust(_ id: String, with url: HTTPURL? = nil, account: String, in transaction: Transaction) throws -> Bool {
        let current = try transaction.first(
            "SELECT url FROM webhooks WHERE account_id = ? AND id = ?", [.text(account), .text(id)]
        ) { $0.optionalText(0) }
        guard let current = current ?? nil, url == nil || url?.text == current else { return false }
        try transaction.run(
            "INSERT INTO webhook_verification (webhook_id, account_id, url_sha256) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [.text(id), .text(account), .text(Hex.sha256(current))])
        try transaction.run("UPDATE webhooks SET verified = 1 WHERE id = ?", [.text(id)])
        return true
    }

    /// Forgets that an endpoint has answered, or somebody for it, when the webhook leads elsewhere now.
    static func forget(_ id: String, unlessAt url: String?, in transaction: Transaction) throws {
        let gone = try transaction.run(
            "DELETE FROM webhook_verification WHERE webhook_id = ? AND url_sha256 <> ?", [.text(id), .text(Hex.sha256(url ?? ""))])
        if gone > 0 { try transaction.run("UPDATE webhooks SET verified = 0 WHERE id = ?", [.text(id)]) }
    }

    /// When the endpoint answered.
    static func verifiedAt(_ id: String, in transaction: Transaction) throws -> String? {
        try transaction.first("SELECT verified_at FROM webhook_verification WHERE webhook_id = ?", [.text(id)]) { $0.optionalText(0) }
            ?? nil
    }
}
