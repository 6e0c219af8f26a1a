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
    let run: Run
    let repositoryMovedFrom: String?
    var generator: Effects.Generator

    private var operations: [AnyOperation] = []
    private var deliveries: [PreparedBatch.Delivery] = []

    init(_ secrets: Secrets, _ desired: DesiredState, _ run: Run, _ generator: Effects.Generator) {
        self.secrets = secrets
        sinks = desired.sinks
        self.run = run
        repositoryMovedFrom = desired.repositoryMovedFrom
        self.generator = generator
    }

    /// The batch that does what a plan says.
    /// - Throws: when a new webhook needs a secret that is not at hand.
    /// - Complexity: O(changes)
    mutating func make(_ plan: Plan) throws(ApplyRefusal) -> PreparedBatch {
        var missing: [String] = []
        for change in plan.webhooks where change.isSendable {
            missing += change.missingSecrets(secrets)
            operations.append(.webhook(operation(change) { $0.resolved(with: secrets) }))
        }
        guard missing.isEmpty else { throw ApplyRefusal.secretsMissing(missing) }
        let unfit = plan.webhooks.flatMap { change in
            if case .delete = change { return [String]() }
            return change.new?.unfitSecrets(secrets) ?? []
        }
        guard unfit.isEmpty else { throw ApplyRefusal.secretsUnfit(unfit) }
        let homeless = plan.apiKeys.filter { $0.makesToken && $0.name.map { sinks[$0] == nil } ?? true }
        guard homeless.isEmpty else {
            throw ApplyRefusal(
                exit: .failed, problems: homeless.map { "api key \($0.name?.text ?? "") needs a new token, which would be lost" },
                remedy: "add deliver_to: { file: PATH }; nothing was sent")
        }
        for change in plan.domains { operations.append(.domain(operation(change) { $0 })) }
        for change in plan.aliases { operations.append(.alias(operation(change) { $0 })) }
        for change in plan.apiKeys { add(change) }
        var batch = Batch(
            owner: plan.owner, digest: plan.digest.text, sequence: run.sequence, context: run.context, operations: operations)
        batch.plannedAt = plan.header.revision
        if plan.header.dialect == .app { batch.steps = plan.steps }
        if !deliveries.isEmpty { batch.context[Sink.contextName] = Sink.context(deliveries.map { ($0.key, $0.sink) }) }
        batch.allowsOlder = run.allowsOlder
        batch.ownerMovedFrom = plan.movedFrom
        batch.repositoryMovedFrom = repositoryMovedFrom
        return PreparedBatch(batch: batch, deliveries: deliveries)
    }

    private func operation<R: Resource>(_ change: Change<R>, _ resolved: (R) -> R) -> Operation<R> {
        switch change {
        case .create(let new):
            return Operation(.create(Stated(resolved(new), rows: new.worthWriting)), expect: .absent)
        case .update(let old, let new, _):
            let changed = new.differences(from: old.value, with: secrets)
            let rows = Set(changed.filter { $0.difference.certainty != .unavailable }.map(\.row)).sorted()
            let patch = new.patch(from: old.value, rows: rows, with: secrets)
            return Operation(
                .update(.id(old.id), Stated(resolved(patch.value), rows: rows)), expect: .version(old.version), transfer: change.transfer)
        case .delete(let old, let cascade):
            let taken = cascade.isEmpty ? nil : Cascade(aliases: cascade.map { ($0.id, $0.version) })
            return Operation(.delete(.id(old.id), taken), expect: .version(old.version))
        }
    }

    private mutating func add(_ change: Change<APIKey>) {
        guard let key = change.name, change.makesToken, let sink = sinks[key] else {
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

    private static var tokenRow: Int { APIKey.fields.firstIndex { $0.name == "token" } ?? 0 }
}

extension Change where R == APIKey {
    /// Whether a new token has to be made and delivered.
    var makesToken: Bool {
        switch self {
        case .create: true
        case .update(_, _, let differences): differences.contains { $0.field == "token" }
        case .delete: false
        }
    }
}

extension Change where R == Webhook {
    /// The secrets that it cannot do without and that are not at hand: all of a new webhook's, and those that stand in the
    /// place of something else. A stored secret can stay as it is.
    fileprivate func missingSecrets(_ secrets: Secrets) -> [String] {
        guard let new else { return [] }
        var needed: Set<String>?
        if case .update(_, _, let differences) = self {
            needed = Set(differences.filter { $0.certainty == .changed }.map(\.field))
        }
        return new.secretFields.filter { secrets[$0.reference] == nil && needed?.contains($0.field) ?? true }.map {
            "webhook \(new.key?.text ?? "") needs \(Escaped.line($0.reference.label)) for \(Escaped.line($0.field))"
        }
    }
}

extension Webhook {
    /// The values behind references that cannot be what they are used for, without the values.
    func unfitSecrets(_ secrets: Secrets) -> [String] {
        secretFields.compactMap { field, reference in
            guard let secret = secrets[reference] else { return nil }
            let name = "webhook \(key?.text ?? ""), \(Escaped.line(field)) (\(Escaped.line(reference.label)))"
            if field == "url" {
                do throws(Rejection) { _ = try HTTPURL(secret.reveal()) } catch { return "\(name): \(error.problem)" }
            } else if secret.reveal().unicodeScalars.count > 4096 || secret.reveal().utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
                return "\(name): the value is longer than 4,096 characters or has a control character, such as a line feed"
            }
            return nil
        }
    }

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
