import AsyncHTTPClient
public import EmailConnect
import NIOCore
import NIOHTTP1

extension AppAccount {
    /// Does a batch call by call. Before the first one the account is read again and held against what each operation expects.
    /// - Throws: when nothing was done; or, with the kind *partly*, when only a part was.
    public func commit(_ batch: Batch, idempotencyKey: String) async throws(AccountFailure) -> BatchAnswer {
        let snapshot = try await read()
        try check(batch, snapshot.inventory)
        let steps = try AppBatch(batch, snapshot).steps
        var run = AppRun(self, batch, snapshot)
        try run.begin()
        for step in steps {
            do throws(AccountFailure) {
                guard !isInterrupted() else { throw .interrupted }
                try await run.take(step)
            } catch {
                try run.end(after: error, at: step, of: steps)
            }
        }
        return try run.finish()
    }

    private func check(_ batch: Batch, _ inventory: Inventory) throws(AccountFailure) {
        guard batch.owner == store.owner, batch.ownerMovedFrom == nil else {
            throw AccountFailure(
                .refused(Problem(.invalid, "")), "through /api an owner gets no other name",
                "move its inventory, and change the line owner in it")
        }
        if let sequence = batch.sequence, let latest = inventory.sequence, sequence < latest, !batch.allowsOlder {
            throw AccountFailure(
                .refused(Problem(.olderRun, "")), "run \(sequence) comes after run \(latest)",
                "this run came too late; --allow-older applies it all the same")
        }
    }
}

/// A batch on its way: the calls, and the inventory that is always ahead of them.
struct AppRun {
    private let account: AppAccount
    private let batch: Batch
    private var inventory: Inventory
    /// What the file has.
    private var stored: Inventory
    private var webhookIDs: [WebhookReference: String]
    private var domainIDs: [DomainName: String]
    private let webhooks: [Record<Webhook>]
    private var done: [Int: BatchAnswer.Result] = [:]
    /// Whether the account has been changed.
    private var hasCalled = false
    /// The ids of webhooks that this run has made, by their names.
    private var made: [String: [String]] = [:]
    /// The inventory before.
    private let before: Inventory

    /// How often something is made again that was not there when it was looked up.
    private static let attempts = 3

    init(_ account: AppAccount, _ batch: Batch, _ snapshot: AppSnapshot) {
        self.account = account
        self.batch = batch
        inventory = snapshot.inventory
        stored = snapshot.inventory
        before = snapshot.inventory
        webhookIDs = snapshot.webhookIDs
        domainIDs = snapshot.domainIDs
        webhooks = snapshot.state.webhooks
        // What was about to be made and never was.
        inventory.entries.removeAll { $0.id == nil }
        let there = Set(
            snapshot.state.webhooks.map(\.id) + snapshot.state.domains.map(\.id) + snapshot.state.aliases.map(\.id))
        inventory.entries.removeAll { $0.id.map { !there.contains($0) } ?? false }
    }

    /// Notes what is about to be applied; what is left of an apply before is part of that one.
    mutating func begin() throws(AccountFailure) {
        if let sequence = batch.sequence { inventory.sequence = sequence }
        if let repository = batch.context["repository"] { inventory.repository = repository }
        guard !batch.operations.isEmpty, let digest = batch.digest else { return }
        let steps = Set(batch.steps)
        if let known = inventory.unfinished, steps.isSubset(of: known.steps) { return try save() }
        inventory.unfinished = UnfinishedApply(digest: digest, steps: steps)
        try save()
    }

