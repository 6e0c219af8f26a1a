import EmailConnect

/// One commit while it is being done: what it is allowed to use, and what it has found so far.
struct LedgerTransaction {
    let transaction: Transaction
    let caller: Caller
    let batch: Batch
    let options: CommitOptions
    let time: Timestamp
    let random: Randomness
    let webhookTargets: WebhookTargets
    /// The row of the batch's owner.
    let ownerID: String?

    /// Everything that stands in the batch's way.
    var problems: [Problem.Item] = []
    /// What each operation came to, by its index.
    var results: [BatchAnswer.Result] = []
    /// What changed, for the history.
    var history: [Change] = []
    /// The account's revision after this commit, if it changes anything.
    var revision = 0
    /// Whether something counts as applied again that somebody else had changed.
    var settled = false
    /// The resources that an operation is about; each may occur once.
    var seen: Set<String> = []
    /// The aliases of domains that are deleted, as they were, by id.
    var below: [String: Below] = [:]
    private var webhookIDs: [WebhookReference: String] = [:]
    private var domainIDs: [DomainReference: String] = [:]

    /// One resource before and after, as JSON without secrets.
    struct Change {
        var kind: String
        var id: String
        var before: String?
        var after: String?
        /// The resource's version after it.
        var version: Int?
    }

    /// An alias of a domain that is deleted, as it was.
    struct Below {
        var name: String
        var owner: String?
        var applied: String
        var history: String
    }

    init(
        _ transaction: Transaction, caller: Caller, batch: Batch, options: CommitOptions, time: Timestamp, random: Randomness,
        webhookTargets: WebhookTargets, ownerID: String?
    ) {
        self.transaction = transaction
        self.caller = caller
        self.batch = batch
        self.options = options
        self.time = time
        self.random = random
        self.webhookTargets = webhookTargets
        self.ownerID = ownerID
    }

    /// Notes that an operation cannot be done; the rest is still looked at, so that one answer names everything.
    mutating func refuse(_ index: Int, _ code: Problem.Code, _ detail: String, at pointer: String = "") {
        problems.append(.init(pointer: options.pointer(index) + pointer, code: code, detail: detail))
    }

    /// Runs a step of one operation and notes what it refuses.
    mutating func attempt(_ index: Int, _ body: (inout LedgerTransaction) throws -> Void) throws {
        do { try body(&self) } catch let problem as Problem {
            if problem.items.isEmpty { refuse(index, problem.code, problem.detail) }
            for item in problem.items { refuse(index, item.code, item.detail, at: options.setPointer + item.pointer) }
        } catch let rejection as Rejection {
            refuse(index, .invalid, rejection.sentence, at: rejection.pointer)
        }
    }

    /// The id of the webhook that a reference names, in the state that the batch has made so far.
    mutating func webhookID(_ reference: WebhookReference?) throws -> String? {
        guard let reference else { return nil }
        if let known = webhookIDs[reference] { return known }
        let condition: (condition: String, values: [RowValue]) =
            switch reference {
            case .id(let id): ("t.id = ?", [.text(id)])
            case .key(let key): try at("webhook") { try Webhook.find(key, account: caller.accountID, owner: batch.owner) }
            }
        let found = try transaction.first(
            "SELECT t.id FROM webhooks t WHERE t.account_id = ? AND \(condition.condition)",
            [.text(caller.accountID)] + condition.values
        ) { $0.text(0) }
        guard let found else { throw Alias.invalid("webhook", "there is no webhook \(reference.text.prefix(160))") }
        webhookIDs[reference] = found
        return found
    }

    /// The id of the domain that a reference names, in the state that the batch has made so far.
    mutating func domainID(_ reference: DomainReference) throws -> String {
        if let known = domainIDs[reference] { return known }
        let (column, value) =
            switch reference {
            case .id(let id): ("id", id)
            case .name(let name): ("name", name.text)
            }
        let found = try transaction.first(
            "SELECT id FROM domains WHERE account_id = ? AND \(column) = ?", [.text(caller.accountID), .text(value)]
        ) { $0.text(0) }
        guard let found else { throw Alias.invalid("domain", "there is no domain \(value.prefix(260))") }
        domainIDs[reference] = found
        return found
    }

    private func at<T>(_ field: String, _ body: () throws -> T) throws -> T {
        do { return try body() } catch let rejection as Rejection { throw Alias.invalid(field, rejection.sentence) }
    }
}
