import EmailConnect

/// An account and the inventories of those who manage it, put together: who owns what, and how webhooks are called.
struct AppSnapshot: Sendable {
    /// The account as plan and apply know one.
    private(set) var state: AccountState
    /// This owner's inventory, with the ids of what was made and not noted any more.
    private(set) var inventory: Inventory
    /// The ids of the webhooks, by what this owner calls them.
    private(set) var webhookIDs: [WebhookReference: String] = [:]
    /// The ids of the domains.
    private(set) var domainIDs: [DomainName: String]

    private var references: [String: WebhookReference] = [:]

    /// - Throws: when an inventory cannot be held against the account without guessing.
    init(_ lists: AppLists, _ own: Inventory, _ others: [Inventory], time: Timestamp) throws(AccountFailure) {
        inventory = try own.finding(lists)
        domainIDs = lists.domainIDs
        var header = StateHeader(
            serverID: own.server, accountID: "app", epoch: "app", revision: own.revision, kinds: [.webhook, .domain, .alias], time: time,
            ownKeys: [])
        header.dialect = .app
        header.untold = lists.untold
        header.unfinished = own.unfinished
        header.owners = ([own] + others).map { OwnerRecord(name: $0.owner, repository: $0.repository, sequence: $0.sequence) }
        state = AccountState(header)

        var entries: [String: (entry: Inventory.Entry, owner: Owner)] = [:]
        for one in [inventory] + others {
            for entry in one.entries {
                guard let id = entry.id else { continue }
                if let first = entries[id] { throw Self.claimedTwice(entry, first.owner, one.owner) }
                entries[id] = (entry, one.owner)
            }
        }
        for record in lists.webhooks {
            let key = entries[record.id].flatMap { try? Slug($0.entry.name) }
            let reference = WebhookReference(id: record.id, key: key, owner: entries[record.id]?.owner, seenBy: own.owner)
            references[record.id] = reference
            webhookIDs[reference] = record.id
            webhookIDs[.id(record.id)] = record.id
            var owned = Self.owned(record, entries)
            owned.value.key = key
            state.webhooks.append(owned)
        }
        for record in lists.domains {
            var owned = Self.owned(record, entries)
            owned.value.webhook = named(record.value.webhook)
            state.domains.append(owned)
        }
        for record in lists.aliases {
            var owned = Self.owned(record, entries)
            owned.value.webhook = named(record.value.webhook)
            state.aliases.append(owned)
        }
        let there = Set(lists.webhooks.map(\.id) + lists.domains.map(\.id) + lists.aliases.map(\.id))
        for entry in inventory.entries {
            guard let id = entry.id, let applied = entry.applied, !there.contains(id) else { continue }
            state.lost.append(LostRecord(kind: entry.kind, id: id, name: entry.name, owner: own.owner, applied: applied))
        }
    }

    /// What of this owner's is not as it was applied.
    var moved: [String] {
        func changed<R: Resource>(_ records: [Record<R>]) -> [String] {
            records.filter { $0.owner == inventory.owner && $0.applied != nil }.map {
                "\(R.kind.word) \($0.value.naturalKey?.description ?? $0.id)"
            }
        }
        return state.lost.map { "\($0.kind.word) \($0.name)" } + changed(state.webhooks) + changed(state.domains) + changed(state.aliases)
    }

    private func named(_ reference: WebhookReference?) -> WebhookReference? { reference.map { references[$0.text] ?? $0 } }

    private static func owned<R: Resource>(
        _ record: Record<R>, _ entries: [String: (entry: Inventory.Entry, owner: Owner)]
    ) -> Record<R> {
        var copy = record
        guard let (entry, owner) = entries[record.id] else { return copy }
        copy.owner = owner
        if let seen = entry.seen, AppLists.fingerprint(record.value) != seen { copy.applied = entry.applied }
        return copy
    }

    private static func claimedTwice(_ entry: Inventory.Entry, _ first: Owner, _ second: Owner) -> AccountFailure {
        AccountFailure(
            .refused(Problem(.foreignOwner, "")),
            "\(entry.title) (\(entry.id ?? "")) stands in the inventories of \(first.text) and of \(second.text)",
            "take its line out of one of them")
    }
}

extension Inventory {
    /// With the ids of what was about to be made when a run ended, and is there.
    /// - Throws: when two webhooks may be the one that was about to be made.
    fileprivate func finding(_ lists: AppLists) throws(AccountFailure) -> Inventory {
        var copy = self
        // Somebody, or a run that was killed, may have given another name.
        let names = Dictionary(
            lists.domains.map { ($0.id, $0.value.naturalKey?.description) }
                + lists.aliases.map { ($0.id, $0.value.naturalKey?.description) }
        ) { first, _ in first }
        for place in entries.indices {
            if let id = entries[place].id, let name = names[id] ?? nil { copy.entries[place].name = name }
        }
        if entries.contains(where: { $0.next != nil }) {
            let seen = Dictionary(
                lists.webhooks.map { ($0.id, AppLists.fingerprint($0.value)) }
                    + lists.domains.map { ($0.id, AppLists.fingerprint($0.value)) }
                    + lists.aliases.map { ($0.id, AppLists.fingerprint($0.value)) }
            ) { first, _ in first }
            // A change that was done, though nobody heard of it.
            for place in entries.indices {
                guard let next = entries[place].next, let id = entries[place].id, seen[id] == next.seen else { continue }
                (copy.entries[place].applied, copy.entries[place].seen, copy.entries[place].next) = (next.applied, next.seen, nil)
            }
        }
        let known = Set(entries.compactMap(\.id))
        for place in entries.indices where entries[place].id == nil {
            let entry = entries[place]
            let found: [String] =
                switch entry.kind {
                case .webhook: lists.made(entry, but: known)
                case .domain: lists.domains.filter { $0.value.name?.text == entry.name }.map(\.id)
                case .alias: lists.aliases.filter { $0.value.naturalKey?.description == entry.name }.map(\.id)
                case .apiKey: []
                }
            guard found.count < 2 else { throw .ambiguous(entry, found) }
            if let id = found.first, !known.contains(id) { copy.entries[place].id = id }
        }
        return copy
    }
}

extension AppLists {
    /// The webhooks that may be what was about to be made: of that name, and neither there before nor somebody's already.
    func made(_ entry: Inventory.Entry, but known: Set<String> = []) -> [String] {
        webhooks.filter { $0.value.name == entry.label && !entry.others.contains($0.id) && !known.contains($0.id) }.map(\.id)
    }
}

extension AccountFailure {
    /// Two webhooks may be the one that a run made.
    static func ambiguous(_ entry: Inventory.Entry, _ ids: [String]) -> AccountFailure {
        AccountFailure(
            .refused(Problem(.foreignOwner, "")),
            "\(entry.title) was being made, and there are \(ids.count) of its name now: \(ids.sorted().joined(separator: ", "))",
            "delete those that are not it, or write the right id at its line in the inventory")
    }
}