    /// Does one step, and notes it.
    mutating func take(_ step: AppStep) async throws(AccountFailure) {
        var entry = step.entry
        for call in step.calls {
            switch call {
            case .create(let body):
                guard var draft = entry else { continue }
                if let label = draft.label { draft.others = namesakes(label) }
                draft.seen = step.told?.fingerprint(webhookIDs)
                inventory.note(draft)
                try save()
                let id = try await create(step, body, draft)
                hasCalled = true
                if let label = draft.label { made[label, default: []].append(id) }
                (draft.id, draft.label, draft.others) = (id, nil, [])
                entry = draft
                learn(step, id)
            case .change(let id, let body):
                try announce(step)
                let bytes = try body.bytes(webhookIDs, domainIDs)
                try await send(Request(.PUT, "/\(step.kind.plural)/\(id)", body: bytes), step)
            case .attach(let id, let reference):
                try announce(step)
                var json = JSONWriter()
                let webhook = reference.map { webhookIDs[$0] }
                if case .some(nil) = webhook { throw .stale("there is no webhook \(reference?.text ?? "") any more") }
                json.object { $0.member("webhookId", webhook ?? nil) }
                try await send(Request(.PUT, "/\(step.kind.plural)/\(id)/webhook", body: json.bytes), step)
            case .delete(let id):
                do throws(AccountFailure) { try await send(Request(.DELETE, "/\(step.kind.plural)/\(id)"), step) } catch {
                    // Gone is gone, whoever did it.
                    guard case .refused(let problem) = error.kind, problem.code == .notFound else { throw error }
                }
            }
        }
        if var entry {
            entry.seen = step.told?.fingerprint(webhookIDs)
            inventory.note(entry)
            if step.kind == .webhook, let id = entry.id { webhookIDs[.key(entry.name)] = id }
        }
        if let id = step.leaves { inventory.forget(id) }
        let isPart = step.kind == .alias && batch.operations[step.index].kind == .domain
        if !isPart {
            let status = step.leaves != nil && !step.calls.isEmpty ? 204 : entry?.seen == nil || !step.isNew ? 200 : 201
            done[step.index] = BatchAnswer.Result(index: step.index, status: status, id: entry?.id ?? step.leaves ?? "", version: nil)
        }
    }

    /// Ends the run after what went wrong.
    mutating func end(after failure: AccountFailure, at step: AppStep, of steps: [AppStep]) throws(AccountFailure) -> Never {
        var failure = failure
        if failure != .interrupted { failure.problem = "\(step.kind.word) \(step.name): \(failure.problem)" }
        guard hasCalled || !done.isEmpty else {
            // Nothing was changed, so nothing is unfinished.
            if failure.kind != .unknown {
                inventory = before
                try? save()
            }
            throw failure
        }
        do throws(AccountFailure) { try save() } catch { failure.remedy += "; and \(error.problem)" }
        let answer = BatchAnswer(revision: inventory.revision, results: done.keys.sorted().compactMap { done[$0] })
        throw AccountFailure(.partly(answer), failure.problem, failure.remedy)
    }

    /// Notes that all was done.
    mutating func finish() throws(AccountFailure) -> BatchAnswer {
        if !batch.operations.isEmpty || inventory.unfinished != nil { inventory.revision += 1 }
        inventory.finish(batch.operations.isEmpty ? nil : batch.digest)
        let answer = BatchAnswer(revision: inventory.revision, results: done.keys.sorted().compactMap { done[$0] })
        do throws(AccountFailure) { try save() } catch {
            throw done.isEmpty ? error : AccountFailure(.partly(answer), error.problem, error.remedy)
        }
        return answer
    }

    // MARK: the inventory

    private mutating func save() throws(AccountFailure) {
        guard inventory != stored else { return }
        try account.store.write(inventory.bytes)
        stored = inventory
    }

    /// What becomes ours stands in the inventory before it is changed, and what a change comes to.
    private mutating func announce(_ step: AppStep) throws(AccountFailure) {
        guard var entry = step.entry else { return }
        entry.seen = step.told?.fingerprint(webhookIDs)
        if var known = inventory.entries.first(where: { $0.id == entry.id }) {
            known.next = .init(applied: entry.applied, seen: entry.seen)
            inventory.note(known)
        } else {
            inventory.note(entry)
        }
        try save()
    }

