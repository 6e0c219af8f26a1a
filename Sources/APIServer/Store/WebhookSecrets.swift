import EmailConnect

/// A webhook's write-only values.
enum WebhookSecrets {
    /// Which field a value belongs to.
    enum Place: Hashable, Sendable {
        case url
        case signingSecret
        case header(String)

        /// The request's field.
        var field: String {
            switch self {
            case .url: "secret_url"
            case .signingSecret: "signing_secret"
            case .header(let name): "secret_headers/\(name)"
            }
        }

        var columns: [RowValue] {
            switch self {
            case .url: [.text("url"), .text("")]
            case .signingSecret: [.text("signing_secret"), .text("")]
            case .header(let name): [.text("header"), .text(name)]
            }
        }
    }

    /// Writes the members `secret_url`, `secret_headers` and `signing_secret` of a webhook's record.
    static func write(of id: String, compare: Bool, in transaction: Transaction, to json: inout JSONWriter) throws {
        let rows = try transaction.all(
            "SELECT field, name, salt, hmac, server_made FROM webhook_secrets WHERE webhook_id = ? ORDER BY field, lower(name)",
            [.text(id)]
        ) { row in
            (
                field: row.text(0), name: row.text(1), isServers: row.boolean(4),
                value: Sensitive.stored(compare ? Fingerprint(salt: row.text(2), hmac: row.text(3)) : nil)
            )
        }
        if let url = rows.first(where: { $0.field == "url" }) {
            url.value.write("secret_url", to: &json)
        }
        json.object("secret_headers") { json in
            for row in rows where row.field == "header" { row.value.write(row.name, to: &json) }
        }
        if let signing = rows.first(where: { $0.field == "signing_secret" && !$0.isServers }) {
            signing.value.write("signing_secret", to: &json)
        } else {
            json.null("signing_secret")
        }
    }

    /// Stores a value.
    /// - Returns: whether another value stood there.
    static func set(
        _ place: Place, _ secret: Secret, of id: String, madeByServer: Bool = false, random: Randomness, in transaction: Transaction
    ) throws -> Bool {
        let old = try transaction.first(
            "SELECT salt, hmac, server_made FROM webhook_secrets WHERE webhook_id = ? AND field = ? AND name = ?",
            [.text(id)] + place.columns
        ) { (fingerprint: Fingerprint(salt: $0.text(0), hmac: $0.text(1)), isServers: $0.boolean(2)) }
        if let old, old.isServers == madeByServer, madeByServer || old.fingerprint.matches(secret) { return false }
        let salt = random.hexadecimal(32)
        let new = Fingerprint(of: secret, salt: salt)
        try transaction.run(
            """
            INSERT OR REPLACE INTO webhook_secrets (webhook_id, field, name, value, salt, hmac, server_made)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [.text(id)] + place.columns + [.text(secret.reveal()), .text(salt), .text(new.hmac), .integer(madeByServer ? 1 : 0)])
        return true
    }

    /// Takes a value away.
    /// - Returns: whether one stood there.
    static func remove(_ place: Place, of id: String, in transaction: Transaction) throws -> Bool {
        try transaction.run(
            "DELETE FROM webhook_secrets WHERE webhook_id = ? AND field = ? AND name = ?", [.text(id)] + place.columns) > 0
    }

    /// The headers whose values are secret, as they were written.
    static func headers(of id: String, in transaction: Transaction) throws -> [String] {
        try transaction.all(
            "SELECT name FROM webhook_secrets WHERE webhook_id = ? AND field = 'header'", [.text(id)]
        ) { $0.text(0) }
    }
}
