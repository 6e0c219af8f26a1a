import EmailConnect

/// One delivery that is due: what is sent, and to where.
struct DeliveryJob: Sendable {
    let place: Int
    let emailID: String
    let accountID: String
    let webhookID: String
    /// From 1.
    let attempt: Int
    /// The message's size, in bytes.
    let size: Int

    /// What the webhook gets, and how it is reached.
    struct Content: Sendable {
        let payload: Payload
        let raw: [UInt8]
        let endpoint: WebhookEndpoint

        /// What no log may show.
        var secrets: [String] { endpoint.secrets }

        /// The request. Its body is the same each time, its time is not.
        func outgoing(at time: Timestamp) -> Outgoing? {
            (try? payload.json(of: raw)).map { endpoint.outgoing($0, id: payload.id, at: time) }
        }
    }

    /// Reads it; nil when the webhook is gone.
    func content(in transaction: Transaction) throws -> Content? {
        let email = try transaction.first(
            """
            SELECT e.received_at, e.domain_id, e.alias_id, e.alias_name, e.sender, e.recipient, e.include_envelope, e.allow_attachments, c.raw
            FROM emails e JOIN mail_contents c ON c.id = e.content_id WHERE e.id = ?
            """, [.text(emailID)]
        ) { row in
            (
                payload: Payload(
                    id: emailID, receivedAt: row.text(0), domainID: row.text(1), aliasID: row.optionalText(2),
                    aliasName: row.optionalText(3),
                    sender: row.optionalText(4), recipient: row.text(5), includesEnvelope: row.boolean(6), allowsAttachments: row.boolean(7)
                ),
                raw: row.bytes(8)
            )
        }
        guard let email, let endpoint = try WebhookEndpoint.find(webhookID, account: accountID, in: transaction) else { return nil }
        return Content(payload: email.payload, raw: email.raw, endpoint: endpoint)
    }
}