    /// The ids of all webhooks of a name that are there before one more is made.
    private func namesakes(_ label: String) -> [String] {
        (webhooks.filter { $0.value.name == label }.map(\.id) + made[label, default: []]).sorted()
    }

    private mutating func learn(_ step: AppStep, _ id: String) {
        switch step.kind {
        case .webhook: webhookIDs[.key(step.name)] = id
        case .domain: if let name = try? DomainName(step.name) { domainIDs[name] = id }
        case .alias, .apiKey: break
        }
    }

    // MARK: the calls

    private mutating func send(_ request: Request, _ step: AppStep) async throws(AccountFailure) {
        do throws(AccountFailure) { try await account.call(request) { _ in } } catch {
            if error.kind == .unknown { hasCalled = true }
            throw error
        }
        hasCalled = true
    }

    /// Makes something; when nobody knows whether that was done, looks for it before making it again.
    private mutating func create(_ step: AppStep, _ body: AppBody, _ entry: Inventory.Entry) async throws(AccountFailure) -> String {
        let bytes = try body.bytes(webhookIDs, domainIDs)
        var attempt = 1
        while true {
            do throws(AccountFailure) {
                return try await account.call(Request(.POST, "/\(step.kind.plural)", body: bytes), canRepeat: false) { response in
                    let bytes = Array(try await response.body.collect(upTo: AccountClient.answerLimit).readableBytesView)
                    return try Self.id(bytes, step.kind)
                }
            } catch {
                let isKnown = if case .refused(let problem) = error.kind { attempt > 1 && problem.code == .duplicate } else { false }
                guard error.kind == .unknown || isKnown else {
                    if attempt == 1 { inventory.entries.removeAll { $0.kind == entry.kind && $0.name == entry.name && $0.id == nil } }
                    throw error
                }
                hasCalled = true
                if let id = try await lookUp(entry) { return id }
                guard attempt < Self.attempts, !account.isInterrupted() else { throw error }
                let pause = RetryPolicy.pause(
                    after: .broken, attempt: attempt, elapsed: .zero, limit: account.client.pacing.limit,
                    jitter: account.client.pacing.jitter())
                guard let pause else { throw error }
                try await account.wait(pause, for: error.problem, else: error)
                attempt += 1
            }
        }
    }

    /// The id of what was about to be made, if it is there.
    private func lookUp(_ entry: Inventory.Entry) async throws(AccountFailure) -> String? {
        let nodes = try await account.list(entry.kind)
        let domains = entry.kind == .alias ? try await account.list(.domain) : entry.kind == .domain ? nodes : []
        let lists: AppLists
        do throws(Rejection) {
            lists = try AppLists(
                aliases: entry.kind == .alias ? nodes : [], domains: domains, webhooks: entry.kind == .webhook ? nodes : [])
        } catch { throw AccountFailure(.unknown, error.problem, AccountClient.again(true)) }
        let found: [String] =
            switch entry.kind {
            case .webhook: lists.made(entry)
            case .domain: lists.domains.filter { $0.value.name?.text == entry.name }.map(\.id)
            default: lists.aliases.filter { $0.value.naturalKey?.description == entry.name }.map(\.id)
            }
        guard found.count < 2 else { throw .ambiguous(entry, found) }
        return found.first
    }

    /// The id in an answer; `POST /api/webhooks` has it one level deeper.
    private static func id(_ bytes: [UInt8], _ kind: Kind) throws(Rejection) -> String {
        var reader = JSONReader(bytes)
        var members = try reader.node().members("an item")
        if let inner = members.first(where: { $0.key.text == kind.rawValue }), case .mapping(let deeper, _) = inner.value {
            members = deeper
        }
        guard let id = members.first(where: { $0.key.text == "id" }) else { throw Rejection("the answer has no id") }
        return try id.value.text()
    }
}
