import EmailConnect
import Mail

/// Delivers again what came in once.
enum Replay {
    /// Queues an email anew, on the way that its recipient has today; one that waits is due now.
    /// - Returns: whether it was queued anew.
    /// - Throws: ``Problem`` when there is none of this id, or it cannot be delivered.
    static func begin(_ id: String, account: String, at time: Timestamp, in transaction: Transaction) throws -> Bool {
        let email = try transaction.first(
            "SELECT recipient, status, content_id IS NOT NULL FROM emails WHERE account_id = ? AND id = ?", [.text(account), .text(id)]
        ) { (recipient: $0.text(0), status: $0.text(1), isKept: $0.boolean(2)) }
        guard let email else { throw Problem(.notFound, "there is no email \(id.prefix(64))") }
        guard email.isKept else { throw Problem(.undeliverable, "the email's content is not kept; only what was queued is, for 30 days") }
        guard email.status != EmailStatus.queued.rawValue else {
            // What is on its way just now is left alone.
            try transaction.run(
                "UPDATE emails SET next_attempt_at = ?1 WHERE id = ?2 AND coalesce(claimed_until, '') <= ?1", [.text(time.text), .text(id)])
            return false
        }
        guard let route = try route(to: email.recipient, account: account, in: transaction), let webhook = route.webhookID else {
            throw Problem(.undeliverable, "no webhook gets what comes for \(email.recipient.beginning(bytes: Arrival.addressLimit)) today")
        }
        try transaction.run(
            """
            UPDATE emails SET status = 'queued', reason = NULL, domain_id = ?, alias_id = ?, alias_name = ?, webhook_id = ?,
                allow_attachments = ?, include_envelope = ?, attempts = 0, queued_at = ?, next_attempt_at = ?, finished_at = NULL
            WHERE id = ?
            """,
            [
                .text(route.domainID), RowValue(route.alias?.id), RowValue(route.alias?.name), .text(webhook),
                .integer(route.allowsAttachments ? 1 : 0), .integer(route.includesEnvelope ? 1 : 0), .text(time.text), .text(time.text),
                .text(id),
            ])
        return true
    }

    private static func route(to recipient: String, account: String, in transaction: Transaction) throws -> MailRoute? {
        guard let path = try? SMTPPath(parsing: Array("<\(recipient)>".utf8)[...], allowsUTF8: true), let address = path.address,
            let recipient = MailRecipient(address)
        else { return nil }
        return try MailRoute.find(recipient, account: account, in: transaction)
    }
}
