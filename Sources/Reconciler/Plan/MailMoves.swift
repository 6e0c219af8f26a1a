import EmailConnect

/// How many routes of mail a plan changes: an address whose mail was delivered and now goes elsewhere, or nowhere. What is
/// deleted counts as a deletion, not here.
enum MailMoves {
    /// Where the mail of an address goes: which webhook, under which URL.
    private struct Route: Equatable {
        var webhook: WebhookReference
        var url: WebhookURL?
    }

    private struct Point {
        var url: WebhookURL?
        var isEnabled: Bool
    }

    private struct Sides {
        var webhooks: [WebhookReference: Point] = [:]
        var domains: [DomainName: Domain] = [:]

        func route(_ alias: Alias) -> Route? {
            guard alias.enabled, let name = alias.domain?.name, let domain = domains[name], domain.enabled else { return nil }
            return route(to: alias.webhook ?? domain.webhook)
        }

        func route(to reference: WebhookReference?) -> Route? {
            guard let reference, let point = webhooks[reference], point.isEnabled else { return nil }
            return Route(webhook: reference, url: point.url)
        }
    }

    /// - Complexity: O(aliases) when a webhook or a domain changes, otherwise O(changes).
    static func count(_ plan: Plan, _ state: AccountState) -> Int {
        let aliases = Changed(plan.aliases)
        let hasWebhooks = plan.webhooks.contains { if case .update = $0 { true } else { false } }
        let hasDomains = plan.domains.contains { if case .update = $0 { true } else { false } }
        guard hasWebhooks || hasDomains || !aliases.new.isEmpty else { return 0 }

        var before = Sides()
        for webhook in state.webhooks {
            let reference = WebhookReference(id: webhook.id, key: webhook.value.key, owner: webhook.owner, seenBy: plan.owner)
            before.webhooks[reference] = Point(url: webhook.value.url, isEnabled: webhook.value.enabled)
        }
        for domain in state.domains { if let name = domain.value.name { before.domains[name] = domain.value } }
        var after = before
        apply(plan, to: &after)

        // An address that gets another name is looked at under its new one: moved_from is written down.
        func isMoved(_ old: Alias, _ new: Alias) -> Bool { before.route(old).map { $0 != after.route(new) } ?? false }
        guard hasWebhooks || hasDomains else {
            return aliases.old.count { id, old in aliases.new[id].map { isMoved(old, $0) } ?? false }
        }
        var count = 0
        var catchAlls: Set<DomainName> = []
        for record in state.aliases where !aliases.gone.contains(record.id) {
            if isMoved(record.value, aliases.new[record.id] ?? record.value) { count += 1 }
            if record.value.name?.text == LocalPart.catchAll, let domain = record.value.domain?.name { catchAlls.insert(domain) }
        }
        for (name, old) in before.domains where !catchAlls.contains(name) && old.enabled {
            guard let new = after.domains[name], let route = before.route(to: old.webhook) else { continue }
            if !new.enabled || after.route(to: new.webhook) != route { count += 1 }
        }
        return count
    }

    private static func apply(_ plan: Plan, to sides: inout Sides) {
        for change in plan.webhooks {
            switch change {
            case .create(let new):
                if let key = new.key { sides.webhooks[.key(key.text)] = Point(url: new.url, isEnabled: new.enabled) }
            case .update(let old, let new, let differences):
                // A secret URL that could not be compared is taken to be the one that is there.
                let isSure = differences.contains { $0.field == "url" && $0.certainty == .changed }
                let point = Point(url: isSure ? new.url : old.value.url, isEnabled: new.enabled)
                sides.webhooks[WebhookReference(id: old.id, key: old.value.key, owner: old.owner, seenBy: plan.owner)] = point
                if let key = new.key { sides.webhooks[.key(key.text)] = point }
            case .delete: break
            }
        }
        for change in plan.domains {
            switch change {
            case .create(let new), .update(_, let new, _): if let name = new.name { sides.domains[name] = new }
            case .delete(let old, _): if let name = old.value.name { sides.domains[name] = nil }
            }
        }
    }

    private struct Changed {
        var old: [String: Alias] = [:]
        var new: [String: Alias] = [:]
        var gone: Set<String> = []

        init(_ changes: [Change<Alias>]) {
            for change in changes {
                switch change {
                case .create: break
                case .update(let record, let value, _):
                    old[record.id] = record.value
                    new[record.id] = value
                case .delete(let record, _): gone.insert(record.id)
                }
            }
        }
    }
}
