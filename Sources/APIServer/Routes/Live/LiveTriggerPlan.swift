import EmailConnect

/// The operations that a trigger comes to, found out in the transaction that does them.
struct LiveTriggerPlan: Sendable {
    let domain: (id: String, name: String, isUpdated: Bool)
    let local: LocalPart
    private(set) var aliasID: String
    private(set) var webhookID: String
    private(set) var action = "found"
    private(set) var operations: [AnyOperation] = []
    private(set) var ids: [Int: String] = [:]

    init(_ trigger: LiveTrigger, _ caller: Caller, _ random: Randomness, in transaction: Transaction) throws {
        let account = RowValue.text(caller.accountID)
        let found = try transaction.first(
            "SELECT name, webhook_id FROM domains WHERE account_id = ? AND id = ?", [account, .text(trigger.domainID)]
        ) { (name: $0.text(0), webhook: $0.optionalText(1)) }
        guard let found, let local = trigger.local else {
            throw Rejection("there is no domain \(trigger.domainID.prefix(64))", pointer: "/domainId")
        }
        self.local = local
        let alias = try transaction.first(
            "SELECT id, webhook_id FROM aliases WHERE domain_id = ? AND name = ?", [.text(trigger.domainID), .text(local.text)]
        ) { (id: $0.text(0), webhook: $0.optionalText(1)) }
        if alias != nil, !trigger.takesKnown { throw Problem(.duplicate, "alias \(local.text)@\(found.name) already exists") }

        aliasID = alias?.id ?? Kind.alias.idPrefix + random.identifier(16)
        let made = Kind.webhook.idPrefix + random.identifier(16)
        let chosen = try Self.webhook(trigger, alias?.webhook, aliasID, caller, in: transaction)
        webhookID = chosen?.id ?? made
        let isUpdated = trigger.syncs && found.webhook != webhookID
        domain = (trigger.domainID, found.name, isUpdated)

        if chosen == nil {
            ids[operations.count] = made
            operations.append(.webhook(Operation(.create(trigger.webhook), expect: nil)))
        } else if let chosen, chosen.isOwn, trigger.updates {
            operations.append(.webhook(Operation(.update(.id(chosen.id), trigger.webhook), expect: nil)))
        }
        var set = Stated<Alias>()
        let reference = WebhookReference.id(webhookID)
        if alias == nil {
            set.state("domain") { $0.domain = .id(trigger.domainID) }
            set.state("name") { $0.name = local }
            set.state("webhook") { $0.webhook = reference }
            ids[operations.count] = aliasID
            operations.append(.alias(Operation(.create(set), expect: nil)))
        } else if alias?.webhook != webhookID {
            set.state("webhook") { $0.webhook = reference }
            operations.append(.alias(Operation(.update(.id(aliasID), set), expect: nil)))
        }
        if isUpdated {
            var set = Stated<Domain>()
            set.state("webhook") { $0.webhook = reference }
            operations.append(.domain(Operation(.update(.id(trigger.domainID), set), expect: nil)))
        }
        action = alias == nil ? "created" : operations.isEmpty ? "found" : "updated"
    }

    /// The webhook that is taken: the alias's if the request may change it or it is right as it is, else one with that URL; nil when there
    /// is none. It is the trigger's own if it serves nothing else, nobody manages or protects it, and no secret would go to another URL.
    private static func webhook(
        _ trigger: LiveTrigger, _ attached: String?, _ alias: String, _ caller: Caller, in transaction: Transaction
    ) throws -> (id: String, isOwn: Bool)? {
        guard trigger.takesKnown, case .plain(let url) = trigger.webhook.value.url else { return nil }
        let candidates = try transaction.all(
            """
            SELECT w.id, w.url IS NOT NULL AND w.url = ?1, w.owner_id IS NULL AND NOT w.protected
                AND NOT EXISTS (SELECT 1 FROM aliases WHERE webhook_id = w.id AND id <> ?2)
                AND NOT EXISTS (SELECT 1 FROM domains WHERE webhook_id = w.id AND id <> ?3)
                AND NOT EXISTS (SELECT 1 FROM webhook_secrets
                    WHERE webhook_id = w.id AND NOT (field = 'signing_secret' AND server_made))
            FROM webhooks w WHERE w.account_id = ?4 AND (w.id = ?5 OR w.url = ?1) ORDER BY w.id <> ?5, w.rowid LIMIT 2
            """,
            [
                .text(url.text), .text(alias), .text(trigger.syncs ? trigger.domainID : ""), .text(caller.accountID), .text(attached ?? ""),
            ]
        ) { (id: $0.text(0), isThere: $0.boolean(1), isOwn: $0.boolean(2)) }
        if let attached, let own = candidates.first, own.id == attached, own.isThere || own.isOwn || !trigger.updates {
            return (own.id, own.isOwn)
        }
        return candidates.first { $0.isThere }.map { ($0.id, $0.isOwn) }
    }
}

extension LiveTriggerPlan {
    /// Writes the answer, from the rows as they are now.
    func write(_ dialect: Dialect, _ view: RecordView, in transaction: Transaction, to json: inout JSONWriter) throws {
        func item<R: StoredResource>(_: R.Type, _ id: String) throws -> String {
            var json = JSONWriter()
            try transaction.each("\(dialect.select(R.self)) WHERE t.id = ?", [.text(id)]) { row in
                try dialect.write(R.self, row, view, in: transaction, to: &json)
                return false
            }
            return json.text
        }
        let (webhook, alias) = (try item(Webhook.self, webhookID), try item(Alias.self, aliasID))
        json.object { json in
            json.member("success", true)
            json.member("action", action)
            json.member("webhook", json: webhook)
            json.member("alias", json: alias)
            json.object("domain") { json in
                json.member("id", domain.id)
                json.member("webhookUpdated", domain.isUpdated)
            }
            json.member("message", "\(action.prefix(1).uppercased())\(action.dropFirst()) alias \(local.text)@\(domain.name)")
        }
    }
}
