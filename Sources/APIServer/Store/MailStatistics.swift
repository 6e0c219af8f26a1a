import EmailConnect

/// Counts what came in.
enum MailStatistics {
    /// How many domains and aliases are listed: those with most mail.
    static let rowLimit = 100

    private static let counts = EmailStatus.allCases.map { "sum(e.status = '\($0.rawValue)')" }.joined(separator: ", ")

    /// Writes what came in, by status; by day; by domain and alias, those with most of it first.
    static func json(_ filter: EmailQuery.Filter, in transaction: Transaction) throws -> [UInt8] {
        let (condition, values) = filter.condition
        func rows(_ columns: [String], _ more: String) throws -> [(names: [String?], counts: [Int])] {
            try transaction.all(
                "SELECT \((columns + ["count(*)", counts]).joined(separator: ", ")) FROM emails e WHERE \(condition) \(more)", values
            ) { row in
                (
                    columns.indices.map { row.optionalText($0) },
                    (0...EmailStatus.allCases.count).map { row.optionalInteger(columns.count + $0) ?? 0 }
                )
            }
        }
        let all = try rows([], "").first?.counts ?? []
        let days = try rows(["substr(e.received_at, 1, 10) AS day"], "GROUP BY day ORDER BY day")
        let most = "ORDER BY count(*) DESC, 1 LIMIT \(rowLimit)"
        let domains = try rows(["e.domain_id", "max(substr(e.recipient, instr(e.recipient, '@') + 1))"], "GROUP BY e.domain_id \(most)")
        let aliases = try rows(
            ["e.alias_id", "max(e.alias_name || '@' || substr(e.recipient, instr(e.recipient, '@') + 1))", "max(e.received_at)"],
            "AND e.alias_id IS NOT NULL GROUP BY e.alias_id \(most)")
        let attempts = try attempts(filter, in: transaction)
        var json = JSONWriter()
        json.object { json in
            json.member("since", filter.since?.text)
            json.member("until", filter.until?.text)
            json.object("emails") { write(all, to: &$0) }
            json.object("attempts") { json in
                json.member("total", attempts.total)
                json.member("delivered", attempts.delivered)
            }
            for (list, rows, names) in [
                ("days", days, ["date"]), ("domains", domains, ["domain_id", "name"]),
                ("aliases", aliases, ["alias_id", "address", "last_received_at"]),
            ] {
                json.array(list) { json in
                    for row in rows {
                        json.object { json in
                            for (name, value) in zip(names, row.names) { json.member(name, value) }
                            write(row.counts, to: &json)
                        }
                    }
                }
            }
        }
        return json.bytes
    }

    private static func attempts(
        _ filter: EmailQuery.Filter, in transaction: Transaction
    ) throws -> (total: Int, delivered: Int) {
        let (condition, values) = filter.condition
        return try transaction.first(
            "SELECT count(*), sum(d.delivered) FROM emails e JOIN deliveries d ON d.email_id = e.id WHERE \(condition)", values
        ) { ($0.integer(0), $0.optionalInteger(1) ?? 0) } ?? (0, 0)
    }

    private static func write(_ counts: [Int], to json: inout JSONWriter) {
        for (name, count) in zip(["total"] + EmailStatus.allCases.map(\.rawValue), counts) { json.member(name, count) }
    }
}
