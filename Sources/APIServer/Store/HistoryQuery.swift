import EmailConnect

/// Reads the history: what was committed, by whom, and whether it still stands.
enum HistoryQuery {
    /// Which commits are wanted.
    struct Filter: Sendable {
        var account: String
        var owner: String?
        /// How the digest begins.
        var digest: String?
        var revision: Int?
        /// Only what is older than this place.
        var before: Int?
        var limit: Int
    }

    /// The commits, the latest first, each with its place.
    static func applies(_ filter: Filter, in transaction: Transaction) throws -> [(place: Int, record: ApplyRecord)] {
        let (condition, values) = conditions(filter, table: "a", place: "a.id")
        return try transaction.all(
            """
            SELECT a.id, a.revision, a.time, a.owner, a.actor, a.digest, a.sequence, a.context, a.operations FROM applies a
            WHERE \(condition) ORDER BY a.id DESC LIMIT ?
            """, values + [.integer(filter.limit)]
        ) { row in (row.integer(0), try record(row)) }
    }

    /// The single changes, the latest first, each with its place.
    static func changes(
        _ filter: Filter, kind: String?, resource: String?, in transaction: Transaction
    ) throws -> [(place: Int, json: String)] {
        var (condition, values) = conditions(filter, table: "a", place: "c.id")
        for (column, value) in [("c.kind", kind), ("c.resource_id", resource)] {
            guard let value else { continue }
            condition += " AND \(column) = ?"
            values.append(.text(value))
        }
        return try transaction.all(
            """
            SELECT c.id, a.revision, a.time, a.owner, a.actor, a.digest, c.kind, c.resource_id, c.before, c.after
            FROM changes c JOIN applies a ON a.id = c.apply_id WHERE \(condition) ORDER BY c.id DESC LIMIT ?
            """, values + [.integer(filter.limit)]
        ) { row in
            var json = JSONWriter()
            json.object { json in
                json.member("revision", row.integer(1))
                json.member("time", row.text(2))
                for (place, name) in [(3, "owner"), (4, "actor"), (5, "digest"), (6, "kind"), (7, "resource_id")] {
                    json.member(name, row.optionalText(place))
                }
                for (place, name) in [(8, "before"), (9, "after")] {
                    if let text = row.optionalText(place) { json.member(name, json: text) } else { json.null(name) }
                }
            }
            return (row.integer(0), json.text)
        }
    }

    /// What of a commit is not any more as it left it, by name; the first few.
    static func moved(_ apply: Int, account: String, in transaction: Transaction) throws -> [String] {
        let changes = try transaction.all(
            "SELECT kind, resource_id, before, after, version FROM changes WHERE apply_id = ? ORDER BY id", [.integer(apply)]
        ) {
            (
                kind: Kind(rawValue: $0.text(0)), id: $0.text(1), before: $0.optionalText(2), after: $0.optionalText(3),
                version: $0.optionalInteger(4)
            )
        }
        var moved: [String] = []
        for change in changes where moved.count < 20 {
            let name: String? =
                switch change.kind {
                case .webhook: try Self.moved(Webhook.self, change.id, change.before, change.after, account, transaction)
                case .domain: try Self.moved(Domain.self, change.id, change.before, change.after, account, transaction)
                case .alias: try Self.moved(Alias.self, change.id, change.before, change.after, account, transaction)
                case .apiKey: try Self.moved(APIKey.self, change.id, change.before, change.after, account, transaction)
                case nil: nil
                }
            // Only a webhook's version tells that one of its secrets changed.
            let isNewer =
                try change.kind == .webhook && change.after != nil
                && transaction.first("SELECT version FROM webhooks WHERE id = ?", [.text(change.id)]) { $0.integer(0) } != change.version
            if let name {
                moved.append(name)
            } else if isNewer, let after = change.after {
                moved.append("webhook \(try Webhook.record(Array(after.utf8)).value.key?.text ?? change.id)")
            }
        }
        return moved
    }

    private static func moved<R: StoredResource>(
        _: R.Type, _ id: String, _ before: String?, _ after: String?, _ account: String, _ transaction: Transaction
    ) throws -> String? {
        guard let after else {
            // What was deleted has moved when there is something of its name again.
            guard let before, let name = try R.record(Array(before.utf8)).value.naturalKey?.description else { return nil }
            let found = try R.find(name, account: account, owner: R.record(Array(before.utf8)).owner)
            let there = try transaction.first(
                "SELECT 1 FROM \(R.kind.table) t WHERE t.account_id = ? AND \(found.condition)", [.text(account)] + found.values
            ) { $0.integer(0) }
            return there == nil ? nil : "\(R.kind.word) \(name)"
        }
        let then = try R.record(Array(after.utf8))
        let now = try transaction.first("\(R.query.select) WHERE t.id = ?", [.text(id)]) { row in
            var json = JSONWriter()
            try R.query.write(row, .history, in: transaction, to: &json)
            return try R.record(json.bytes)
        }
        let isSame = try now.map { now in
            try now.owner == then.owner
                && R.named(now.value, seenBy: now.owner, in: transaction).configuration
                    == R.named(then.value, seenBy: then.owner, in: transaction).configuration
        }
        return isSame == true ? nil : "\(R.kind.word) \(then.value.naturalKey?.description ?? id)"
    }

    private static func conditions(_ filter: Filter, table: String, place: String) -> (String, [RowValue]) {
        var condition = "\(table).account_id = ?"
        var values: [RowValue] = [.text(filter.account)]
        func add(_ text: String, _ value: RowValue) {
            condition += " AND \(text)"
            values.append(value)
        }
        if let owner = filter.owner { add("\(table).owner = ?", .text(owner)) }
        if let digest = filter.digest {
            add("\(table).digest >= ?", .text(digest))
            add("\(table).digest < ?", .text(digest + "g"))
        }
        if let revision = filter.revision { add("\(table).revision = ?", .integer(revision)) }
        if let before = filter.before { add("\(place) < ?", .integer(before)) }
        return (condition, values)
    }

    private static func record(_ row: StoredRow) throws -> ApplyRecord {
        var context: [String: String] = [:]
        var reader = JSONReader(Array(row.text(7).utf8))
        for member in try reader.node().members("a context") { context[member.key.text] = try member.value.text() }
        return ApplyRecord(
            revision: row.integer(1), time: try Timestamp(row.text(2)), owner: try row.optionalText(3).map { try Owner($0) },
            actor: row.text(4), digest: row.optionalText(5), sequence: row.optionalInteger(6), context: context,
            operations: row.integer(8))
    }
}
