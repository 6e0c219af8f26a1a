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
        let url: HTTPURL
        let headers: [(name: String, value: String)]
        let signingSecret: Secret
        /// What no log may show.
        let secrets: [String]

        /// The request. Its body is the same each time, its time is not.
        func outgoing(at time: Timestamp) -> Outgoing? {
            guard let body = try? payload.json(of: raw) else { return nil }
            let own = [
                ("Content-Type", "application/json"), ("User-Agent", "EmailConnect/1"),
                ("X-EmailConnect-Signature", WebhookSignature.plain(body, signingSecret)), ("webhook-id", payload.id),
                ("webhook-timestamp", String(time.seconds)),
                ("webhook-signature", WebhookSignature.standard(body, id: payload.id, time: time, signingSecret)),
            ]
            return Outgoing(url: url, headers: headers + own.map { (name: $0.0, value: $0.1) }, body: body)
        }
    }

    /// Reads it; nil when the webhook is gone.
    func content(in transaction: Transaction) throws -> Content? {
        let webhook = try transaction.first(
            "SELECT url, headers FROM webhooks WHERE id = ? AND account_id = ?", [.text(webhookID), .text(accountID)]
        ) { (url: $0.optionalText(0), headers: $0.text(1)) }
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
        guard let webhook, let email else { return nil }
        let secrets = try transaction.all(
            "SELECT field, name, value FROM webhook_secrets WHERE webhook_id = ?", [.text(webhookID)]
        ) { (field: $0.text(0), name: $0.text(1), value: $0.text(2)) }
        let address = webhook.url ?? secrets.first { $0.field == "url" }?.value
        guard let address, let url = try? HTTPURL(address), let signing = secrets.first(where: { $0.field == "signing_secret" }) else {
            return nil
        }
        var reader = JSONReader(Array(webhook.headers.utf8))
        var headers = try reader.node().members("headers").map { (name: $0.key.text, value: try $0.value.text()) }
        headers += secrets.filter { $0.field == "header" }.map { (name: $0.name, value: $0.value) }
        // A header's value may be a scheme and the secret: the endpoint may send back the second alone.
        var hidden = secrets.flatMap { [$0.value] + $0.value.split(separator: " ").dropFirst().map(String.init) }
        // Of a secret URL it sees the path and the query.
        if webhook.url == nil { hidden.append(String(url.text.split(separator: "/", maxSplits: 2).last?.drop { $0 != "/" } ?? "")) }
        return Content(
            payload: email.payload, raw: email.raw, url: url, headers: headers, signingSecret: Secret(signing.value), secrets: hidden)
    }
}
