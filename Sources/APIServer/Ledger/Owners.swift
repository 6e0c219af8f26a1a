import EmailConnect

/// The rows that say who manages what.
enum Owners {
    /// What the history calls an owner's row.
    static let word = "owner"

    private struct Row {
        var id: String
        var repository: String?
        var sequence: Int?
    }

    /// Lets a batch's owner act: finds or makes its row, under its new name if it has one, and refuses a run from another
    /// repository or an older run.
    /// - Returns: the row's id, and what the history has to say of it.
    /// - Throws: ``Problem``.
    static func enter(
        _ owner: Owner, _ batch: Batch, by caller: Caller, at time: Timestamp, _ random: Randomness, in transaction: Transaction
    ) throws -> (id: String, change: LedgerTransaction.Change?) {
        let account = caller.accountID
        if let formerly = batch.ownerMovedFrom {
            // It takes along whatever the owner has, of any kind.
            for kind in Kind.allCases { try caller.require(kind.writeScope) }
            try caller.requireOwner(formerly.text == owner.text ? owner.text : formerly.text)
        }
        let (found, change) = try renamed(owner, batch.ownerMovedFrom, account, transaction)
        let row = try found ?? make(owner, account, at: time, random, transaction)
        let repository = batch.context["repository"]
        if let known = row.repository, let repository, known != repository, batch.repositoryMovedFrom != known {
            throw Problem(.otherRepository, "\(owner.text) is used from the repository \(known), not from \(repository)")
        }
        if let known = row.sequence, let sequence = batch.sequence, sequence < known, !batch.allowsOlder {
            throw Problem(.olderRun, "run \(sequence) is older than run \(known), which \(owner.text) has applied")
        }
        let isNews = repository ?? row.repository != row.repository || batch.sequence ?? row.sequence != row.sequence
        if isNews {
            // Whoever may change only a part of what an owner has does not decide which runs it takes.
            for kind in Kind.allCases where !caller.scopes.allows(kind.writeScope) {
                guard try isUsed(row.id, [kind], transaction) else { continue }
                guard batch.sequence == nil else { try caller.require(kind.writeScope); break }
                return (row.id, change)
            }
            try transaction.run(
                "UPDATE owners SET repository = ?, sequence = ? WHERE id = ?",
                [
                    RowValue(repository ?? row.repository), (batch.sequence ?? row.sequence).map(RowValue.integer) ?? .null,
                    .text(row.id),
                ])
        }
        return (row.id, change)
    }

    /// The owner's row, which may still have the name that the owner had until now.
    private static func renamed(
        _ owner: Owner, _ formerly: Owner?, _ account: String, _ transaction: Transaction
    ) throws -> (Row?, LedgerTransaction.Change?) {
        let row = try find(owner, account, transaction)
        guard let formerly, formerly != owner, let old = try find(formerly, account, transaction) else { return (row, nil) }
        guard row == nil else {
            // The name has moved before; a batch that says so again says nothing new, unless somebody uses the old name again.
            if try isUsed(old.id, Kind.allCases, transaction) {
                throw Problem(.duplicate, "both \(formerly.text) and \(owner.text) manage something here")
            }
            return (row, nil)
        }
        try transaction.run("UPDATE owners SET name = ? WHERE id = ?", [.text(owner.text), .text(old.id)])
        let change = LedgerTransaction.Change(
            kind: word, id: old.id, before: #"{"name":"\#(formerly.text)"}"#, after: #"{"name":"\#(owner.text)"}"#)
        return (old, change)
    }

    /// The row of an owner that may not have acted yet.
    static func row(of owner: Owner, in ledger: LedgerTransaction) throws -> String {
        if let row = try find(owner, ledger.caller.accountID, ledger.transaction) { return row.id }
        return try make(owner, ledger.caller.accountID, at: ledger.time, ledger.random, ledger.transaction).id
    }

    private static func make(
        _ owner: Owner, _ account: String, at time: Timestamp, _ random: Randomness, _ transaction: Transaction
    ) throws -> Row {
        let row = Row(id: "own_" + random.identifier(16))
        try transaction.run(
            "INSERT INTO owners (id, account_id, name, created_at) VALUES (?, ?, ?, ?)",
            [.text(row.id), .text(account), .text(owner.text), .text(time.text)])
        return row
    }

    private static func find(_ owner: Owner, _ account: String, _ transaction: Transaction) throws -> Row? {
        try transaction.first(
            "SELECT id, repository, sequence FROM owners WHERE account_id = ? AND name = ?", [.text(account), .text(owner.text)]
        ) { Row(id: $0.text(0), repository: $0.optionalText(1), sequence: $0.optionalInteger(2)) }
    }

    private static func isUsed(_ id: String, _ kinds: [Kind], _ transaction: Transaction) throws -> Bool {
        for kind in kinds {
            let one = try transaction.first("SELECT 1 FROM \(kind.table) WHERE owner_id = ? LIMIT 1", [.text(id)]) { $0.integer(0) }
            if one != nil { return true }
        }
        return false
    }
}
