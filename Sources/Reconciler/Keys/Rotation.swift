public import EmailConnect

/// Which API keys of a manifest get another token.
public enum Rotation: Equatable, Sendable {
    /// These.
    case named([Slug])
    /// Those whose rotation is due, and those whose token has ended.
    case due

    /// Another token for each key, and no other change. The older tokens stay valid for the key's grace once the new one is where it
    /// belongs.
    func plan(_ desired: DesiredState, _ state: AccountState) -> Plan {
        var refusals: [Refusal] = []
        func refuse(_ key: Slug, _ problem: String, _ remedy: String) {
            refusals.append(Refusal(guarded: "rotation", count: 1, problem: "api key \(key.text) \(problem)", remedy: remedy))
        }
        var changes: [Change<APIKey>] = []
        let wanted = Dictionary(desired.apiKeys.compactMap { key in key.value.key.map { ($0, key) } }) { first, _ in first }
        var held: [Slug: Record<APIKey>] = [:]
        for record in state.apiKeys where record.owner == desired.owner {
            if let key = record.value.key, wanted[key] != nil { held[key] = record }
        }
        for key in keys(held, state) {
            guard let record = held[key] else {
                refuse(key, "is not in the account", "apply makes it")
                continue
            }
            if let since = state.revoked[record.id] {
                refuse(key, "was revoked at \(since.text)", "reissue: in the manifest makes it again")
                continue
            }
            // Nobody is handed a key that can do more than was reviewed.
            if let want = wanted[key], let field = Self.drift(of: record, from: want, desired) {
                refuse(key, "is not as the manifest has it: \(field)", "apply first")
                continue
            }
            var have = record
            have.value.token = .undelivered
            let differences = record.value.withToken(.delivered).differences(from: have.value, with: Secrets()).map(\.difference)
            changes.append(.update(old: have, new: record.value.withToken(.delivered), differences: differences))
        }
        var plan = Plan(
            owner: desired.owner, header: state.header, webhooks: [], domains: [], aliases: [], apiKeys: changes, conflicts: [],
            unmanaged: [:], ensured: [], due: [], sinks: desired.sinks, unavailable: [], refusals: refusals, consented: [],
            writtenDown: [], lost: Plan.Lost([], of: desired.owner))
        plan.conflicts = Conflicts.ofCaller(changes, state)
        plan.digest = PlanDigest(of: plan)
        return plan
    }

    /// A field in which the account's key is not the manifest's.
    private static func drift(of record: Record<APIKey>, from wanted: Desired<APIKey>, _ desired: DesiredState) -> String? {
        var want = wanted.value.withToken(record.value.token)
        if !wanted.statesProtection { want.protected = record.value.protected }
        let ignored = wanted.value.key.flatMap { desired.options[ResourceName(.apiKey, $0)]?.ignored } ?? []
        for field in ignored { want = want.keeping(field, of: record.value) ?? want }
        return want.differences(from: record.value, with: Secrets()).first?.difference.field
    }

    private func keys(_ held: [Slug: Record<APIKey>], _ state: AccountState) -> [Slug] {
        switch self {
        case .named(let keys): keys
        case .due: held.filter { KeyAge($0.value, state).isDue }.keys.sorted()
        }
    }
}

extension APIKey {
    fileprivate func withToken(_ token: KeyToken) -> APIKey {
        var copy = self
        copy.token = token
        return copy
    }
}
