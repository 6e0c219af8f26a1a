import EmailConnect

/// A batch, held against the account as it is now, and taken apart into steps.
struct AppBatch: Sendable {
    private(set) var steps: [AppStep] = []

    /// - Throws: when the account is not what the operations expect, or when one of them cannot be done here.
    init(_ batch: Batch, _ snapshot: AppSnapshot) throws(AccountFailure) {
        let state = snapshot.state
        var freed: Set<String> = []
        var moved: Set<String> = []
        for operation in batch.operations {
            guard case .alias(let operation) = operation else { continue }
            switch operation.verb {
            case .update(.id(let id), let set) where set.states("name") || set.states("domain"):
                freed.insert(id)
                moved.insert(id)
            case .delete(.id(let id), _):
                freed.insert(id)
                moved.insert(id)
            default: break
            }
        }
        let keys = Set(state.webhooks.filter { $0.owner == batch.owner }.compactMap(\.value.key))
        let names = Set(state.aliases.filter { !freed.contains($0.id) }.compactMap(\.value.naturalKey))
        let (webhooks, domains, aliases) = (Held(state.webhooks), Held(state.domains), Held(state.aliases))
        for (index, operation) in batch.operations.enumerated() {
            switch operation {
            case .webhook(let operation):
                try add(
                    index, operation, webhooks, { $0.key.map(keys.contains) ?? true }, { set, _ in AppBody(set) }, AppStep.Told.webhook,
                    label: { $0.name })
            case .domain(let operation):
                try add(
                    index, operation, domains, { $0.name.map { snapshot.domainIDs[$0] != nil } ?? true },
                    { AppBody($0, attaches: $1) }, AppStep.Told.domain)
                guard case .delete(let target, let cascade) = operation.verb else { continue }
                try addCascade(index, target, cascade, state, but: moved)
            case .alias(let operation):
                try add(
                    index, operation, aliases, { $0.naturalKey.map(names.contains) ?? true }, { AppBody($0, attaches: $1) },
                    AppStep.Told.alias)
            case .apiKey:
                throw AccountFailure(
                    .refused(Problem(.invalid, "")), "API keys cannot be managed through /api", "remove api_keys from the manifest")
            }
        }
        steps = AppStep.sorted(steps)
    }

    private mutating func add<R: Resource>(
        _ index: Int, _ operation: Operation<R>, _ held: Held<R>, _ isThere: (R) -> Bool, _ body: (Stated<R>, Bool) -> AppBody,
        _ told: (R) -> AppStep.Told, label: (R) -> String? = { _ in nil }
    ) throws(AccountFailure) {
        switch operation.verb {
        case .create(let set):
            let name = set.value.naturalKey?.description ?? ""
            if operation.expect == .absent, isThere(set.value) { throw .stale("\(R.kind.word) \(name) is there already") }
            let entry = Inventory.Entry(kind: R.kind, name: name, label: label(set.value), applied: set.value.configuration)
            steps.append(
                AppStep(index: index, kind: R.kind, name: name, calls: [.create(body(set, true))], entry: entry, told: told(set.value)))
        case .update(let target, let set):
            let old = try held.record(target, operation.expect)
            if operation.transfer == .release {
                steps.append(
                    AppStep(index: index, kind: R.kind, name: old.value.naturalKey?.description ?? old.id, calls: [], leaves: old.id))
                return
            }
            if case .takeOver(let other) = operation.transfer {
                throw AccountFailure(
                    .refused(Problem(.foreignOwner, "")),
                    "\(R.kind.word) \(old.value.naturalKey?.description ?? old.id) is managed by \(other.text)",
                    "through /api nothing is taken over: let that manifest release it (removed: with keep: true), and adopt it")
            }
            let new = set.over(Stated(old.value, rows: R.fields.indices), removing: []).value
            let name = new.naturalKey?.description ?? old.id
            let body = body(set, false)
            var calls: [AppStep.Call] = body.isEmpty ? [] : [.change(id: old.id, body)]
            if set.states("webhook") { calls.append(.attach(id: old.id, Self.webhook(new))) }
            let entry = Inventory.Entry(kind: R.kind, name: name, id: old.id, applied: new.configuration)
            steps.append(AppStep(index: index, kind: R.kind, name: name, calls: calls, entry: entry, told: told(new)))
        case .delete(let target, _):
            let old = try held.record(target, operation.expect)
            steps.append(
                AppStep(
                    index: index, kind: R.kind, name: old.value.naturalKey?.description ?? old.id, calls: [.delete(id: old.id)],
                    leaves: old.id))
        }
    }

    /// The aliases that go with their domain, one by one: so nothing goes that was not shown.
    private mutating func addCascade(
        _ index: Int, _ target: Target, _ cascade: Cascade?, _ state: AccountState, but moved: Set<String>
    ) throws(AccountFailure) {
        guard let name = state.domains.first(where: { $0.id == target.text })?.value.name else { return }
        let below = state.aliases.filter { $0.value.domain?.name == name && !moved.contains($0.id) }
        guard below.isEmpty ? cascade == nil : cascade == Cascade(aliases: below.map { ($0.id, $0.version) }) else {
            throw .stale("domain \(name.text) has not the aliases that were to be deleted with it")
        }
        for alias in below {
            steps.append(
                AppStep(
                    index: index, kind: .alias, name: alias.value.naturalKey?.description ?? alias.id, calls: [.delete(id: alias.id)],
                    leaves: alias.id))
        }
    }

    private static func webhook<R: Resource>(_ value: R) -> WebhookReference? {
        (value as? Domain)?.webhook ?? (value as? Alias)?.webhook
    }
}

/// The records of a kind, found by id.
private struct Held<R: Resource> {
    private let records: [Record<R>]
    private let places: [String: Int]

    init(_ records: [Record<R>]) {
        self.records = records
        places = Dictionary(records.indices.map { (records[$0].id, $0) }) { first, _ in first }
    }

    /// - Throws: when it is not there, or not as it is expected.
    func record(_ target: Target, _ expect: Expectation?) throws(AccountFailure) -> Record<R> {
        guard let place = places[target.text] else { throw .stale("\(R.kind.word) \(target.text) is not there any more") }
        let record = records[place]
        if case .version(let version) = expect, version != record.version {
            throw .stale("\(R.kind.word) \(record.value.naturalKey?.description ?? record.id) has changed since")
        }
        return record
    }
}
