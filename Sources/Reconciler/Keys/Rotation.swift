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
        let declared = Set(desired.apiKeys.compactMap(\.value.key))
        var held: [Slug: Record<APIKey>] = [:]
        for record in state.apiKeys where record.owner == desired.owner {
            if let key = record.value.key, declared.contains(key) { held[key] = record }
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
