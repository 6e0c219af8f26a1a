import EmailConnect

/// Does what a plan says: one batch, then the sinks, then the acknowledgements.
struct Applier {
    let writer: any AccountWriter
    let effects: Effects
    let owner: Owner
    let folder: String
    /// The variables that hold secrets of the manifest.
    let withheld: Set<String>

    /// - Throws: when the batch was refused, or nobody knows whether it was done.
    func apply(_ prepared: PreparedBatch, basedOn plan: Plan) async throws(AccountFailure) -> Applied {
        let digest = plan.digest.text
        let basis = "\(plan.header.accountID) \(plan.header.epoch) \(plan.header.revision) \(digest)"
        let answer: BatchAnswer
        do throws(AccountFailure) {
            answer = try await writer.commit(prepared.batch, idempotencyKey: Hex.sha256(basis))
        } catch {
            guard case .partly(let answer) = error.kind else { throw error.naming(prepared.batch.operations, of: plan) }
            let done = Set(answer.results.map(\.index))
            let operations = prepared.batch.operations
            let titles = { (isDone: Bool) in
                operations.indices.filter { done.contains($0) == isDone }.map { Escaped.line(plan.title(of: operations[$0])) }
            }
            return Applied(
                revision: answer.revision, delivered: [], undelivered: [], counts: plan.counts,
                rest: .init(done: titles(true), left: titles(false), problem: error.problem, remedy: error.remedy))
        }
        var applied = Applied(revision: answer.revision, delivered: [], undelivered: [], counts: plan.counts)
        var results: [Int: BatchAnswer.Result] = [:]
        for result in answer.results where result.token != nil { results[result.index] = result }
        for delivery in prepared.deliveries { await deliver(delivery, results[delivery.index], &applied) }
        return applied
    }

    private func deliver(_ delivery: PreparedBatch.Delivery, _ result: BatchAnswer.Result?, _ applied: inout Applied) async {
        let key = delivery.key.text
        guard let result else {
            applied.undelivered.append(.init(key: key, problem: "the server did not name it"))
            return
        }
        // The same plan, applied by another run at the same moment: its token is the one that counts.
        guard result.token == delivery.token.hash.prefix else {
            applied.elsewhere.append("api key \(key)")
            return
        }
        guard !effects.isInterrupted() else {
            applied.undelivered.append(.init(key: key, problem: "the run was interrupted before"))
            return
        }
        do {
            var token = delivery.token
            for attempt in 1... {
                try deliver(token.secret, to: delivery.sink)
                do throws(AccountFailure) {
                    try await writer.acknowledge(key: result.id, prefix: token.hash.prefix)
                    break
                } catch {
                    // Another run has replaced the token meanwhile, and this one's is in the sink: only a new one puts that right.
                    guard error.isNotFound, attempt < Self.deliveryAttempts else { throw error }
                    token = try await reissue(result.id)
                }
            }
            applied.delivered.append("api key \(key) to \(Escaped.line(delivery.sink.label))")
        } catch let failure as FileFailure {
            applied.undelivered.append(.init(key: key, problem: failure.problem))
        } catch let failure as AccountFailure {
            applied.undelivered.append(
                .init(key: key, problem: "it is in its \(delivery.sink.label), but was not acknowledged: \(failure.problem)"))
        } catch {
            applied.undelivered.append(.init(key: key, problem: "it could not be delivered"))
        }
    }

    private func deliver(_ secret: Secret, to sink: Sink) throws(FileFailure) {
        switch sink {
        case .file(let path): try effects.writeSecret(Paths.join(folder, path), secret)
        case .command(let words): _ = try effects.runProgram(ProgramRun(words: words, folder: folder, input: secret, withheld: withheld))
        case .ageFile(let path, let recipients):
            var generator = Effects.Generator(random: effects.random)
            let text: String
            do throws(AgeFailure) { text = try Age.encrypt(secret, to: recipients, using: &generator) } catch {
                throw FileFailure("it cannot be encrypted: \(error.rejection.problem)")
            }
            try effects.writeFile(Paths.join(folder, path), Array(text.utf8))
        }
    }

    private static let deliveryAttempts = 5

    /// Gives a key another token.
    private func reissue(_ id: String) async throws(AccountFailure) -> Token {
        var generator = Effects.Generator(random: effects.random)
        let token = Token(using: &generator)
        var key = APIKey()
        key.token = .made(token.hash)
        let rows = APIKey.fields.indices.filter { APIKey.fields[$0].name == "token" }
        let operation = Operation<APIKey>(.update(.id(id), Stated(key, rows: rows)), expect: nil)
        _ = try await writer.commit(
            Batch(owner: owner, operations: [.apiKey(operation)]), idempotencyKey: Hex.sha256("reissue \(token.hash.prefix)"))
        return token
    }
}

extension AccountFailure {
    /// Whether the account does not know what the request is about.
    var isNotFound: Bool { if case .refused(let problem) = kind { problem.code == .notFound } else { false } }

    /// Whether the account moved between plan and write, so that planning again may help.
    var isStale: Bool {
        guard case .refused(let problem) = kind else { return false }
        // The last: another run of the same plan, at the same moment, with other secrets.
        return [.stale, .duplicate, .idempotencyMismatch].contains(problem.code)
    }

    /// A refusal that says which resource and field it is about; the server speaks of places in the batch.
    fileprivate func naming(_ operations: [AnyOperation], of plan: Plan) -> AccountFailure {
        guard case .refused(var problem) = kind, !problem.items.isEmpty else { return self }
        for place in problem.items.indices where [.invalid, .forbidden].contains(problem.items[place].code) {
            let steps = problem.items[place].pointer.split(separator: "/").map(String.init)
            guard steps.first == "operations", steps.count > 1, let index = Int(steps[1]), operations.indices.contains(index) else {
                continue
            }
            let field = steps.dropFirst(3).first.map { ", \($0)" } ?? ""
            problem.items[place].detail = "\(plan.title(of: operations[index]))\(field): \(problem.items[place].detail)"
        }
        let more = problem.items.count > 1 ? " (and \(problem.items.count - 1) more)" : ""
        var copy = self
        copy.kind = .refused(problem)
        copy.problem = "nothing was applied: \(problem.items[0].detail)\(more)"
        return copy
    }
}

extension Plan {
    /// What people call the resource of an operation that was made from this plan.
    fileprivate func title(of operation: AnyOperation) -> String {
        switch operation {
        case .webhook(let operation): title(operation, webhooks)
        case .domain(let operation): title(operation, domains)
        case .alias(let operation): title(operation, aliases)
        case .apiKey(let operation): title(operation, apiKeys)
        }
    }

    private func title<R: Resource>(_ operation: Operation<R>, _ changes: [Change<R>]) -> String {
        switch operation.verb {
        case .create(let set): return "\(R.kind.word) \(set.value.naturalKey?.description ?? "")"
        case .update(let target, _), .delete(let target, _):
            let change = changes.first { $0.id == target.text }
            return "\(R.kind.word) \(change?.name?.description ?? target.text)"
        }
    }
}
