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
                remedy: "remove manage: false, or let it go with removed: [{ \(kind.rawValue): \(name), keep: true }]")
        }
    }

    /// Webhooks that are to go, but somebody else's aliases or domains point at them.
    static func inUse(
        _ gone: [Record<Webhook>], _ state: AccountState, _ owner: Owner, except transferred: Set<String>
    ) -> [Conflict] {
        guard !gone.isEmpty else { return [] }
        let keys = Set(gone.compactMap { $0.value.key?.text })
        var users: [String: [String]] = [:]
        for alias in state.aliases where alias.owner != owner && !transferred.contains(alias.id) {
            guard case .key(let key) = alias.value.webhook, keys.contains(key) else { continue }
            users[key, default: []].append("alias \(alias.value.naturalKey?.description ?? alias.id)")
        }
        for domain in state.domains where domain.owner != owner && !transferred.contains(domain.id) {
            guard case .key(let key) = domain.value.webhook, keys.contains(key) else { continue }
            users[key, default: []].append("domain \(domain.value.name?.text ?? domain.id)")
        }
        return users.map { key, users in
            Conflict(
                kind: .webhook, name: key, problem: "is to be deleted, but others use it: \(shortened(users))",
                remedy: "keep the webhook until they point elsewhere")
        }
    }

    /// An owner that cannot act: under its old name as well as under its new one, or from another repository.
    static func ofOwners(_ desired: DesiredState, _ state: AccountState, _ repository: String?) -> [Conflict] {
        var found: [Conflict] = []
        let owner = desired.owner
        if let formerly = desired.movedFrom, state.movedFrom == nil, holds(formerly, state) {
            found.append(
                Conflict(
                    name: owner.text, problem: "was \(formerly.text) until now, but both manage something here",
                    remedy:
                        "remove manifest_moved_from, and take over what the other one has: allow: { take_over: { \(formerly.text): [...] } }"
                ))
        }
        let known = Self.repository(of: owner, state)
        if let known, let repository, known != repository, known != desired.repositoryMovedFrom {
            found.append(
                Conflict(
                    name: owner.text, problem: "is used from the repository \(known), not from \(repository)",
                    remedy: "choose another manifest name, or write repository_moved_from: \(known)"))
        }
        return found
    }

    private static func repository(of owner: Owner, _ state: AccountState) -> String? {
        state.header.owners.first { $0.name == state.movedFrom ?? owner }?.repository
    }

    /// The repository that the account knows, when this run comes from another one and the manifest says that it moved.
    static func movedRepository(_ desired: DesiredState, _ state: AccountState, _ repository: String?) -> String? {
        guard let known = Self.repository(of: desired.owner, state), let repository, known != repository else { return nil }
        return known == desired.repositoryMovedFrom ? known : nil
    }

    private static func holds(_ owner: Owner, _ state: AccountState) -> Bool {
        state.webhooks.contains { $0.owner == owner } || state.domains.contains { $0.owner == owner }
            || state.aliases.contains { $0.owner == owner } || state.apiKeys.contains { $0.owner == owner }
    }

    /// A plan that ends, narrows or replaces the key that reads this locks its holder out.
    static func ofCaller(_ changes: [Change<APIKey>], _ state: AccountState) -> [Conflict] {
        guard let caller = state.header.callerKey else { return [] }
        return changes.compactMap { change in
            let (old, what): (Record<APIKey>, String)
            switch change {
            case .create: return nil
            case .delete(let record, _): (old, what) = (record, "deleted")
            case .update(let record, let new, _):
                let isLess = record.value.scopes.list.contains { !new.scopes.allows($0) }
                let isOtherwise =
                    record.value.allowedIPs != new.allowedIPs || record.value.expiresAfter != new.expiresAfter
                    || record.value.expiresAt != new.expiresAt || record.value.boundTo != new.boundTo || record.value.grace != new.grace
                    || record.value.rotateEvery != new.rotateEvery || record.value.protected != new.protected
                guard change.makesToken || isLess || isOtherwise else { return nil }
                (old, what) = (
                    record, change.makesToken ? "given a new token" : isLess ? "narrowed" : "changed in where, when or for whom it is valid"
                )
            }
            guard old.id == caller else { return nil }
            return Conflict(
                kind: .apiKey, name: old.value.key?.text ?? old.id, problem: "is to be \(what), but is the key that this run uses",
                remedy: "run with another key")
        }
    }

    /// Aliases that are to go while the protection above them is lifted: the account wants two steps for that.
    static func belowLifted(_ domains: [Side<Domain>.Pair], _ gone: [Record<Alias>]) -> [Conflict] {
        let lifted = Set(domains.filter { $0.have.value.protected && !$0.want.protected }.compactMap(\.have.value.name))
        guard !lifted.isEmpty else { return [] }
        return gone.filter { $0.value.domain?.name.map(lifted.contains) ?? false }.map { alias in
            Conflict(
                kind: .alias, name: alias.value.naturalKey?.description ?? alias.id,
                problem: "is to be deleted while its domain's protection is lifted",
                remedy: "lift the protection first, and delete it in a later apply")
        }
    }

    /// Webhooks that are to go, but something of ours that stays still points at them: it is let go, or leaves that field to
    /// others.
    static func stillUsed(
        _ gone: [Record<Webhook>], _ state: AccountState, _ owner: Owner, _ domains: Side<Domain>, _ aliases: Side<Alias>
    ) -> [Conflict] {
        guard !gone.isEmpty else { return [] }
        let keys = Set(gone.compactMap { $0.value.key?.text })
        var users: [String: [String]] = [:]
        func note(_ reference: WebhookReference?, _ title: String) {
            if case .key(let key) = reference, keys.contains(key) { users[key, default: []].append(title) }
        }
        let changedAliases = Dictionary(aliases.both.map { ($0.have.id, $0.want.webhook) }) { first, _ in first }
        let goneAliases = Set(aliases.gone.map(\.id))
        let goneDomains = Set(domains.gone.compactMap(\.value.name))
        for alias in state.aliases where alias.owner == owner && !goneAliases.contains(alias.id) {
            let isMoved = changedAliases.keys.contains(alias.id)
            if !isMoved, alias.value.domain?.name.map(goneDomains.contains) ?? false { continue }
            note(changedAliases[alias.id] ?? alias.value.webhook, "alias \(alias.value.naturalKey?.description ?? alias.id)")
        }
        let changedDomains = Dictionary(domains.both.map { ($0.have.id, $0.want.webhook) }) { first, _ in first }
        for domain in state.domains where domain.owner == owner {
            if let name = domain.value.name, goneDomains.contains(name) { continue }
            note(changedDomains[domain.id] ?? domain.value.webhook, "domain \(domain.value.name?.text ?? domain.id)")
        }
        return users.map { key, users in
            Conflict(
                kind: .webhook, name: key, problem: "is to be deleted, but is still used: \(shortened(users))",
                remedy: "keep it as well, or have them point elsewhere")
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
    /// Something that is declared, is there, and is not ours.
    static func taken<R: Resource>(_ record: Record<R>, _ kind: Kind, _ name: String) -> Conflict {
        let isBare = (kind == .domain || kind == .alias) && !name.contains("*")
        let written = isBare ? name : kind == .alias ? "\"\(name)\"" : "\"\(kind.rawValue):\(name)\""
        if let other = record.owner {
            return Conflict(
                kind: kind, name: name, problem: "is managed by \(other.text)",
                remedy: "remove it from one of the two manifests, or agree with allow: { take_over: { \(other.text): [\(written)] } }")
        }
        guard R.isUniqueInAccount else {
            return Conflict(
                kind: kind, name: name, problem: "exists and nobody manages it: \(Escaped.line(String(record.id.prefix(64))))",
                remedy:
                    "agree with adopt: { id: \(Escaped.line(String(record.id.prefix(64)))) } at its entry, or give the entry another name:")
        }
        return Conflict(
            kind: kind, name: name, problem: "exists and nobody manages it",
            remedy: "agree with allow: { adopt: [\(written)] } or --adopt \(written.replacing("\"", with: "")), "
                + "or remove it from the manifest")
    }

    /// What its owner protects stays with it.
    static func protected<R: Resource>(_ record: Record<R>, _ kind: Kind, _ name: String) -> Conflict {
        Conflict(
            kind: kind, name: name, problem: "is protected by \(record.owner?.text ?? "its owner")",
            remedy: "its owner sets protected: false first")
    }

    /// What is to be adopted by its id is ours already, under another key, or twice.
    static func claimedTwice(_ name: ResourceName, _ id: String) -> Conflict {
        Conflict(
            kind: name.kind, name: name.name, problem: "is to adopt \(Escaped.line(String(id.prefix(64)))), which another entry is already",
            remedy: "correct the id, or remove adopt")
    }

    /// What is to be taken over is there twice.
    static func ofTwo(_ name: ResourceName, _ first: Owner?, _ second: Owner?) -> Conflict {
        Conflict(
            kind: name.kind, name: name.name,
            problem: "is to be taken over from \(first?.text ?? "nobody") and from \(second?.text ?? "nobody"), which both have one",
            remedy: "keep one of them under take_over")
    }

    /// What is to be adopted by its id is not there.
    static func notThere(_ name: ResourceName, _ id: String) -> Conflict {
        Conflict(
            kind: name.kind, name: name.name, problem: "is to adopt \(Escaped.line(String(id.prefix(64)))), which is not there",
            remedy: "correct the id, or remove adopt")
    }

    /// A domain that is to go, with an alias of somebody else below it.
    static func below(_ domain: DomainName, _ alias: Record<Alias>, isKept: Bool) -> Conflict {
        let whose = isKept ? "to be kept" : alias.owner.map { "managed by \($0.text)" } ?? "managed by nobody"
        return Conflict(
            kind: .domain, name: domain.text,
            problem: "is to be deleted, but alias \(alias.value.naturalKey?.description ?? alias.id) is \(whose)",
            remedy: "adopt or delete the alias first, or leave the domain to others with manage: false")
    }
}

extension AccountState {
    /// With references to webhooks that become ours as they will be called then, so that what points at them does not change.
    func naming(_ webhooks: [Side<Webhook>.Pair], _ owner: Owner) -> AccountState {
        var names: [WebhookReference: WebhookReference] = [:]
        for pair in webhooks where pair.transfer != nil {
            guard let key = pair.want.key else { continue }
            names[WebhookReference(id: pair.have.id, key: pair.have.value.key, owner: pair.have.owner, seenBy: owner)] = .key(key.text)
        }
        guard !names.isEmpty else { return self }
        var copy = self
        for place in copy.domains.indices {
            if let reference = copy.domains[place].value.webhook { copy.domains[place].value.webhook = names[reference] ?? reference }
        }
        for place in copy.aliases.indices {
            if let reference = copy.aliases[place].value.webhook { copy.aliases[place].value.webhook = names[reference] ?? reference }
        }
        return copy
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
            if let reference = copy.domains[place].value.webhook { copy.domains[place].entry.value.webhook = names[reference] ?? reference }
        }
        for place in copy.aliases.indices {
            if let reference = copy.aliases[place].value.webhook { copy.aliases[place].entry.value.webhook = names[reference] ?? reference }
        }
        return copy
    }
}
