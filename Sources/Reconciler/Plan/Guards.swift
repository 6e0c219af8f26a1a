import EmailConnect

/// What a guard refuses: with numbers, and the ways out.
public struct Refusal: Equatable, Sendable {
    /// What is guarded: `deletes`, `mail_moves`, `unmanaged`, `policy` (at an entry), `policy_limit` and the like.
    public var guarded: String
    /// How many.
    public var count: Int
    /// What is wrong.
    public var problem: String
    /// The ways out.
    public var remedy: String
}

extension Refusal {
    /// What the policy says of an entry.
    init(policy violation: Diagnostic) {
        let place = violation.position.map { " (\(violation.file):\($0.line))" } ?? ""
        self.init(guarded: "policy", count: 1, problem: "\(violation.problem)\(place)", remedy: violation.remedy)
    }
}

/// Limits on what is hard to take back: deletions, and mail that goes elsewhere. Evaluated by plan and again by apply.
enum Guards {
    /// More than these are too many at once.
    static let most = 10
    /// From here on the share counts.
    static let few = 3
    /// In percent.
    static let share = 20

    /// What is refused, and what was agreed to.
    static func check(
        _ plan: Plan, _ state: AccountState, _ consent: Consent, isDestroyed: Bool, policy: Policy = Policy()
    ) -> (refusals: [Refusal], consented: [String]) {
        var refusals: [Refusal] = []
        var consented: [String] = []
        func judge(_ guarded: String, _ count: Int, _ allowed: Int?, _ problem: String?, _ ways: String) {
            if let problem, allowed != count {
                let stale = allowed.map { ", and \(guarded): \($0) is not \(count)" } ?? ""
                refusals.append(Refusal(guarded: guarded, count: count, problem: problem + stale, remedy: ways))
            } else if problem != nil {
                consented.append("\(guarded): \(count) is agreed to")
            } else if let allowed {
                consented.append("\(guarded): \(allowed) is not needed (any more); remove it")
            }
        }
        let deletions = Deletions(plan, state)
        let option = { (name: String) in "--allow-\(name.replacing("_", with: "-"))" }
        judge(
            "deletes", deletions.count, consent.deletes, deletions.problem,
            isDestroyed
                ? "agree with \(option("deletes")) \(deletions.count)"
                : "write down what goes under removed:, or agree with allow: { deletes: \(deletions.count) } in the manifest or "
                    + "\(option("deletes")) \(deletions.count)")
        let moves = MailMoves.count(plan, state)
        let problem = tooMany(moves, of: state.aliases.count { $0.owner == plan.owner }).map {
            "the mail of \(moves) \(moves == 1 ? "address" : "addresses") would go elsewhere, or nowhere\($0)"
        }
        judge(
            "mail_moves", moves, consent.mailMoves, problem,
            "agree with allow: { mail_moves: \(moves) } in the manifest or \(option("mail_moves")) \(moves)")
        refusals += limit(deletions.all, policy.mostDeletes, "would be deleted")
        refusals += limit(moves, policy.mostMailMoves, "would have their mail moved")
        return (refusals, consented + unused(consent, plan))
    }

    /// What no consent helps against.
    private static func limit(_ count: Int, _ most: Int?, _ what: String) -> [Refusal] {
        guard let most, count > most else { return [] }
        return [
            Refusal(
                guarded: "policy_limit", count: count, problem: "policy: \(count) \(what), and at most \(most) may",
                remedy: "do it in steps, or have the policy changed")
        ]
    }

    /// Consent to what nothing in the plan needs: it could serve an accident later.
    private static func unused(_ consent: Consent, _ plan: Plan) -> [String] {
        guard consent.adoptsAll || !consent.adopt.isEmpty || !consent.takeOver.isEmpty else { return [] }
        var adopted: Set<ResourceName> = []
        var taken: Set<ResourceName> = []
        func collect<R: Resource>(_ changes: [Change<R>]) {
            for change in changes {
                guard let name = change.name.map({ ResourceName(R.kind, $0) }), let transfer = change.transfer else { continue }
                if transfer == .adopt { adopted.insert(name) } else { taken.insert(name) }
            }
        }
        collect(plan.webhooks)
        collect(plan.domains)
        collect(plan.aliases)
        collect(plan.apiKeys)
        var names = consent.adopt.subtracting(adopted).sorted().map { "adopt: \($0.written)" }
        if consent.adoptsAll, adopted.isEmpty { names.append("adopt: all") }
        for (owner, wanted) in consent.takeOver.sorted(by: { $0.key < $1.key }) {
            names += wanted.subtracting(taken).sorted().map { "take_over: \(owner.text): \($0.written)" }
        }
        return names.map { "\($0) is not needed (any more); remove it" }
    }

    /// Why so many are too many; nil when they are not.
    static func tooMany(_ count: Int, of total: Int) -> String? {
        if count > most { return ", more than \(most)" }
        if count >= few, count * 100 > total * share { return ", more than \(share) % of \(total)" }
        return nil
    }
}

/// The deletions that are not written down; what goes along with a domain counts.
private struct Deletions {
    /// Those that nobody wrote down.
    private(set) var count = 0
    /// Every one.
    private(set) var all = 0
    private(set) var problem: String?

    init(_ plan: Plan, _ state: AccountState) {
        func add<R>(_ changes: [Change<R>]) {
            for case .delete(let old, let cascade) in changes {
                all += 1 + cascade.count
                count += cascade.count { alias in !Self.isWritten(alias, plan) }
                if !Self.isWritten(old, plan) { count += 1 }
            }
        }
        add(plan.webhooks)
        add(plan.domains)
        add(plan.aliases)
        add(plan.apiKeys)
        guard count > 0 else { return }
        let owned =
            state.webhooks.count { $0.owner == plan.owner } + state.domains.count { $0.owner == plan.owner }
            + state.aliases.count { $0.owner == plan.owner } + state.apiKeys.count { $0.owner == plan.owner }
        let domains = state.domains.count { $0.owner == plan.owner }
        var goneDomains = 0
        var unwrittenDomains = 0
        for case .delete(let old, _) in plan.domains {
            goneDomains += 1
            if !Self.isWritten(old, plan) { unwrittenDomains += 1 }
        }
        if all == owned {
            problem = "everything that \(plan.owner.text) manages would be deleted: \(count) that nobody wrote down"
        } else if goneDomains == domains, unwrittenDomains > 0 {
            problem = "the last domain of \(plan.owner.text) would be deleted, \(count) deletions in all"
        } else if let why = Guards.tooMany(count, of: owned) {
            problem = "\(count) would be deleted\(why)"
        }
    }

    private static func isWritten<R: Resource>(_ record: Record<R>, _ plan: Plan) -> Bool {
        guard !plan.writtenDown.isEmpty, let name = record.value.naturalKey else { return false }
        return plan.writtenDown.contains(ResourceName(R.kind, name))
    }
}
