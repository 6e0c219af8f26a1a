import EmailConnect

/// What a request asks of a commit beside its operations.
struct CommitOptions: Sendable {
    /// The request's idempotency key.
    var idempotencyKey: String?
    /// Ids that were chosen before, by operation.
    var ids: [Int: String] = [:]
    /// Whether an API key's token in it was made here, to be shown once.
    var hasServersToken = false
    /// The account's revision that has to be the current one.
    var expectedRevision: Int?
    /// Whether a deletion may take along whatever stands below.
    var cascadesAny = false
    /// Whether the operations came as a list, so that an error says which.
    var isList = false
    /// What an operation's fields are called in the request: `/set`, `/data` or nothing.
    var setPointer = ""

    func pointer(_ index: Int) -> String { isList ? "/operations/\(index)" : "" }
}

/// The only code that changes configuration. Every write, from any route, is a list of operations: permission, rules,
/// rows, revision and history in one place, in one transaction.
struct Ledger: Sendable {
    let store: Store
    let clock: Clock
    let random: Randomness
    let webhookTargets: WebhookTargets

    /// Does a batch as a whole or not at all.
    /// - Throws: ``Problem``.
    func commit(_ batch: Batch, by caller: Caller, _ options: CommitOptions) async throws -> BatchAnswer {
        try Self.require(batch, of: caller)
        return try await store.write { try commit(batch, by: caller, options, in: $0) }
    }

    /// Does a batch that is found out in the transaction that does it, so that nobody comes between; one without operations is nothing.
    /// - Parameters:
    ///   - plan: finds out the batch, and what the answer needs to know.
    ///   - answer: reads, in the same transaction, what came of it.
    /// - Throws: ``Problem``.
    func commit<Plan: Sendable, Answer: Sendable>(
        by caller: Caller, plan: @Sendable @escaping (Transaction) throws -> (batch: Batch, options: CommitOptions, plan: Plan),
        answer: @Sendable @escaping (Plan, Transaction) throws -> Answer
    ) async throws -> Answer {
        try await store.write { transaction in
            let planned = try plan(transaction)
            if !planned.batch.operations.isEmpty {
                try Self.require(planned.batch, of: caller)
                _ = try commit(planned.batch, by: caller, planned.options, in: transaction)
            }
            return try answer(planned.plan, transaction)
        }
    }

    private static func require(_ batch: Batch, of caller: Caller) throws(Problem) {
        for kind in Set(batch.operations.map(\.kind)).sorted() { try caller.require(kind.writeScope) }
        if let owner = batch.owner { try caller.requireOwner(owner.text) }
    }

    private func commit(
        _ batch: Batch, by caller: Caller, _ options: CommitOptions, in transaction: Transaction
    ) throws -> BatchAnswer {
        let time = clock.now()
        let request = options.idempotencyKey.map { _ in batch.fingerprint }
        if let key = options.idempotencyKey, let request,
            let known = try Idempotency.answer(key, request, account: caller.accountID, in: transaction)
        {
            return known
        }
        if let revision = options.expectedRevision, try History.revision(of: caller.accountID, in: transaction) != revision {
            throw Problem(.stale, "the account is not at revision \(revision) any more")
        }
        let owner = try batch.owner.map {
            try Owners.enter($0, batch, by: caller, at: time, random, in: transaction)
        }
        var ledger = LedgerTransaction(
            transaction, caller: caller, batch: batch, options: options, time: time, random: random,
            webhookTargets: webhookTargets, ownerID: owner?.id)
        ledger.revision = try History.revision(of: caller.accountID, in: transaction) + 1
        if let change = owner?.change { ledger.history.append(change) }
        try Accounts.refuseOverfull(ledger)
        try perform(&ledger)
        if let owner, batch.digest != nil, let plannedAt = batch.plannedAt {
            try Drift.settle(owner.id, plannedAt: plannedAt, &ledger)
        }
        try Accounts.count(ledger)
        let revision = try History.record(ledger)
        let answer = BatchAnswer(revision: revision, results: ledger.results.sorted { $0.index < $1.index })
        // What changed nothing may be done again, with other secrets even.
        if let key = options.idempotencyKey, let request, !ledger.history.isEmpty {
            try Idempotency.record(key, request, answer, account: caller.accountID, at: time, in: transaction)
        }
        return answer
    }

    /// The phases of a commit. Kinds are written in the order webhooks, domains, aliases, keys: what is pointed at
    /// comes first. Since only the final state counts, names are parked and deletions done before anything is written.
    private func perform(_ ledger: inout LedgerTransaction) throws {
        var webhooks = Steps<Webhook>()
        var domains = Steps<Domain>()
        var aliases = Steps<Alias>()
        var apiKeys = Steps<APIKey>()
        for (index, operation) in ledger.batch.operations.enumerated() {
            switch operation {
            case .webhook(let operation): webhooks.append(index, operation)
            case .domain(let operation): domains.append(index, operation)
            case .alias(let operation): aliases.append(index, operation)
            case .apiKey(let operation): apiKeys.append(index, operation)
            }
        }
        try webhooks.prepare(&ledger)
        try domains.prepare(&ledger)
        try aliases.prepare(&ledger)
        try apiKeys.prepare(&ledger)
        try Cascades.refuseBelowLifted(domains, aliases, &ledger)

        try Cascades.remember(domains, &ledger)
        try webhooks.park(ledger)
        try domains.park(ledger)
        try aliases.park(ledger)
        try apiKeys.park(ledger)

        try apiKeys.delete(&ledger)
        try aliases.delete(&ledger)
        try domains.delete(&ledger)
        try webhooks.delete(&ledger)

        try webhooks.write(&ledger)
        try domains.write(&ledger)
        try aliases.write(&ledger)
        try apiKeys.write(&ledger)

        try Cascades.settle(domains, aliases, &ledger)
        try Cascades.refuseInUse(webhooks, &ledger)
        guard let first = ledger.problems.min(by: { $0.severity < $1.severity }) else { return }
        let detail = ledger.problems.count == 1 ? first.detail : "\(first.detail) (and \(ledger.problems.count - 1) more)"
        throw Problem(first.code, detail, items: ledger.problems)
    }
}

extension Problem.Item {
    /// What the whole answer is about when several things are wrong: a request that makes no sense comes first, then
    /// an account that has moved, then the rest.
    fileprivate var severity: Int {
        switch code {
        case .invalid, .malformed: 0
        case .forbidden: 1
        case .stale: 2
        case .foreignOwner: 3
        default: 4
        }
    }
}

extension Batch {
    /// SHA-256 over what the batch does. A token's hash takes no part, since a client that tries again makes another, nor does
    /// which run it is: of two runs with one plan, the second finds it done.
    fileprivate var fingerprint: String {
        var plain = self
        plain.context = [:]
        plain.sequence = nil
        plain.plannedAt = nil
        plain.allowsOlder = false
        for (index, operation) in operations.enumerated() {
            guard case .apiKey(var key) = operation else { continue }
            switch key.verb {
            case .create(var set):
                set.value.token = .undelivered
                key.verb = .create(set)
            case .update(let target, var set):
                set.value.token = .undelivered
                key.verb = .update(target, set)
            case .delete: continue
            }
            plain.operations[index] = .apiKey(key)
        }
        var json = JSONWriter()
        plain.write(to: &json)
        return Hex.sha256(json.bytes)
    }
}
