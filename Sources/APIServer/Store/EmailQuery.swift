import EmailConnect

/// Reads the log of mail.
enum EmailQuery {
    /// Which emails are wanted.
    struct Filter: Sendable {
        var account: String
        var domainID: String?
        var aliasID: String?
        var status: EmailStatus?
        /// From then on.
        var since: Timestamp?
        /// Before then.
        var until: Timestamp?

        /// A condition on `emails e`, and its values.
        var condition: (sql: String, values: [RowValue]) {
            var (sql, values) = ("e.account_id = ?", [RowValue.text(account)])
            for (test, value) in [
                ("e.domain_id = ?", domainID), ("e.alias_id = ?", aliasID), ("e.status = ?", status?.rawValue),
                ("e.received_at >= ?", since?.text), ("e.received_at < ?", until?.text),
            ] {
                guard let value else { continue }
                sql += " AND \(test)"
                values.append(.text(value))
            }
            return (sql, values)
        }
    }

    private static let columns = """
        e.place, e.id, e.domain_id, e.alias_id, e.webhook_id, e.sender, e.recipient, e.header_from, e.header_to, e.subject, e.message_id,
        e.size, e.status, e.reason, e.received_at, e.attempts, e.next_attempt_at, e.finished_at, e.content_id IS NOT NULL
        """

    /// A page of the log, the latest first, each with its place, and how many there are in all.
    /// - Parameter before: only what is older than this place; 0 begins with the latest.
    static func list(
        _ filter: Filter, before: Int, offset: Int, limit: Int, in transaction: Transaction
    ) throws -> (items: [(place: Int, json: String)], total: Int) {
        let (condition, values) = filter.condition
        let total = try transaction.first("SELECT count(*) FROM emails e WHERE \(condition)", values) { $0.integer(0) } ?? 0
        let items = try transaction.all(
            "SELECT \(columns) FROM emails e WHERE \(condition) AND e.place < ? ORDER BY e.place DESC LIMIT ? OFFSET ?",
            values + [.integer(before > 0 ? before : .max), .integer(limit), .integer(offset)]
        ) { row in
            var json = JSONWriter()
            json.object { members(row, to: &$0) }
            return (place: row.integer(0), json: json.text)
        }
        return (items, total)
    }

    /// One email with its deliveries; nil when the account has none of this id.
    static func item(_ id: String, account: String, in transaction: Transaction) throws -> [UInt8]? {
        let deliveries = try transaction.all(
            """
            SELECT id, webhook_id, attempt, started_at, milliseconds, delivered, response_code, failure, excerpt, next_attempt_at
            FROM deliveries WHERE account_id = ? AND email_id = ? ORDER BY place
            """, [.text(account), .text(id)]
        ) { row in
            var json = JSONWriter()
            json.object { delivery(row, to: &$0) }
            return json.text
        }
        return try transaction.first(
            "SELECT \(columns) FROM emails e WHERE e.account_id = ? AND e.id = ?", [.text(account), .text(id)]
        ) { row in
            var json = JSONWriter()
            json.object { json in
                members(row, to: &json)
                json.array("deliveries") { json in for delivery in deliveries { json.item(json: delivery) } }
            }
            return json.bytes
        }
    }

    /// One email as the list has it; nil when the account has none of this id.
    static func record(_ id: String, account: String, in transaction: Transaction) throws -> String? {
        try transaction.first(
            "SELECT \(columns) FROM emails e WHERE e.account_id = ? AND e.id = ?", [.text(account), .text(id)]
        ) { row in
            var json = JSONWriter()
            json.object { members(row, to: &$0) }
            return json.text
        }
    }

    private static func members(_ row: StoredRow, to json: inout JSONWriter) {
        json.member("id", row.text(1))
        json.member("status", row.text(12))
        json.member("reason", row.optionalText(13))
        for (name, place) in [("domain_id", 2), ("alias_id", 3), ("webhook_id", 4), ("sender", 5), ("recipient", 6)] {
            json.member(name, row.optionalText(place))
        }
        for (name, place) in [("from", 7), ("to", 8), ("subject", 9), ("message_id", 10)] { json.member(name, row.optionalText(place)) }
        json.member("size", row.integer(11))
        json.member("received_at", row.text(14))
        json.member("attempts", row.integer(15))
        json.member("next_attempt_at", row.optionalText(16))
        json.member("finished_at", row.optionalText(17))
        json.member("replayable", row.boolean(18))
    }

    private static func delivery(_ row: StoredRow, to json: inout JSONWriter) {
        json.member("id", row.text(0))
        json.member("webhook_id", row.text(1))
        json.member("attempt", row.integer(2))
        json.member("started_at", row.text(3))
        json.member("duration_ms", row.integer(4))
        json.member("delivered", row.boolean(5))
        if let code = row.optionalInteger(6) { json.member("response_code", code) } else { json.null("response_code") }
        json.member("failure", row.optionalText(7))
        json.member("excerpt", row.optionalText(8))
        json.member("next_attempt_at", row.optionalText(9))
    }
}
