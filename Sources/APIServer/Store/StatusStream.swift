import EmailConnect

/// What the server knows of an account's domains and webhooks by itself, from one consistent read, as chunks of NDJSON: a line each, an
/// end line.
struct StatusStream: LineStream {
    private let snapshot: Snapshot
    private let account: String
    var stages: [Stage]
    private var count = 0

    /// What comes next, each kind from where the last chunk ended.
    enum Stage: Sendable {
        case domains(after: String)
        case webhooks(after: Int)
        case end
    }

    /// The kinds of which the server knows anything by itself.
    static let kinds: [Kind] = [.webhook, .domain]
    /// Rows in a chunk; between two chunks the reader may be slow.
    private static let chunkRows = 1000

    init(_ snapshot: Snapshot, account: String, kinds: [Kind]) {
        self.snapshot = snapshot
        self.account = account
        stages = [.end]
        if kinds.contains(.webhook) { stages.append(.webhooks(after: 0)) }
        if kinds.contains(.domain) { stages.append(.domains(after: "")) }
    }

    mutating func chunk(_ stage: Stage) async throws -> [UInt8] {
        let account = account
        switch stage {
        case .domains(let after):
            let chunk = try await snapshot.read { try Self.domains(of: account, after: after, in: $0) }
            count += chunk.rows
            if chunk.rows == Self.chunkRows { stages.append(.domains(after: chunk.last)) }
            return chunk.bytes
        case .webhooks(let after):
            let chunk = try await snapshot.read { try Self.webhooks(of: account, after: after, in: $0) }
            count += chunk.rows
            if chunk.rows == Self.chunkRows { stages.append(.webhooks(after: chunk.last)) }
            return chunk.bytes
        case .end:
            var json = JSONWriter()
            json.object { json in
                json.member("end", true)
                json.member("records", count)
            }
            json.endLine()
            return json.bytes
        }
    }

    private static func domains(
        of account: String, after: String, in transaction: Transaction
    ) throws -> (bytes: [UInt8], rows: Int, last: String) {
        let mailHost = try transaction.first("SELECT mail_host FROM server") { $0.text(0) } ?? ""
        var (json, rows, last) = (JSONWriter(), 0, after)
        try transaction.each(
            """
            SELECT d.id, d.name, o.name, v.status, v.checked_at, v.records FROM domains d LEFT JOIN owners o ON o.id = d.owner_id
            LEFT JOIN domain_verification v ON v.domain_id = d.id AND v.name = d.name AND v.mail_host = ?
            WHERE d.account_id = ? AND d.name > ? ORDER BY d.name LIMIT \(chunkRows)
            """, [.text(mailHost), .text(account), .text(after)]
        ) { row in
            last = row.text(1)
            let verification =
                if let status = row.optionalText(3) {
                    try DomainVerification(status: status, checkedAt: row.text(4), records: row.text(5))
                } else { DomainVerification() }
            let status = DomainStatus(
                id: row.text(0), name: try DomainName(last), owner: try row.optionalText(2).map { try Owner($0) },
                verification: verification, records: try DomainNeeds.records(of: last, account: account, mailHost: mailHost))
            status.write(to: &json)
            rows += 1
            return true
        }
        return (json.bytes, rows, last)
    }

    private static func webhooks(
        of account: String, after: Int, in transaction: Transaction
    ) throws -> (bytes: [UInt8], rows: Int, last: Int) {
        var (json, rows, last) = (JSONWriter(), 0, after)
        try transaction.each(
            """
            SELECT w.rowid, w.id, w.verified, v.verified_at, w.suspended_at FROM webhooks w
            LEFT JOIN webhook_verification v ON v.webhook_id = w.id
            WHERE w.account_id = ? AND w.rowid > ? ORDER BY w.rowid LIMIT \(chunkRows)
            """, [.text(account), .integer(after)]
        ) { row in
            last = row.integer(0)
            let status = WebhookStatus(
                id: row.text(1), isVerified: row.boolean(2), verifiedAt: try row.optionalText(3).map { try Timestamp($0) },
                suspendedAt: try row.optionalText(4).map { try Timestamp($0) })
            status.write(to: &json)
            rows += 1
            return true
        }
        return (json.bytes, rows, last)
    }
}
