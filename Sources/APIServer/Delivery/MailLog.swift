import EmailConnect
import Mail

/// What came in, as rows.
enum MailLog {
    /// How long a message can be sent again, in seconds: 30 days.
    private static let contentKept = 30 * 86_400
    /// How long the log is kept, in seconds: 400 days, as the history is.
    private static let kept = 400 * 86_400

    /// Keeps a message, to be sent and sent again.
    static func keep(_ raw: [UInt8], account: String, at time: Timestamp, in transaction: Transaction) throws -> Int {
        try transaction.run(
            "INSERT INTO mail_contents (account_id, received_at, raw) VALUES (?, ?, ?)", [.text(account), .text(time.text), .bytes(raw)])
        return transaction.lastInsertedID
    }

    /// Writes down what becomes of a message for one recipient.
    static func add(
        _ id: String, _ arrival: Arrival, _ recipient: MailRecipient, _ route: MailRoute, content: Int?, account: String,
        at time: Timestamp, in transaction: Transaction
    ) throws {
        let isQueued = route.status == .queued
        let message = arrival.message
        try transaction.run(
            """
            INSERT INTO emails (id, account_id, content_id, domain_id, alias_id, alias_name, webhook_id, sender, recipient, header_from,
                header_to, subject, message_id, size, status, reason, allow_attachments, include_envelope, received_at, queued_at,
                next_attempt_at, finished_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(id), .text(account), isQueued ? content.map(RowValue.integer) ?? .null : .null, .text(route.domainID),
                RowValue(route.alias?.id), RowValue(route.alias?.name), RowValue(route.webhookID), RowValue(arrival.sender),
                .text(recipient.address), .text(list(message.from)), .text(list(message.to)), RowValue(message.subject.map(short)),
                RowValue(message.messageID.map(short)), .integer(arrival.raw.count), .text(route.status.rawValue),
                RowValue(route.reason?.rawValue), .integer(route.allowsAttachments ? 1 : 0), .integer(route.includesEnvelope ? 1 : 0),
                .text(time.text), isQueued ? .text(time.text) : .null, isQueued ? .text(time.text) : .null,
                isQueued ? .null : .text(time.text),
            ])
        guard route.status != .refused else { return }
        try count(route.domainID, in: "domain", account: account, at: time, transaction)
        if let alias = route.alias { try count(alias.id, in: "alias", account: account, at: time, transaction) }
    }

    private static func count(
        _ id: String, in kind: String, account: String, at time: Timestamp, _ transaction: Transaction
    ) throws {
        try transaction.run(
            """
            INSERT INTO \(kind)_mail (\(kind)_id, account_id, received, last_received_at) VALUES (?1, ?2, 1, ?3)
            ON CONFLICT DO UPDATE SET received = received + 1, last_received_at = max(last_received_at, ?3)
            """, [.text(id), .text(account), .text(time.text)])
    }

    /// A header as the log has it: of a long one, a kilobyte at most.
    private static func short(_ text: String) -> String { text.beginning(bytes: 1000) }

    private static func list(_ addresses: [MailAddress]) -> String {
        short(
            addresses.prefix(10).map { address in
                address.name.isEmpty ? address.address.description : "\(address.name) <\(address.address)>"
            }.joined(separator: ", "))
    }

    /// A slice with each message, so that no message pays for all of it. A clock that jumps ahead for a moment takes nothing with it.
    static func prune(at time: Timestamp, in transaction: Transaction) throws {
        let latest = try transaction.first("SELECT received_at FROM emails ORDER BY place DESC LIMIT 1 OFFSET 1") {
            try Timestamp($0.text(0))
        }
        let present = min(time, latest ?? time)
        try transaction.run(
            """
            DELETE FROM mail_contents WHERE received_at < ? AND id IN (SELECT id FROM mail_contents ORDER BY id LIMIT 20)
            AND NOT EXISTS (SELECT 1 FROM emails WHERE content_id = mail_contents.id AND status = 'queued')
            """, [.text(Timestamp(seconds: present.seconds - contentKept).text)])
        try transaction.run(
            "DELETE FROM emails WHERE received_at < ? AND status <> 'queued' AND place IN (SELECT place FROM emails ORDER BY place LIMIT 20)",
            [.text(Timestamp(seconds: present.seconds - kept).text)])
    }
}
