import EmailConnect

/// One operation of a batch, as calls: what is checked before, what is noted before, what is called, what is noted after.
struct AppStep: Sendable {
    /// What the account is asked to do.
    enum Call: Sendable {
        /// Makes it; the entry is noted before.
        case create(AppBody)
        /// Changes fields, if there are any.
        case change(id: String, AppBody)
        /// Attaches a webhook, or detaches the one that there is.
        case attach(id: String, WebhookReference?)
        case delete(id: String)
    }

    /// The operation's place in the batch.
    var index: Int
    var kind: Kind
    /// The natural key after it.
    var name: String
    var calls: [Call]
    /// The entry that the inventory has then; nil when it has none any more.
    var entry: Inventory.Entry?
    /// The id of what leaves the inventory.
    var leaves: String?
    /// What the account tells then, but for a webhook that this batch makes.
    var told: Told?

    /// A value whose webhook's id is known only when it is written.
    enum Told: Sendable {
        case webhook(Webhook)
        case domain(Domain)
        case alias(Alias)

        /// As ``AppLists/fingerprint(_:)`` of what is read later.
        func fingerprint(_ ids: [WebhookReference: String]) -> String {
            func raw(_ reference: WebhookReference?) -> WebhookReference? { reference.map { .id(ids[$0] ?? $0.text) } }
            switch self {
            case .webhook(var webhook):
                webhook.key = nil
                return AppLists.fingerprint(webhook)
            case .domain(var domain):
                domain.webhook = raw(domain.webhook)
                return AppLists.fingerprint(domain)
            case .alias(var alias):
                alias.webhook = raw(alias.webhook)
                return AppLists.fingerprint(alias)
            }
        }
    }

    /// Whether it makes something.
    var isNew: Bool { if case .create = calls.first { true } else { false } }

    /// Where it stands in the order: what is pointed at is made first and deleted last.
    private var rank: Int {
        if case .delete = calls.first { return 10 - (Kind.allCases.firstIndex(of: kind) ?? 0) }
        return Kind.allCases.firstIndex(of: kind) ?? 0
    }

    /// The steps of a batch, in an order in which each can be done.
    static func sorted(_ steps: [AppStep]) -> [AppStep] {
        // A name that another step frees is taken after that one: changes before creations, within a kind.
        func isLater(_ step: AppStep) -> Int { step.kind == .alias && step.isNew ? 1 : 0 }
        return steps.sorted { ($0.rank, isLater($0), $0.index) < ($1.rank, isLater($1), $1.index) }
    }

    /// How many calls a batch takes, with the three that read the account before.
    static func calls(_ batch: Batch) -> Int {
        batch.operations.reduce(3) { sum, operation in
            switch operation {
            case .webhook(let operation): sum + calls(operation)
            case .domain(let operation): sum + calls(operation)
            case .alias(let operation): sum + calls(operation)
            case .apiKey: sum
            }
        }
    }

    private static func calls<R: Resource>(_ operation: Operation<R>) -> Int {
        switch operation.verb {
        case .create: return 1
        case .update(_, let set):
            let told = Set((AppLists.members[R.kind] ?? []).map(\.field)).subtracting(["webhook"])
            return (told.contains(where: set.states) ? 1 : 0) + (set.states("webhook") ? 1 : 0)
        case .delete(_, let cascade): return 1 + (cascade?.aliases ?? 0)
        }
    }
}

/// The body of a call, before the ids of what this batch makes are known.
struct AppBody: Sendable {
    private enum Value: Sendable {
        case text(String)
        case flag(Bool)
        case webhook(WebhookReference?)
        case domain(DomainName)
    }

    private var members: [(name: String, value: Value)] = []

    /// Whether there is nothing to send.
    var isEmpty: Bool { members.isEmpty }

    init(_ set: Stated<Webhook>) {
        let webhook = set.value
        add(set, ["name": .text(webhook.name), "description": .text(webhook.description), "enabled": .flag(webhook.enabled)])
        if case .plain(let url) = webhook.url { add(set, ["url": .text(url.text)]) }
    }

    /// - Parameter attaches: whether the webhook goes with the rest.
    init(_ set: Stated<Domain>, attaches: Bool) {
        let domain = set.value
        add(
            set,
            [
                "name": .text(domain.name?.text ?? ""), "description": .text(domain.description), "enabled": .flag(domain.enabled),
                "allow_attachments": .flag(domain.allowAttachments), "include_envelope": .flag(domain.includeEnvelope),
            ])
        if attaches { add(set, ["webhook": .webhook(domain.webhook)]) }
    }

    /// - Parameter attaches: whether the webhook goes with the rest.
    init(_ set: Stated<Alias>, attaches: Bool) {
        let alias = set.value
        add(
            set,
            [
                "name": .text(alias.name?.text ?? ""), "description": .text(alias.description), "enabled": .flag(alias.enabled),
            ])
        if let domain = alias.domain?.name { add(set, ["domain": .domain(domain)]) }
        if attaches { add(set, ["webhook": .webhook(alias.webhook)]) }
    }

    private mutating func add<R: Resource>(_ set: Stated<R>, _ values: [String: Value]) {
        for (field, member) in AppLists.members[R.kind] ?? [] where set.states(field) {
            if let value = values[field] { members.append((member, value)) }
        }
    }

    /// The bytes.
    /// - Throws: when a webhook or a domain that it points at is not there.
    func bytes(_ webhooks: [WebhookReference: String], _ domains: [DomainName: String]) throws(AccountFailure) -> [UInt8] {
        var json = JSONWriter()
        var missing: String?
        json.object { json in
            for (name, value) in members {
                switch value {
                case .text(let text): json.member(name, text)
                case .flag(let flag): json.member(name, flag)
                case .webhook(nil): json.null(name)
                case .webhook(let reference?):
                    json.member(name, webhooks[reference])
                    if webhooks[reference] == nil { missing = "webhook \(reference.text)" }
                case .domain(let domain):
                    json.member(name, domains[domain])
                    if domains[domain] == nil { missing = "domain \(domain.text)" }
                }
            }
        }
        if let missing { throw .stale("there is no \(missing) any more") }
        return json.bytes
    }
}

extension AccountFailure {
    /// The account is not what the plan was made from.
    static func stale(_ problem: String) -> AccountFailure {
        AccountFailure(.refused(Problem(.stale, problem)), problem, "run the command again; it plans from what the account is now")
    }
}
