import EmailConnect

/// What stands in a plan's way because it belongs to somebody else, or is protected.
enum Conflicts {
    /// What others manage and the manifest points at, but is not there.
    static func missing(_ desired: DesiredState, _ state: AccountState) -> [Conflict] {
        var found: [Conflict] = []
        if !desired.externalDomains.isEmpty {
            let domains = Set(state.domains.compactMap(\.value.name))
            for domain in desired.externalDomains where !domains.contains(domain.name) {
                found.append(
                    Conflict(
                        kind: .domain, name: domain.name.text, problem: "does not exist, and manage: false says that others make it",
                        remedy: "wait for them, or remove manage: false"))
            }
        }
        if !desired.externalWebhooks.isEmpty {
            let known = Set(state.webhooks.map { WebhookReference(id: $0.id, key: $0.value.key, owner: $0.owner, seenBy: desired.owner) })
            for webhook in desired.externalWebhooks where !known.contains(webhook.reference) {
                found.append(
                    Conflict(
                        kind: .webhook, name: webhook.reference.text,
                        problem: "does not exist, and manage: false says that others make it",
                        remedy: "check its owner and key, or its id"))
            }
        }
        return found
    }

    /// What the account has as ours while the manifest leaves it to others: it is not deleted, and not let go silently.
    static func stillOurs(
        _ desired: DesiredState, _ webhooks: inout [Record<Webhook>], _ domains: inout [Record<Domain>]
    ) -> [Conflict] {
        let external = Set(desired.externalDomains.map(\.name))
        let ids = Set(desired.externalWebhooks.map(\.id))
        let kept = domains.filter { $0.value.name.map(external.contains) ?? false }.map { (Kind.domain, $0.value.name?.text ?? $0.id) }
        let used = webhooks.filter { ids.contains($0.id) }.map { (Kind.webhook, $0.value.key?.text ?? $0.id) }
        domains.removeAll { $0.value.name.map(external.contains) ?? false }
        webhooks.removeAll { ids.contains($0.id) }
        return (used + kept).map { kind, name in
            Conflict(
                kind: kind, name: name, problem: "is managed by this manifest on the server, but the manifest says manage: false",
                remedy: "remove manage: false")
        }
    }

    /// Webhooks that are to go, but somebody else's aliases or domains point at them.
    static func inUse(_ gone: [Record<Webhook>], _ state: AccountState, _ owner: Owner) -> [Conflict] {
        guard !gone.isEmpty else { return [] }
        let keys = Set(gone.compactMap { $0.value.key?.text })
        var users: [String: [String]] = [:]
        for alias in state.aliases where alias.owner != owner {
            guard case .key(let key) = alias.value.webhook, keys.contains(key) else { continue }
            users[key, default: []].append("alias \(alias.value.naturalKey?.description ?? alias.id)")
        }
        for domain in state.domains where domain.owner != owner {
            guard case .key(let key) = domain.value.webhook, keys.contains(key) else { continue }
            users[key, default: []].append("domain \(domain.value.name?.text ?? domain.id)")
        }
        return users.map { key, users in
            Conflict(
                kind: .webhook, name: key, problem: "is to be deleted, but others use it: \(shortened(users))",
                remedy: "keep the webhook until they point elsewhere")
        }
    }

    /// What is to go but is protected on the server.
    static func protected<R: Resource>(_ gone: [Record<R>]) -> [Conflict] {
        gone.filter { $0.value.protected }.map { record in
            Conflict(
                kind: R.kind, name: record.value.naturalKey?.description ?? record.id, problem: "is to be deleted, but is protected",
                remedy: "bring it back with protected: false, apply, and then remove it")
        }
    }

    static func shortened(_ names: [String]) -> String {
        let shown = names.sorted().prefix(5).joined(separator: ", ")
        return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
    }
}

extension Conflict {
    /// A domain that is to go, with an alias of somebody else below it.
    static func below(_ domain: DomainName, _ alias: Record<Alias>) -> Conflict {
        let whose = alias.owner.map { "managed by \($0.text)" } ?? "managed by nobody"
        return Conflict(
            kind: .domain, name: domain.text,
            problem: "is to be deleted, but alias \(alias.value.naturalKey?.description ?? alias.id) is \(whose)",
            remedy: "keep the domain, or have the alias deleted first")
    }
}

extension DesiredState {
    /// References by id, as the account names what is behind them: an id stands only for what has no key.
    func resolvingIDs(in state: AccountState) -> DesiredState {
        var names: [WebhookReference: WebhookReference] = [:]
        for webhook in externalWebhooks {
            guard case .id(let id) = webhook.reference, let record = state.webhooks.first(where: { $0.id == id }) else { continue }
            names[webhook.reference] = WebhookReference(id: id, key: record.value.key, owner: record.owner, seenBy: owner)
        }
        guard !names.isEmpty else { return self }
        var copy = self
        for place in copy.externalWebhooks.indices {
            let reference = copy.externalWebhooks[place].reference
            copy.externalWebhooks[place].reference = names[reference] ?? reference
        }
        for place in copy.domains.indices {
            if let reference = copy.domains[place].value.webhook { copy.domains[place].value.webhook = names[reference] ?? reference }
        }
        for place in copy.aliases.indices {
            if let reference = copy.aliases[place].value.webhook { copy.aliases[place].value.webhook = names[reference] ?? reference }
        }
        return copy
    }
}
