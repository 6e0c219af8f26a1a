public import EmailConnect

/// An account of the server, as whoever runs the server sees it.
public struct AccountSummary: Equatable, Sendable {
    /// Its id, `acct_...`.
    public var id: String
    /// What it is called on this server.
    public var name: String
    /// What it pays for.
    public var plan: AccountPlan
    /// What it may hold and ask for.
    public var limits: AccountLimits
    /// How many of each kind it has.
    public var counts: [Kind: Int]
    /// When it was made.
    public var createdAt: Timestamp
}

/// The accounts of the server and their limits.
extension Accounts {
    /// Every account, the oldest first.
    static func all(in transaction: Transaction) throws -> [AccountSummary] {
        try transaction.all("SELECT id, name, plan, limits, created_at FROM accounts ORDER BY created_at, id") { row in
            let id = row.text(0)
            return AccountSummary(
                id: id, name: row.text(1), plan: AccountPlan(rawValue: row.text(2)) ?? .free,
                limits: try limits(plan: row.text(2), own: row.text(3)), counts: try counts(of: id, in: transaction),
                createdAt: try Timestamp(row.text(4)))
        }
    }

    /// Makes an account.
    /// - Throws: `NotUnique` when there is one of that name.
    static func add(
        _ name: String, _ plan: AccountPlan, at time: Timestamp, _ random: Randomness, in transaction: Transaction
    ) throws -> String {
        let id = "acct_" + random.identifier(12)
        try transaction.run(
            "INSERT INTO accounts (id, name, epoch, plan, created_at) VALUES (?, ?, ?, ?, ?)",
            [.text(id), .text(name), .text(random.hexadecimal(16)), .text(plan.rawValue), .text(time.text)])
        return id
    }

    /// Sets an account's plan and own limits.
    /// - Parameter own: by name; nil goes back to the plan's.
    static func set(_ account: String, plan: AccountPlan?, own: [String: Int?], in transaction: Transaction) throws {
        if let plan { try transaction.run("UPDATE accounts SET plan = ? WHERE id = ?", [.text(plan.rawValue), .text(account)]) }
        guard !own.isEmpty else { return }
        let stored = try transaction.first("SELECT limits FROM accounts WHERE id = ?", [.text(account)]) { $0.text(0) } ?? "{}"
        var limits = try AccountLimits.own(stored)
        for (name, number) in own { limits[name] = number }
        var json = JSONWriter()
        json.object { json in for name in AccountLimits.names { if let number = limits[name] { json.member(name, number) } } }
        try transaction.run("UPDATE accounts SET limits = ? WHERE id = ?", [.text(json.text), .text(account)])
    }

    /// An account by its name or id.
    static func find(_ name: String, in transaction: Transaction) throws -> String? {
        try transaction.first("SELECT id FROM accounts WHERE id = ?1 OR name = ?1", [.text(name)]) { $0.text(0) }
    }

    /// What an account may hold and ask for.
    static func limits(of account: String, in transaction: Transaction) throws -> AccountLimits {
        try transaction.first("SELECT plan, limits FROM accounts WHERE id = ?", [.text(account)]) {
            try limits(plan: $0.text(0), own: $0.text(1))
        } ?? AccountLimits(.free)
    }

    /// What an account's row says of its limits.
    static func limits(plan: String, own: String) throws -> AccountLimits {
        AccountLimits(AccountPlan(rawValue: plan) ?? .free, own: try AccountLimits.own(own))
    }

    /// How many of each kind an account has.
    static func counts(of account: String, in transaction: Transaction) throws -> [Kind: Int] {
        var counts: [Kind: Int] = [:]
        try transaction.each("SELECT kind, number FROM counts WHERE account_id = ?", [.text(account)]) { row in
            if let kind = Kind(rawValue: row.text(0)) { counts[kind] = row.integer(1) }
            return true
        }
        return counts
    }

    /// Notes how many more or fewer of a kind an account has.
    static func count(_ change: Int, of kind: Kind, account: String, in transaction: Transaction) throws {
        guard change != 0 else { return }
        try transaction.run(
            "INSERT INTO counts (account_id, kind, number) VALUES (?1, ?2, max(0, ?3)) ON CONFLICT DO UPDATE SET number = number + ?3",
            [.text(account), .text(kind.rawValue), .integer(change)])
    }

    /// Refuses a batch that cannot fit, before any of it is done.
    static func refuseOverfull(_ ledger: LedgerTransaction) throws {
        var changes: [Kind: Int] = [:]
        for operation in ledger.batch.operations {
            switch operation.effect {
            case .makes: changes[operation.kind, default: 0] += 1
            case .changes: break
            case .deletes(let cascade):
                changes[operation.kind, default: 0] -= 1
                if operation.kind == .domain {
                    changes[.alias, default: 0] -= ledger.options.cascadesAny ? Int(Int32.max) : min(cascade, Int(Int32.max))
                }
            }
        }
        guard changes.contains(where: { $0.value > 0 && ledger.caller.limits.resources[$0.key] != nil }) else { return }
        let counts = try counts(of: ledger.caller.accountID, in: ledger.transaction)
        for (kind, change) in changes.sorted(by: { $0.key < $1.key }) where change > 0 {
            try refuse(kind, counts[kind, default: 0], change, ledger)
        }
    }

    private static func refuse(_ kind: Kind, _ held: Int, _ change: Int, _ ledger: LedgerTransaction) throws(Problem) {
        guard let limit = ledger.caller.limits.resources[kind], held + change > limit else { return }
        throw Problem(
            .accountLimit,
            "the account may have \(limit) \(limit == 1 ? kind.word : kind.words); it has \(held), and this makes \(change) more")
    }

    /// Notes what a commit has made and deleted, and refuses it when the account would hold more than it may. An account over a limit
    /// that was lowered still changes and deletes.
    static func count(_ ledger: LedgerTransaction) throws {
        var changes: [Kind: Int] = [:]
        for change in ledger.history {
            guard let kind = Kind(rawValue: change.kind) else { continue }
            if change.before == nil, change.after != nil { changes[kind, default: 0] += 1 }
            if change.before != nil, change.after == nil { changes[kind, default: 0] -= 1 }
        }
        let account = ledger.caller.accountID
        for (kind, change) in changes.sorted(by: { $0.key < $1.key }) where change != 0 {
            try count(change, of: kind, account: account, in: ledger.transaction)
            guard change > 0, ledger.caller.limits.resources[kind] != nil else { continue }
            try refuse(kind, counts(of: account, in: ledger.transaction)[kind, default: 0] - change, change, ledger)
        }
    }
}

extension AnyOperation {
    fileprivate enum Effect {
        case makes
        case changes
        /// With so many aliases below it.
        case deletes(cascade: Int)
    }

    fileprivate var effect: Effect {
        switch self {
        case .webhook(let operation): Self.effect(operation)
        case .domain(let operation): Self.effect(operation)
        case .alias(let operation): Self.effect(operation)
        case .apiKey(let operation): Self.effect(operation)
        }
    }

    private static func effect<R>(_ operation: Operation<R>) -> Effect {
        switch operation.verb {
        case .create: .makes
        case .update: .changes
        case .delete(_, let cascade): .deletes(cascade: cascade?.aliases ?? 0)
        }
    }
}
