import EmailConnect

/// Whether the account has room for what a plan makes; the server would refuse it as a whole.
enum AccountRoom {
    /// What does not fit.
    static func check(_ plan: Plan, _ state: AccountState) -> [Refusal] {
        let gone = plan.domains.reduce(0) { count, change in
            if case .delete(_, let cascade) = change { count + cascade.count } else { count }
        }
        return [
            refusal(plan.webhooks, state.webhooks.count, 0, state), refusal(plan.domains, state.domains.count, 0, state),
            refusal(plan.aliases, state.aliases.count, gone, state), refusal(plan.apiKeys, state.apiKeys.count, 0, state),
        ].compactMap { $0 }
    }

    private static func refusal<R: Resource>(_ changes: [Change<R>], _ held: Int, _ gone: Int, _ state: AccountState) -> Refusal? {
        guard let limit = state.header.resourceLimits[R.kind] else { return nil }
        var more = -gone
        for change in changes {
            switch change {
            case .create: more += 1
            case .delete: more -= 1
            case .update: break
            }
        }
        guard more > 0, held + more > limit else { return nil }
        return Refusal(
            guarded: "account_limit", count: held + more,
            problem: "the account may have \(limit) \(limit == 1 ? R.kind.word : R.kind.words); there would be \(held + more)",
            remedy: "delete what nobody needs, or have the account's limit raised")
    }
}
