import EmailConnect

/// What others do to an owner's resources between its applies, so that a plan can say why something changes.
enum Drift {
    /// A resource's configuration, as ``Resource/configuration`` has it, from its row in the history.
    static func configuration<R: StoredResource>(_: R.Type, _ history: String, in transaction: Transaction) throws -> String {
        let (owner, value) = try R.record(Array(history.utf8))
        return try R.named(value, seenBy: owner, in: transaction).configuration
    }

    /// Notes that a name which an owner had is not there any more; what was renamed before has another name than its owner's.
    static func lose(_ kind: Kind, _ id: String, named name: String, of owner: String, applied: String, in ledger: LedgerTransaction) throws
    {
        try ledger.transaction.run(
            """
            INSERT OR IGNORE INTO lost (owner_id, kind, name, resource_id, applied, drifted_at)
            SELECT id, ?1, ?2, ?3, ?4, ?7 FROM owners WHERE account_id = ?5 AND name = ?6
            AND NOT EXISTS (SELECT 1 FROM lost WHERE owner_id = owners.id AND kind = ?1 AND resource_id = ?3)
            """,
            [
                .text(kind.rawValue), .text(name), .text(id), .text(applied), .text(ledger.caller.accountID), .text(owner),
                .integer(ledger.revision),
            ])
    }

    /// What stands behind a digest when a secret was changed as well, which no digest tells.
    static let secretsToo = "+secrets"

    /// A name that an owner had is there again.
    static func find(_ kind: Kind, named name: String, of owner: String, in ledger: LedgerTransaction) throws {
        try ledger.transaction.run(
            "DELETE FROM lost WHERE kind = ? AND name = ? AND owner_id = (SELECT id FROM owners WHERE account_id = ? AND name = ?)",
            [.text(kind.rawValue), .text(name), .text(ledger.caller.accountID), .text(owner)])
    }

    /// After an owner's plan was applied, everything that it manages is as it was applied, as far as the caller may say so; but
    /// for what somebody changed after the plan was made. It is an event of the account, with a revision of its own if nothing
    /// else was.
    static func settle(_ ownerID: String, plannedAt: Int, _ ledger: inout LedgerTransaction) throws {
        var count = 0
        let kinds = Kind.allCases.filter { ledger.caller.scopes.allows($0.writeScope) }
        for kind in kinds {
            count += try ledger.transaction.run(
                "UPDATE \(kind.table) SET applied = NULL, drifted_at = NULL WHERE owner_id = ? AND applied IS NOT NULL AND drifted_at <= ?",
                [.text(ownerID), .integer(plannedAt)])
            count += try ledger.transaction.run(
                "DELETE FROM lost WHERE owner_id = ? AND kind = ? AND drifted_at <= ?",
                [.text(ownerID), .text(kind.rawValue), .integer(plannedAt)])
        }
        ledger.settled = count > 0
    }

    /// The lines of a state that say what its owners have lost.
    static func lost(_ account: String, _ kinds: [Kind], in transaction: Transaction) throws -> [LostRecord] {
        let rows = try transaction.all(
            """
            SELECT l.kind, l.resource_id, l.name, o.name, l.applied FROM lost l JOIN owners o ON o.id = l.owner_id
            WHERE o.account_id = ? ORDER BY l.kind, o.name, l.name
            """, [.text(account)]
        ) { row in
            try Kind(rawValue: row.text(0)).map {
                LostRecord(kind: $0, id: row.text(1), name: row.text(2), owner: try Owner(row.text(3)), applied: row.text(4))
            }
        }
        return rows.compactMap { $0 }.filter { kinds.contains($0.kind) }
    }

    /// A webhook as an owner would point at it.
    static func reference(_ reference: WebhookReference?, seenBy owner: Owner?, in transaction: Transaction) throws -> WebhookReference? {
        guard case .id(let id) = reference else { return reference }
        return try transaction.first(
            "SELECT w.key, o.name FROM webhooks w LEFT JOIN owners o ON o.id = w.owner_id WHERE w.id = ?", [.text(id)]
        ) { row in
            WebhookReference(
                id: id, key: try row.optionalText(0).map { try Slug($0) }, owner: try row.optionalText(1).map { try Owner($0) },
                seenBy: owner)
        } ?? reference
    }
}
