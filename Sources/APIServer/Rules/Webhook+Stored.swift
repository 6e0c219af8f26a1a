import EmailConnect

extension Webhook: SlugNamed {
    static let query = RecordQuery<Webhook>()
    static func any(_ operation: Operation<Webhook>) -> AnyOperation { .webhook(operation) }
    static var required: [String] { ["url"] }

    static func check(_ stated: Stated<Webhook>, isNew: Bool, in ledger: LedgerTransaction) throws(Problem) {
        if let url = stated.value.url?.address, !ledger.webhookTargets.allow(url) {
            throw invalid("url", "the URL's host is private to a network: this server does not send there")
        }
    }

    /// Refuses who asks for something to be done with a webhook that is not there, or is none of theirs.
    /// - Throws: ``Problem``.
    static func require(_ id: String, of caller: Caller, in transaction: Transaction) throws {
        let found = try transaction.first(
            "SELECT o.name FROM webhooks w LEFT JOIN owners o ON o.id = w.owner_id WHERE w.account_id = ? AND w.id = ?",
            [.text(caller.accountID), .text(id)]
        ) { (owner: $0.optionalText(0), isThere: true) }
        guard let found else { throw Problem(.notFound, "there is no webhook \(id.prefix(64))") }
        try caller.requireOwner(found.owner)
    }

    static func references(_ stated: Stated<Webhook>, in ledger: inout LedgerTransaction) throws -> [(column: String, value: RowValue)] {
        guard stated.states("url") else { return [] }
        if case .plain(let url) = stated.value.url { return [("url", .text(url.text))] }
        return [("url", .null)]
    }

    static func writeDependents(_ stated: Stated<Webhook>, of id: String, isNew: Bool, in ledger: LedgerTransaction) throws -> Bool {
        var isChanged = false
        if stated.states("url") {
            let secret: Sensitive? = stated.value.url?.sensitive
            isChanged = try write(.url, secret, of: id, in: ledger)
            try WebhookVerification.forget(id, unlessAt: stated.value.url?.address?.text, in: ledger.transaction)
        }
        if stated.states("headers"), try writeHeaders(stated.value.headers, of: id, isNew: isNew, in: ledger) { isChanged = true }
        if stated.states("signing_secret"), let secret = stated.value.signingSecret {
            if try write(.signingSecret, secret, of: id, in: ledger) { isChanged = true }
        } else if isNew || stated.states("signing_secret") {
            // Nobody gave one: the server makes it, as the 33 bytes that the letters are in Base64.
            let made = Secret("whsec_" + ledger.random.identifier(44))
            let isNews = try WebhookSecrets.set(
                .signingSecret, made, of: id, madeByServer: true, random: ledger.random, in: ledger.transaction)
            if isNews { isChanged = true }
        }
        return isChanged
    }

    private static func write(
        _ place: WebhookSecrets.Place, _ sensitive: Sensitive?, of id: String, in ledger: LedgerTransaction
    ) throws -> Bool {
        switch sensitive {
        case .value(let value):
            return try WebhookSecrets.set(place, value.secret, of: id, random: ledger.random, in: ledger.transaction)
        case nil: return try WebhookSecrets.remove(place, of: id, in: ledger.transaction)
        case .reference, .stored: throw invalid(place.field, "a secret is sent as text")
        }
    }

    /// Merges the headers of a request into the stored ones; a header is plain or secret, never both.
    private static func writeHeaders(_ headers: Headers, of id: String, isNew: Bool, in ledger: LedgerTransaction) throws -> Bool {
        let transaction = ledger.transaction
        var plain = Headers()
        let stored = try transaction.first("SELECT headers FROM webhooks WHERE id = ?", [.text(id)]) { $0.text(0) } ?? "{}"
        var reader = JSONReader(Array(stored.utf8))
        try plain.take(reader.node(), wire: "headers")
        var secrets: [HeaderName: String] = [:]
        for name in try WebhookSecrets.headers(of: id, in: transaction) { secrets[try HeaderName(name)] = name }

        var isChanged = false
        if headers.replacesAll {
            for (name, text) in secrets where headers.values[name] == nil {
                if try WebhookSecrets.remove(.header(text), of: id, in: transaction) { isChanged = true }
            }
            plain.values = plain.values.filter { headers.values[$0.key] != nil }
        }
        for (name, value) in headers.sorted {
            if case .secret(let sensitive) = value {
                plain.values[name] = nil
                if let old = secrets[name], old != name.text {
                    _ = try WebhookSecrets.remove(.header(old), of: id, in: transaction)
                }
                if try write(.header(name.text), sensitive, of: id, in: ledger) { isChanged = true }
            } else {
                plain.values[name] = value == .removed ? nil : value
                if let old = secrets[name] {
                    isChanged = try WebhookSecrets.remove(.header(old), of: id, in: transaction) || isChanged
                }
            }
        }
        let total = try plain.values.count + WebhookSecrets.headers(of: id, in: transaction).count
        guard total <= 32 else { throw invalid("headers", "a webhook has at most 32 headers") }
        var json = JSONWriter()
        json.object { json in
            for (name, value) in plain.sorted { if case .plain(let text) = value { json.member(name.text, text) } }
        }
        try transaction.run("UPDATE webhooks SET headers = ? WHERE id = ?", [.text(json.text), .text(id)])
        return isChanged
    }
}

extension WebhookURL {
    /// The URL itself, plain or secret, where it is at hand.
    fileprivate var address: HTTPURL? {
        switch self {
        case .plain(let url): url
        case .secret(.value(let value)): try? HTTPURL(value.secret.reveal())
        default: nil
        }
    }
}
