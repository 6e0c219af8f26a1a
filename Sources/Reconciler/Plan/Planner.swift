import EmailConnect

/// Plan = f(manifest, account, secrets). No clock but the account's, no order but the sorted one.
enum Planner {
    /// What makes the account equal to what is wanted.
    /// - Parameter repository: the one that plans, if anybody knows; the account may know another.
    /// - Complexity: O(wanted + held), and O(n log n) in the changes.
    static func plan(_ desired: DesiredState, _ state: AccountState, _ secrets: Secrets, repository: String? = nil) -> Plan {
        let (desired, ambiguous) = desired.resolvingIDs(in: state).findingByName(in: state)
        let owner = desired.owner
        var conflicts = ambiguous + Conflicts.missing(desired, state) + Conflicts.ofOwners(desired, state, repository)

        let renames = Renames(desired, state.aliases)
        var webhooks = Side(desired.webhooks, state.webhooks, desired)
        let state = state.naming(webhooks.both, desired.owner)
        var domains = Side(desired.domains, state.domains, desired)
        var aliases = Side(desired.aliases, state.aliases, desired, renames: renames.places)
        var apiKeys = Side(desired.apiKeys, state.apiKeys, desired)
        let kept = Set(desired.removals.filter(\.keeps).map(\.name))
        if !kept.isEmpty {
            webhooks.release(kept)
            domains.release(kept)
            apiKeys.release(kept)
            aliases.release(kept, withDomains: Set(domains.released.compactMap(\.value.name)))
        }
        conflicts += Conflicts.stillOurs(desired, &webhooks.gone, &domains.gone)
        conflicts += renames.conflicts + webhooks.conflicts + domains.conflicts + aliases.conflicts + apiKeys.conflicts

        let revoked = apiKeys.holdRevoked(state.revoked, desired, state.apiKeys)

        let gone = Set(domains.gone.compactMap(\.value.naturalKey))
        var cascades: [DomainName: [Record<Alias>]] = [:]
        if !gone.isEmpty {
            let moved = Set(aliases.both.map(\.have.id))
            let released = Set(aliases.released.map(\.id))
            for alias in state.aliases {
                guard let domain = alias.value.domain?.name, gone.contains(domain), !moved.contains(alias.id) else { continue }
                if alias.owner != owner || released.contains(alias.id) {
                    conflicts.append(.below(domain, alias, isKept: released.contains(alias.id)))
                } else {
                    cascades[domain, default: []].append(alias)
                }
            }
            aliases.gone.removeAll { alias in alias.value.domain?.name.map(gone.contains) ?? false }
        }
        conflicts += Conflicts.protected(cascades.values.flatMap { $0 })
        conflicts += Conflicts.belowLifted(domains.both, aliases.gone)
        conflicts += Conflicts.stillUsed(webhooks.gone, state, owner, domains, aliases)
        let transferred = Set(
            aliases.both.filter { $0.transfer != nil }.map(\.have.id) + domains.both.filter { $0.transfer != nil }.map(\.have.id))
        conflicts += Conflicts.inUse(webhooks.gone, state, owner, except: transferred)
        conflicts += Conflicts.protected(webhooks.gone) + Conflicts.protected(domains.gone)
        conflicts += Conflicts.protected(aliases.gone) + Conflicts.protected(apiKeys.gone)

        let unmanaged = Unmanaged(desired, state)
        var plan = Plan(
            owner: owner, header: state.header,
            webhooks: webhooks.changes(secrets, owner: owner) { _ in [] },
            domains: domains.changes(secrets, owner: owner) { domain in
                (domain.value.name.flatMap { cascades[$0] } ?? []).sorted { $0.id < $1.id }
            },
            aliases: aliases.changes(secrets, owner: owner) { _ in [] },
            apiKeys: apiKeys.reissuing(state.tokens, at: state.header.time).changes(secrets, owner: owner) { _ in [] },
            conflicts: [], unmanaged: unmanaged.counts,
            ensured: desired.webhooks.flatMap { webhook in
                webhook.value.secretFields.map { ("webhook \(webhook.value.key?.text ?? "") \($0.field)", $0.reference) }
            }.sorted { $0.0 < $1.0 },
            due: Due.list(desired, state), sinks: desired.sinks,
            unavailable: Set(desired.secretReferences.filter { secrets[$0] == nil }),
            movedFrom: state.movedFrom, repositoryMovedFrom: Conflicts.movedRepository(desired, state, repository), refusals: [],
            consented: [],
            writtenDown: Set(desired.removals.filter { !$0.keeps }.map(\.name)), lost: Plan.Lost(state.lost, of: owner))
        plan.conflicts = (conflicts + Conflicts.ofCaller(plan.apiKeys, state)).sorted()
        plan.reported = unmanaged.reported
        (plan.refusals, plan.consented) = Guards.check(
            plan, state, desired.consent, isDestroyed: desired.isDestroyed, policy: desired.policy)
        plan.refusals += desired.violations.map { Refusal(policy: $0) } + unmanaged.refusals
        plan.refusals += PolicyCheck.violations(desired, secrets)
        plan.refusals += revoked + AccountRoom.check(plan, state)
        plan.digest = PlanDigest(of: plan)
        return plan
    }
}

extension Side {
    /// Lets go what is written down to be kept, and aliases with their domain.
    fileprivate mutating func release(_ kept: Set<ResourceName>, withDomains domains: Set<DomainName> = []) {
        let isKept = { (record: Record<R>) in
            if let name = record.value.naturalKey, kept.contains(ResourceName(R.kind, name)) { return true }
            guard !domains.isEmpty, let domain = (record.value as? Alias)?.domain?.name else { return false }
            return domains.contains(domain)
        }
        released = gone.filter(isKept)
        if !released.isEmpty { gone.removeAll(where: isKept) }
    }
}
