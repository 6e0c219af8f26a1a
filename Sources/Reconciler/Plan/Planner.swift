import EmailConnect

/// Plan = f(manifest, account, secrets). No clock but the account's, no order but the sorted one.
enum Planner {
    /// What makes the account equal to what is wanted.
    /// - Complexity: O(wanted + held), and O(n log n) in the changes.
    static func plan(_ desired: DesiredState, _ state: AccountState, _ secrets: Secrets) -> Plan {
        let desired = desired.resolvingIDs(in: state)
        let owner = desired.owner
        var conflicts = Conflicts.missing(desired, state)

        var webhooks = Side(desired.webhooks, state.webhooks, owner)
        var domains = Side(desired.domains, state.domains, owner)
        conflicts += Conflicts.stillOurs(desired, &webhooks.gone, &domains.gone)
        let aliases = Side(desired.aliases, state.aliases, owner)
        let apiKeys = Side(desired.apiKeys, state.apiKeys, owner)
        conflicts += domains.conflicts(owner) + aliases.conflicts(owner)

        let gone = Set(domains.gone.compactMap(\.value.naturalKey))
        var cascades: [DomainName: [Record<Alias>]] = [:]
        if !gone.isEmpty {
            for alias in state.aliases {
                guard let domain = alias.value.domain?.name, gone.contains(domain) else { continue }
                if alias.owner == owner { cascades[domain, default: []].append(alias) } else { conflicts.append(.below(domain, alias)) }
            }
        }
        conflicts += Conflicts.inUse(webhooks.gone, state, owner)
        conflicts += Conflicts.protected(webhooks.gone) + Conflicts.protected(domains.gone)
        conflicts += Conflicts.protected(aliases.gone) + Conflicts.protected(apiKeys.gone)

        let goneAliases = aliases.gone.filter { alias in alias.value.domain?.name.map { !gone.contains($0) } ?? true }
        var plan = Plan(
            owner: owner, header: state.header,
            webhooks: webhooks.changes(secrets) { _ in [] },
            domains: domains.changes(secrets) { domain in
                (domain.value.name.flatMap { cascades[$0] } ?? []).sorted { $0.id < $1.id }
            },
            aliases: aliases.changes(secrets, gone: goneAliases) { _ in [] },
            apiKeys: apiKeys.reissuing(state.tokens, at: state.header.time).changes(secrets) { _ in [] },
            conflicts: conflicts.sorted(), unmanaged: unmanaged(desired, state),
            ensured: desired.webhooks.flatMap { webhook in
                webhook.value.secretFields.map { ("webhook \(webhook.value.key?.text ?? "") \($0.field)", $0.reference) }
            }.sorted { $0.0 < $1.0 },
            due: Due.list(desired, state), sinks: desired.sinks,
            unavailable: Set(desired.secretReferences.filter { secrets[$0] == nil }))
        plan.digest = PlanDigest(of: plan)
        return plan
    }

    /// What nobody manages. Keys that nobody has to manage do not count, nor does what conflicts with the manifest.
    private static func unmanaged(_ desired: DesiredState, _ state: AccountState) -> [Kind: Int] {
        let external = Set(desired.externalDomains.map(\.name))
        let used = Set(desired.externalWebhooks.map(\.reference))
        var counts: [Kind: Int] = [:]
        counts[.webhook] = state.webhooks.count { $0.owner == nil && !used.contains(.id($0.id)) }
        counts[.domain] = state.domains.count { record in record.owner == nil && record.value.name.map { !external.contains($0) } ?? true }
        counts[.alias] = state.aliases.count { $0.owner == nil }
        counts[.apiKey] = state.apiKeys.count { $0.owner == nil && !state.header.ownKeys.contains($0.id) }
        return counts.filter { $0.value > 0 }
    }
}

/// Both sides of one kind, regrouped by natural key: what is wanted and not there, what is on both sides and not equal,
/// what is ours and no longer wanted. The diff is these three.
private struct Side<R: Resource> {
    var missing: [R] = []
    var both: [(want: R, have: Record<R>)] = []
    var gone: [Record<R>] = []
    /// Wanted, but there and not ours.
    var taken: [Record<R>] = []

    init(_ desired: [Desired<R>], _ records: [Record<R>], _ owner: Owner) {
        var index: [R.Name: Int32] = [:]
        index.reserveCapacity(records.count)
        for (place, record) in records.enumerated() {
            // A slug is unique for its owner only; a name or an address is unique in the account.
            guard record.owner == owner || R.isUniqueInAccount, let name = record.value.naturalKey else { continue }
            index[name] = Int32(place)
        }
        var seen = [Bool](repeating: false, count: records.count)
        for wanted in desired {
            guard let name = wanted.value.naturalKey, let found = index[name] else {
                missing.append(wanted.value)
                continue
            }
            let place = Int(found)
            seen[place] = true
            guard records[place].owner == owner else {
                taken.append(records[place])
                continue
            }
            // What is equal, as nearly everything is, is not looked at again.
            if wanted.value == records[place].value { continue }
            var want = wanted.value
            // Protection ends only when the manifest says so.
            if !wanted.statesProtection { want.protected = records[place].value.protected }
            both.append((want, records[place]))
        }
        for (place, record) in records.enumerated() where !seen[place] && record.owner == owner { gone.append(record) }
    }

    func conflicts(_ owner: Owner) -> [Conflict] {
        taken.map { record in
            let name = record.value.naturalKey?.description ?? record.id
            if let other = record.owner {
                return Conflict(
                    kind: R.kind, name: name, problem: "is managed by \(other.text)", remedy: "remove it from one of the two manifests")
            }
            return Conflict(
                kind: R.kind, name: name, problem: "exists and nobody manages it",
                remedy: "delete it in the account, or remove it from the manifest")
        }
    }

    func changes(
        _ secrets: Secrets, gone: [Record<R>]? = nil, cascade: (Record<R>) -> [Record<Alias>]
    ) -> [Change<R>] {
        var changes: [Change<R>] = missing.map(Change.create)
        for (want, have) in both {
            let differences = want.differences(from: have.value, with: secrets).map(\.difference)
            if !differences.isEmpty { changes.append(.update(old: have, new: want, differences: differences)) }
        }
        for record in gone ?? self.gone { changes.append(.delete(record, cascade: cascade(record))) }
        // Places are sorted, not the changes: those are large.
        let names = changes.map(\.name)
        let order = changes.indices.sorted { left, right in
            guard let first = names[left], let second = names[right] else { return names[right] != nil && names[left] == nil }
            return first < second
        }
        return order.map { changes[$0] }
    }
}

extension Side where R == APIKey {
    /// A shorter life that would already be over means a new token, never an instant end; a written date is taken as it is.
    func reissuing(_ tokens: [String: [TokenRecord]], at now: Timestamp) -> Side {
        var side = self
        for place in side.both.indices {
            let (want, have) = side.both[place]
            guard let after = want.expiresAfter, have.value.expiresAfter != after, have.value.token == .delivered else { continue }
            let live = tokens[have.id, default: []].filter { $0.acknowledgedAt != nil && $0.graceUntil == nil }
            if live.allSatisfy({ $0.issuedAt + after <= now }) { side.both[place].have.value.token = .undelivered }
        }
        return side
    }
}

extension Resource {
    fileprivate static var isUniqueInAccount: Bool { kind == .domain || kind == .alias }
}
