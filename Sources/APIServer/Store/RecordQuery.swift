import EmailConnect

/// How much of a record is written.
enum RecordView: Sendable {
    /// A line of the state; fingerprints only for who may compare.
    case state(compare: Bool)
    /// An item of the API, at a moment.
    case item(compare: Bool, at: Timestamp)
    /// The history: no fingerprint, nothing of the server's own.
    case history

    var mayCompare: Bool {
        switch self {
        case .state(let compare), .item(let compare, _): compare
        case .history: false
        }
    }
}

/// A kind's rows as JSON, straight from the columns that its field table names.
struct RecordQuery<R: Resource>: Sendable {
    /// `SELECT ... FROM ...`, without a condition; the table is `t`, its owner `o`, an alias's domain `d`.
    let select: String
    private let columns: [(name: String, form: Form)]
    /// How many columns stand before the kind's own.
    private let commonCount = Self.common.count

    private enum Form: Sendable {
        case text
        case boolean
        case list
    }

    /// The columns before the kind's own.
    private static var common: [String] {
        ["t.id", "t.version", "o.name", "t.created_at", "t.updated_at"] + special
    }

    /// Columns that are not written as they stand.
    private static var special: [String] {
        switch R.kind {
        case .webhook: ["t.headers", "t.url", "t.verified", "t.suspended_at"]
        case .domain: ["t.webhook_id", "t.account_id", "(SELECT mail_host FROM server)"]
        case .alias: ["t.webhook_id", "t.domain_id", "d.name"]
        case .apiKey:
            [
                "t.revoked_at", "(SELECT name FROM owners WHERE id = t.bound_owner_id)", "t.expires_at", "t.expires_after",
                "(SELECT max(last_at) FROM key_use WHERE key_id = t.id)",
                "(SELECT last_ip FROM key_use WHERE key_id = t.id ORDER BY last_at DESC LIMIT 1)",
            ]
        }
    }

    init() {
        let defaults = R()
        columns = R.fields.compactMap { field in
            guard field.column(defaults) != nil, field.name != "url", field.name != "webhook", field.name != "domain",
                field.name != "signing_secret", field.name != "bound_to"
            else { return nil }
            switch field.shape {
            case .boolean: return (field.name, .boolean)
            case .list: return (field.name, .list)
            default: return (field.name, .text)
            }
        }
        let names = Self.common + columns.map { "t.\($0.name)" } + ["t.applied", "t.rowid"]
        let join = R.kind == .alias ? " JOIN domains d ON d.id = t.domain_id" : ""
        select = "SELECT \(names.joined(separator: ", ")) FROM \(R.kind.table) t LEFT JOIN owners o ON o.id = t.owner_id\(join)"
    }

    /// Writes one row as an object.
    func write(_ row: StoredRow, _ view: RecordView, in transaction: Transaction, to json: inout JSONWriter) throws {
        let id = row.text(0)
        var failure: (any Error)?
        json.object { json in
            do { try members(row, id, view, transaction, &json) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// The row's configuration as its owner applied it last; nil while it still is so.
    func applied(_ row: StoredRow) -> String? { row.optionalText(commonCount + columns.count) }

    /// Where the row stands in the order of creation.
    func place(_ row: StoredRow) -> Int { row.integer(commonCount + columns.count + 1) }

    /// The alias's mailbox name in its row.
    func name(_ row: StoredRow) -> String { row.text(commonCount) }

    /// What people call the row: its natural key, or its id.
    func title(_ row: StoredRow) -> String {
        switch R.kind {
        case .alias: "\(name(row))@\(row.text(7))"
        case .domain: row.text(commonCount)
        case .webhook, .apiKey: row.optionalText(commonCount) ?? row.text(0)
        }
    }

    private func members(
        _ row: StoredRow, _ id: String, _ view: RecordView, _ transaction: Transaction, _ json: inout JSONWriter
    ) throws {
        if case .state = view { json.member("kind", R.kind.rawValue) }
        json.member("id", id)
        if case .history = view {} else { json.member("version", row.integer(1)) }
        json.member("managed_by", row.optionalText(2))
        if case .state = view, let applied = applied(row) { json.member("applied", applied) }
        if case .item = view {
            json.member("created_at", row.text(3))
            json.member("updated_at", row.text(4))
        }
        try special(row, id, view, transaction, &json)
        for (index, column) in columns.enumerated() {
            let place = commonCount + index
            switch column.form {
            case .boolean: json.member(column.name, row.boolean(place))
            case .list: json.member(column.name, json: row.optionalText(place) ?? "null")
            case .text: json.member(column.name, row.optionalText(place))
            }
        }
    }

    private func special(
        _ row: StoredRow, _ id: String, _ view: RecordView, _ transaction: Transaction, _ json: inout JSONWriter
    ) throws {
        let isItem = if case .item = view { true } else { false }
        switch R.kind {
        case .domain:
            json.member("webhook_id", row.optionalText(5))
            if isItem {
                try MailCounters.write(of: id, in: "domain", transaction, to: &json)
                try DomainStatus.write(
                    id, name: row.text(commonCount), account: row.text(6), mailHost: row.text(7), in: transaction, to: &json)
            }
        case .alias:
            json.member("webhook_id", row.optionalText(5))
            json.member("domain", row.text(7))
            if isItem {
                json.member("domain_id", row.text(6))
                json.member("address", "\(name(row))@\(row.text(7))")
                try MailCounters.write(of: id, in: "alias", transaction, to: &json)
            }
        case .webhook:
            json.member("url", row.optionalText(6))
            json.member("headers", json: row.text(5))
            try WebhookSecrets.write(of: id, compare: view.mayCompare, in: transaction, to: &json)
            if isItem {
                let aliases = try transaction.all(
                    "SELECT id FROM aliases WHERE webhook_id = ? ORDER BY id", [.text(id)]
                ) { $0.text(0) }
                json.member("alias_ids", aliases)
                json.member("verified", row.boolean(7))
                json.member("verified_at", try WebhookVerification.verifiedAt(id, in: transaction))
                json.member("suspended_at", row.optionalText(8))
                try MailCounters.writeHealth(of: id, transaction, to: &json)
            }
        case .apiKey:
            json.member("revoked_at", row.optionalText(5))
            json.member("bound_to", row.optionalText(6))
            let tokens = try KeyTokens.all(of: id, in: transaction)
            KeyTokens.write(tokens, to: &json)
            guard case .item(_, let now) = view else { return }
            let status = try KeyTokens.status(
                isRevoked: row.optionalText(5) != nil, end: row.optionalText(7), after: row.optionalText(8), tokens, at: now)
            json.member("status", status.rawValue)
            json.member("last_used_at", row.optionalText(9))
            json.member("last_used_ip", row.optionalText(10))
        }
    }
}

extension Kind {
    /// The kind's table.
    var table: String { plural }
}
