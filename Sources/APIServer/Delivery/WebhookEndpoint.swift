import EmailConnect

/// Where a webhook leads, and what it is sent with.
struct WebhookEndpoint: Sendable {
    let url: HTTPURL
    let headers: [(name: String, value: String)]
    let signingSecret: Secret
    /// What no log may show.
    let secrets: [String]

    /// Reads it; nil when the webhook is gone.
    static func find(_ id: String, account: String, in transaction: Transaction) throws -> WebhookEndpoint? {
        let webhook = try transaction.first(
            "SELECT url, headers FROM webhooks WHERE id = ? AND account_id = ?", [.text(id), .text(account)]
        ) { (url: $0.optionalText(0), headers: $0.text(1)) }
        guard let webhook else { return nil }
        let secrets = try transaction.all(
            "SELECT field, name, value FROM webhook_secrets WHERE webhook_id = ?", [.text(id)]
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
        if webhook.url == nil { hidden += pieces(url) }
        return WebhookEndpoint(url: url, headers: headers, signingSecret: Secret(signing.value), secrets: hidden)
    }

    /// Of a secret URL the endpoint sees the path and the query, and may name either, or what the query says.
    private static func pieces(_ url: HTTPURL) -> [String] {
        let seen = url.text.split(separator: "/", maxSplits: 2).last?.drop { $0 != "/" } ?? ""
        let parts = seen.split(separator: "?", maxSplits: 1)
        let values = parts.dropFirst().flatMap { $0.split(separator: "&") }.compactMap { $0.split(separator: "=", maxSplits: 1).last }
        return ([seen] + parts + values).map(String.init)
    }

    /// A request, signed.
    /// - Parameter id: the same on every attempt.
    func outgoing(_ body: [UInt8], id: String, at time: Timestamp) -> Outgoing {
        let own = [
            ("Content-Type", "application/json"), ("User-Agent", "EmailConnect/1"),
            ("X-EmailConnect-Signature", WebhookSignature.plain(body, signingSecret)), ("webhook-id", id),
            ("webhook-timestamp", String(time.seconds)),
            ("webhook-signature", WebhookSignature.standard(body, id: id, time: time, signingSecret)),
        ]
        return Outgoing(url: url, headers: headers + own.map { (name: $0.0, value: $0.1) }, body: body)
    }
}
