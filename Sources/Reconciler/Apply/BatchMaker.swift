import EmailConnect

/// A batch, and the tokens that have to be delivered once it is done.
struct PreparedBatch: Sendable {
    /// One token on its way.
    struct Delivery: Sendable {
        /// The operation that makes it, from 0.
        var index: Int
        var key: Slug
        var token: Token
        var sink: Sink
    }

    var batch: Batch
    var deliveries: [Delivery]
}

/// Operations from a plan; driven by the changes only.
struct BatchMaker {
    let secrets: Secrets
    let sinks: [Slug: Sink]
    var generator: Effects.Generator

    private var operations: [AnyOperation] = []
    private var deliveries: [PreparedBatch.Delivery] = []

    init(_ secrets: Secrets, _ sinks: [Slug: Sink], _ generator: Effects.Generator) {
        self.secrets = secrets
        self.sinks = sinks
        self.generator = generator
    }

    /// The batch that does what a plan says.
    /// - Throws: when a new webhook needs a secret that is not at hand.
    /// - Complexity: O(changes)
    mutating func make(_ plan: Plan) throws(ApplyRefusal) -> PreparedBatch {
        var missing: [String] = []
        for change in plan.webhooks where change.isSendable {
            if case .create(let new) = change {
                missing += new.secretFields.filter { secrets[$0.reference] == nil }.map {
                    "webhook \(new.key?.text ?? "") needs \(Escaped.line($0.reference.label)) for \(Escaped.line($0.field))"
                }
            }
            operations.append(.webhook(operation(change) { $0.resolved(with: secrets) }))
        }
        guard missing.isEmpty else { throw ApplyRefusal.secretsMissing(missing) }
        for change in plan.domains { operations.append(.domain(operation(change) { $0 })) }
        for change in plan.aliases { operations.append(.alias(operation(change) { $0 })) }
        for change in plan.apiKeys { add(change) }
        let batch = Batch(owner: plan.owner, digest: plan.digest.text, operations: operations)
        return PreparedBatch(batch: batch, deliveries: deliveries)
    }

    private func operation<R: Resource>(_ change: Change<R>, _ resolved: (R) -> R) -> Operation<R> {
        switch change {
        case .create(let new):
            return Operation(.create(Stated(resolved(new), rows: new.rowsWorthWriting)), expect: .absent)
        case .update(let old, let new, _):
            let changed = new.differences(from: old.value, with: secrets)
            let rows = Set(changed.filter { $0.difference.certainty != .unavailable }.map(\.row)).sorted()
            let patch = new.patch(from: old.value, rows: rows, with: secrets)
            return Operation(
                .update(.id(old.id), Stated(resolved(patch.value), rows: rows)), expect: .version(old.version))
        case .delete(let old, let cascade):
            let taken = cascade.isEmpty ? nil : Cascade(aliases: cascade.map { ($0.id, $0.version) })
            return Operation(.delete(.id(old.id), taken), expect: .version(old.version))
        }
    }

    private mutating func add(_ change: Change<APIKey>) {
        guard let key = change.name, needsToken(change), let sink = sinks[key] else {
            operations.append(.apiKey(operation(change) { $0 }))
            return
        }
        let token = Token(using: &generator)
        deliveries.append(.init(index: operations.count, key: key, token: token, sink: sink))
        var made = operation(change) { $0 }
        switch made.verb {
        case .create(var set):
            set.value.token = .made(token.hash)
            made.verb = .create(Stated(set.value, rows: set.rows + [Self.tokenRow]))
        case .update(let target, var set):
            set.value.token = .made(token.hash)
            made.verb = .update(target, Stated(set.value, rows: set.rows))
        case .delete: break
        }
        operations.append(.apiKey(made))
    }

    private func needsToken(_ change: Change<APIKey>) -> Bool {
        switch change {
        case .create: true
        case .update(_, _, let differences): differences.contains { $0.field == "token" }
        case .delete: false
        }
    }

    private static var tokenRow: Int { APIKey.fields.firstIndex { $0.name == "token" } ?? 0 }
}

extension Webhook {
    /// References replaced by what is behind them.
    func resolved(with secrets: Secrets) -> Webhook {
        var copy = self
        if case .secret(let sensitive) = url {
            // What the account stores is canonical.
            if case .value(let value) = sensitive.resolved(with: secrets), let checked = try? WebhookURL.checked(value.secret, at: nil) {
                copy.url = .secret(checked)
            }
        }
        for (name, value) in headers.values {
            if case .secret(let sensitive) = value { copy.headers.values[name] = .secret(sensitive.resolved(with: secrets)) }
        }
        copy.signingSecret = signingSecret?.resolved(with: secrets)
        return copy
    }
}
