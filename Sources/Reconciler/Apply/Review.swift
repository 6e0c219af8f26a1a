public import EmailConnect

/// What a reviewer approved.
public enum Review: Sendable {
    /// A digest as a plan prints it, or the whole of it.
    case digest(String)
    /// A plan from a file.
    case plan(SavedPlan)

    /// Reads a digest as a person hands it on.
    /// - Throws: when it is none.
    public static func digest(written text: String) throws(Rejection) -> Review {
        let digits = text.lowercased().filter { $0 != "-" }
        guard (16...64).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else {
            throw Rejection("not a plan's digest", "give it as plan prints it, as in 7f3a-91c2-0b4d-88ef")
        }
        return .digest(digits)
    }

    /// How the digest begins.
    var digest: String {
        switch self {
        case .digest(let digits): digits
        case .plan(let saved): saved.plan.digest.text
        }
    }
}

extension Change where R == APIKey {
    /// Whether a token would go elsewhere than was approved.
    fileprivate func movesSink(from approved: Plan, to current: Plan) -> Bool {
        guard makesToken, let name else { return false }
        return approved.sinks[name] != current.sinks[name]
    }
}

extension Pipeline {
    /// What comes of holding a plan to its review.
    public enum Verdict: Equatable, Sendable {
        /// It is what was approved.
        case approved
        /// The account has taken what was approved already, and it still stands.
        case alreadyApplied(ApplyRecord)
    }

    /// Holds a plan to what was approved.
    /// - Throws: ``ApplyRefusal`` that says what has moved, or ``AccountFailure`` when the account could not be read.
    public static func check(_ planned: Planned, against review: Review, _ reader: some AccountReader) async throws -> Verdict {
        let plan = planned.plan
        if case .plan(let saved) = review { try isSameAccount(saved, plan) }
        if plan.digest.text.hasPrefix(review.digest) { return .approved }
        // What was approved and begun may come to its end.
        if let unfinished = plan.header.unfinished, unfinished.digest.hasPrefix(review.digest), plan.isRest(of: unfinished) {
            return .approved
        }
        if let record = try await reader.applied(review.digest, by: plan.owner) {
            if case .plan(let saved) = review, let key = plan.apiKeys.first(where: { $0.movesSink(from: saved.plan, to: plan) })?.name {
                throw ApplyRefusal.moved(["api key \(key): where its token goes"], "the plan is not what was approved")
            }
            if case .digest = review {
                let made = Set((record.context[Sink.contextName] ?? "").split(separator: ",").map(String.init))
                for change in plan.apiKeys where change.makesToken {
                    guard let key = change.name, let sink = plan.sinks[key], !made.contains(Sink.context([(key, sink)])) else { continue }
                    throw ApplyRefusal.moved(
                        ["api key \(key): its token would go to the \(Escaped.line(sink.label))"],
                        "that plan was applied as revision \(record.revision), and did not approve a delivery; now it is \(plan.digest.short)"
                    )
                }
            }
            let moved = record.moved ?? []
            guard !moved.isEmpty else { return .alreadyApplied(record) }
            throw ApplyRefusal.moved(
                moved.map { "\($0): not as it was applied" },
                "that plan was applied as revision \(record.revision), and the account has moved on since")
        }
        guard case .plan(let saved) = review else {
            throw ApplyRefusal.moved([], "the plan is \(plan.digest.short) now, not what was approved")
        }
        throw ApplyRefusal.moved(
            Movement.describe(from: saved.plan, to: plan), "the plan is \(plan.digest.short) now, not \(saved.plan.digest.short)")
    }

    private static func isSameAccount(_ saved: SavedPlan, _ plan: Plan) throws(ApplyRefusal) {
        let (then, now) = (saved.plan, plan)
        let parts = [
            ("owner", then.owner.text, now.owner.text), ("server", then.header.serverID, now.header.serverID),
            ("account", then.header.accountID, now.header.accountID), ("epoch", then.header.epoch, now.header.epoch),
        ]
        let others = parts.filter { $0.1 != $0.2 }
        guard others.isEmpty else {
            throw ApplyRefusal.moved(
                others.map { "\($0.0): planned for \(Escaped.line($0.1)), this is \(Escaped.line($0.2))" }, "the plan is for something else"
            )
        }
    }
}
