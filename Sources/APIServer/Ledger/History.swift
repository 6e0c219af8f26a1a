import EmailConnect

/// The account's revision, and what led to it.
enum History {
    /// How long changes are kept, in seconds: 400 days.
    private static let kept = 400 * 86_400

    /// Writes a commit into the history; one that changed nothing leaves no trace.
    /// - Returns: the account's revision.
    static func record(_ ledger: LedgerTransaction) throws -> Int {
        guard !ledger.history.isEmpty || ledger.settled else { return try revision(of: ledger.caller.accountID, in: ledger.transaction) }
        let revision = try advance(ledger.caller.accountID, in: ledger.transaction)
        let present = try present(ledger.time, in: ledger.transaction)
        var context = JSONWriter()
        context.object { json in
            for (name, value) in ledger.batch.context.sorted(by: { $0.key < $1.key }) { json.member(name, value) }
        }
        let apply = try insert(
            [
                .text(ledger.caller.accountID), .integer(revision), RowValue(ledger.batch.owner?.text), .text(ledger.caller.actor),
                RowValue(ledger.batch.digest), ledger.batch.sequence.map(RowValue.integer) ?? .null, .text(context.text),
                .integer(ledger.batch.operations.count), .text(ledger.time.text),
            ], in: ledger.transaction)
        for change in ledger.history {
            try insert(change, of: apply, in: ledger.transaction)
        }
        try prune(at: present, in: ledger.transaction)
        return revision
    }

    /// Writes into the history what happened to an API key beside its configuration.
    static func record(
        _ what: String, _ value: String, of id: String, owner: String?, _ caller: Caller, at time: Timestamp, in transaction: Transaction
    ) throws {
        let revision = try advance(caller.accountID, in: transaction)
        let apply = try insert(
            [
                .text(caller.accountID), .integer(revision), RowValue(owner), .text(caller.actor), .null, .null, .text("{}"),
                .integer(1), .text(time.text),
            ], in: transaction)
        var after = JSONWriter()
        after.object { json in
            json.member("id", id)
            json.member(what, value)
        }
        try insert(.init(kind: Kind.apiKey.rawValue, id: id, before: nil, after: after.text), of: apply, in: transaction)
    }

    /// The account's revision.
    static func revision(of account: String, in transaction: Transaction) throws -> Int {
        try transaction.first("SELECT revision FROM accounts WHERE id = ?", [.text(account)]) { $0.integer(0) } ?? 0
    }

    private static func advance(_ account: String, in transaction: Transaction) throws -> Int {
        try transaction.run("UPDATE accounts SET revision = revision + 1 WHERE id = ?", [.text(account)])
        return try revision(of: account, in: transaction)
    }

    private static func insert(_ apply: [RowValue], in transaction: Transaction) throws -> Int {
        try transaction.run(
            """
            INSERT INTO applies (account_id, revision, owner, actor, digest, sequence, context, operations, time)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, apply)
        return transaction.lastInsertedID
    }

    private static func insert(_ change: LedgerTransaction.Change, of apply: Int, in transaction: Transaction) throws {
        try transaction.run(
            "INSERT INTO changes (apply_id, kind, resource_id, before, after, version) VALUES (?, ?, ?, ?, ?, ?)",
            [
                .integer(apply), .text(change.kind), .text(change.id), RowValue(change.before), RowValue(change.after),
                change.version.map(RowValue.integer) ?? .null,
            ])
    }

    /// What counts as now for what is forgotten: a clock that jumps ahead for a moment takes nothing with it.
    static func present(_ time: Timestamp, in transaction: Transaction) throws -> Timestamp {
        let latest = try transaction.first("SELECT time FROM applies ORDER BY id DESC LIMIT 1") { try Timestamp($0.text(0)) }
        return min(time, latest ?? time)
    }

    /// A slice with each commit, so that no commit pays for all of it.
    private static func prune(at time: Timestamp, in transaction: Transaction) throws {
        try transaction.run(
            "DELETE FROM applies WHERE time < ? AND id IN (SELECT id FROM applies ORDER BY id LIMIT 20)",
            [.text(Timestamp(seconds: time.seconds - kept).text)])
    }
}

/// What was answered to a request, for the one who did not get the answer.
enum Idempotency {
    /// How long answers are kept, in seconds: 7 days.
    private static let kept = 7 * 86_400

    /// The answer to the same request.
    /// - Throws: ``Problem`` when the key was used for another one.
    static func answer(_ key: String, _ request: String, account: String, in transaction: Transaction) throws -> BatchAnswer? {
        let known = try transaction.first(
            "SELECT request, answer FROM idempotency WHERE account_id = ? AND key = ?", [.text(account), .text(key)]
        ) { (request: $0.text(0), answer: $0.text(1)) }
        guard let known else { return nil }
        guard known.request == request else {
            throw Problem(.idempotencyMismatch, "this idempotency key was used for other operations")
        }
        return try BatchAnswer(Array(known.answer.utf8))
    }

    /// Keeps an answer, in the transaction of its effect.
    static func record(
        _ key: String, _ request: String, _ answer: BatchAnswer, account: String, at time: Timestamp, in transaction: Transaction
    ) throws {
        let present = try History.present(time, in: transaction)
        try transaction.run("DELETE FROM idempotency WHERE time < ?", [.text(Timestamp(seconds: present.seconds - kept).text)])
        var json = JSONWriter()
        answer.write(to: &json)
        try transaction.run(
            "INSERT INTO idempotency (account_id, key, request, answer, time) VALUES (?, ?, ?, ?, ?)",
            [.text(account), .text(key), .text(request), .text(json.text), .text(time.text)])
    }
}
