import EmailConnect

/// How many routes of mail a plan changes: an address whose mail was delivered and now goes elsewhere, or nowhere. What is
/// deleted counts as a deletion, not here.
enum MailMoves {
    /// Where the mail of an address goes: which webhook, under which URL.
    private struct Route: Equatable {
        var webhook: String
        var url: WebhookURL?
    }

    private struct Point {
        /// The webhook's id, or its key while it has none.
        var id: String
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

        /// Where the mail of a domain goes that no alias takes.
        func rest(of domain: Domain, _ catchAll: Alias?) -> Route? {
            guard domain.enabled else { return nil }
            return catchAll.map(route) ?? route(to: domain.webhook)
        }

        func route(to reference: WebhookReference?) -> Route? {
            guard let reference, let point = webhooks[reference], point.isEnabled else { return nil }
            return Route(webhook: point.id, url: point.url)
        }
    }

    /// - Complexity: O(aliases) when a webhook or a domain changes or a catch-all comes, otherwise O(changes).
    static func count(_ plan: Plan, _ state: AccountState) -> Int {
        let changed = Changed(plan.aliases)
        let hasRoutes = plan.webhooks.contains { $0.isUpdate } || plan.domains.contains { $0.isUpdate } || !changed.catchAlls.isEmpty
        guard hasRoutes || !changed.new.isEmpty else { return 0 }
        let (before, after) = sides(plan, state)

        /// Whether the mail of an address goes elsewhere. An address that is left for another name is written down; if something
        /// else is made in its place, that counts.
        func isMoved(_ id: String, _ old: Alias) -> Bool {
            guard let route = before.route(old) else { return false }
            let new = changed.new[id] ?? old
            guard let address = old.naturalKey, new.naturalKey != address else { return route != after.route(new) }
            if let successor = changed.created[address], route != after.route(successor) { return true }
            return after.route(new) == nil
        }
        guard hasRoutes else { return changed.old.count { isMoved($0.key, $0.value) } }
        var count = 0
        var catchAlls: [DomainName: Alias] = [:]
        for record in state.aliases where !changed.gone.contains(record.id) {
            if isMoved(record.id, record.value) { count += 1 }
            if record.value.name?.text == LocalPart.catchAll, let domain = record.value.domain?.name { catchAlls[domain] = record.value }
        }
        // A catch-all that was there is an address like any other, and was counted.
        for (name, old) in before.domains where catchAlls[name] == nil {
            guard let new = after.domains[name], let route = before.rest(of: old, nil) else { continue }
            if after.rest(of: new, changed.catchAlls[name]) != route { count += 1 }
        }
        return count
    }

    private static func sides(_ plan: Plan, _ state: AccountState) -> (before: Sides, after: Sides) {
        var before = Sides()
        for webhook in state.webhooks {
            let reference = WebhookReference(id: webhook.id, key: webhook.value.key, owner: webhook.owner, seenBy: plan.owner)
            before.webhooks[reference] = Point(id: webhook.id, url: webhook.value.url, isEnabled: webhook.value.enabled)
        }
        // What becomes ours in this plan is pointed at by its new name already.
        for case .update(let old, let new, _) in plan.webhooks {
            guard let key = new.key, before.webhooks[.key(key.text)] == nil else { continue }
            before.webhooks[.key(key.text)] = Point(id: old.id, url: old.value.url, isEnabled: old.value.enabled)
        }
        for domain in state.domains { if let name = domain.value.name { before.domains[name] = domain.value } }
        var after = before
        for change in plan.webhooks {
            switch change {
            case .create(let new):
                if let key = new.key { after.webhooks[.key(key.text)] = Point(id: key.text, url: new.url, isEnabled: new.enabled) }
            case .update(let old, let new, let differences):
                // A secret URL that could not be compared is taken to be the one that is there.
                let isSure = differences.contains { $0.field == "url" && $0.certainty == .changed }
                let point = Point(id: old.id, url: isSure ? new.url : old.value.url, isEnabled: new.enabled)
                after.webhooks[WebhookReference(id: old.id, key: old.value.key, owner: old.owner, seenBy: plan.owner)] = point
                if let key = new.key { after.webhooks[.key(key.text)] = point }
            case .delete: break
            }
        }
        for change in plan.domains {
            switch change {
            case .create(let new), .update(_, let new, _): if let name = new.name { after.domains[name] = new }
            case .delete(let old, _): if let name = old.value.name { after.domains[name] = nil }
            }
        }
        return (before, after)
    }

    private struct Changed {
        var old: [String: Alias] = [:]
        var new: [String: Alias] = [:]
        var gone: Set<String> = []
        /// What is made where something was; empty unless something gets another name.
        var created: [Address: Alias] = [:]
        var catchAlls: [DomainName: Alias] = [:]

        init(_ changes: [Change<Alias>]) {
            let hasRenames = changes.contains { $0.formerName != nil }
            for change in changes {
                switch change {
                case .create(let alias):
                    if hasRenames, let address = alias.naturalKey { created[address] = alias }
                    if alias.name?.text == LocalPart.catchAll, let domain = alias.domain?.name { catchAlls[domain] = alias }
                case .update(let record, let value, _):
                    old[record.id] = record.value
                    new[record.id] = value
                case .delete(let record, _): gone.insert(record.id)
                }
            }
        }
    }
}

extension Change {
    fileprivate var isUpdate: Bool { if case .update = self { true } else { false } }
}
