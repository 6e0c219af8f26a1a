import EmailConnect

/// What nobody manages, and what the policy says of it. Keys that nobody has to manage do not count, nor does what the manifest
/// declares.
struct Unmanaged {
    private(set) var counts: [Kind: Int] = [:]
    /// A line for each kind whose names are to be seen.
    private(set) var reported: [String] = []
    private(set) var refusals: [Refusal] = []

    /// How many names a line has.
    private static let shown = 20

    /// - Complexity: O(held + wanted)
    init(_ desired: DesiredState, _ state: AccountState) {
        let policy = desired.policy
        // What a policy forbids is not allowed by pointing at it.
        let external = Set(
            (policy.unmanaged[.domain] == .forbid ? [] : desired.externalDomains.map(\.name)) + desired.domains.compactMap(\.value.name))
        let used = Set(policy.unmanaged[.webhook] == .forbid ? [] : desired.externalWebhooks.map(\.reference))
        let adopted = Set(desired.options.values.compactMap { $0.adopts ?? $0.found })
        let loose = state.aliases.filter { $0.owner == nil }
        let declared = loose.isEmpty ? [] : Set(desired.aliases.compactMap(\.value.naturalKey))
        add(.webhook, policy, state.webhooks.filter { $0.owner == nil && !used.contains(.id($0.id)) && !adopted.contains($0.id) }) {
            "\($0.value.name) (\($0.id))"
        }
        add(
            .domain, policy,
            state.domains.filter { record in record.owner == nil && record.value.name.map { !external.contains($0) } ?? true }
        ) {
            $0.value.name?.text ?? $0.id
        }
        add(.alias, policy, loose.filter { $0.value.naturalKey.map { !declared.contains($0) } ?? true }) {
            $0.value.naturalKey?.description ?? $0.id
        }
        add(
            .apiKey, policy,
            state.apiKeys.filter { key in
                // One that ends by itself within a day is nobody's to manage.
                let isShort = key.value.expiresAfter.map { $0.seconds <= APIKey.shortLife.seconds } ?? false
                return key.owner == nil && !state.header.ownKeys.contains(key.id) && !adopted.contains(key.id) && !isShort
                    && state.revoked[key.id] == nil
            }
        ) { "\($0.value.name) (\($0.id))" }
    }

    private mutating func add<R: Resource>(_ kind: Kind, _ policy: Policy, _ records: [Record<R>], _ name: (Record<R>) -> String) {
        guard !records.isEmpty else { return }
        counts[kind] = records.count
        guard let rule = policy.unmanaged[kind] else { return }
        let names = records.map(name).sorted()
        let more = names.count > Self.shown ? " and \(names.count - Self.shown) more" : ""
        let list = names.prefix(Self.shown).map(Escaped.line).joined(separator: ", ") + more
        let words = records.count == 1 ? kind.word : kind.words
        switch rule {
        case .report: reported.append("unmanaged \(kind.words): \(list)")
        case .forbid:
            refusals.append(
                Refusal(
                    guarded: "unmanaged", count: records.count, problem: "policy: \(records.count) unmanaged \(words): \(list)",
                    remedy: "bring them into the manifest (reconcile export writes what is missing), or delete them"))
        }
    }
}
