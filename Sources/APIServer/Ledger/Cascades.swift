import EmailConnect

/// What stands below or points at something that a batch deletes, seen in the final state.
enum Cascades {
    private struct Below {
        var id: String
        var version: Int
        var name: String
        var ownerID: String?
        var isProtected: Bool
    }

    /// A batch that lifts a domain's protection does not delete what stood under it.
    static func refuseBelowLifted(_ domains: Steps<Domain>, _ aliases: Steps<Alias>, _ ledger: inout LedgerTransaction) throws {
        let lifted = domains.steps.compactMap { step -> String? in
            guard let existing = step.existing, existing.isProtected, case .update(_, let set) = step.operation.verb,
                set.states("protected"), !set.value.protected
            else { return nil }
            return existing.id
        }
        guard !lifted.isEmpty else { return }
        for step in aliases.steps {
            guard let existing = step.existing, case .delete(let target, _) = step.operation.verb else { continue }
            let domain = try ledger.transaction.first("SELECT domain_id FROM aliases WHERE id = ?", [.text(existing.id)]) { $0.text(0) }
            if let domain, lifted.contains(domain) {
                ledger.refuse(
                    step.index, .protected,
                    "the batch lifts the protection of the domain above alias \(target.text); delete it in a later one")
            }
        }
    }

    /// Notes what stands below the domains that are about to go, while it can still be read with its domain's name.
    static func remember(_ domains: Steps<Domain>, _ ledger: inout LedgerTransaction) throws {
        let transaction = ledger.transaction
        for step in domains.steps {
            guard let existing = step.existing, case .delete = step.operation.verb else { continue }
            var found: [String: LedgerTransaction.Below] = [:]
            let isPlain = ledger.batch.owner == nil
            try transaction.each("\(Alias.query.select) WHERE t.domain_id = ?", [.text(existing.id)]) { row in
                var json = JSONWriter()
                try Alias.query.write(row, .history, in: transaction, to: &json)
                let owner = row.optionalText(2)
                let applied =
                    isPlain && owner != nil
                    ? try Alias.query.applied(row) ?? Drift.configuration(Alias.self, json.text, in: transaction) : ""
                found[row.text(0)] = .init(name: Alias.query.title(row), owner: owner, applied: applied, history: json.text)
                return true
            }
            ledger.below.merge(found) { $1 }
        }
    }

    /// Deletes the aliases of deleted domains, if they are what the operation said and nobody else's.
    static func settle(_ domains: Steps<Domain>, _ aliases: Steps<Alias>, _ ledger: inout LedgerTransaction) throws {
        let wereProtected = Set(aliases.steps.compactMap { $0.existing?.isProtected == true ? $0.existing?.id : nil })
        for step in domains.steps {
            guard let existing = step.existing, case .delete(_, let cascade) = step.operation.verb else { continue }
            let below = try ledger.transaction.all(
                "SELECT id, version, name, owner_id, protected FROM aliases WHERE domain_id = ?", [.text(existing.id)]
            ) {
                Below(
                    id: $0.text(0), version: $0.integer(1), name: $0.text(2), ownerID: $0.optionalText(3),
                    isProtected: $0.boolean(4) || wereProtected.contains($0.text(0)))
            }
            if !below.isEmpty { try ledger.attempt(step.index) { ledger in try ledger.caller.require(.aliasesWrite) } }
            guard try check(below, against: cascade, step, existing.title, &ledger) else { continue }
            for alias in below {
                try ledger.transaction.run("DELETE FROM aliases WHERE id = ?", [.text(alias.id)])
                let before = ledger.below[alias.id]
                ledger.history.append(.init(kind: Kind.alias.rawValue, id: alias.id, before: before?.history, after: nil))
                if ledger.batch.owner == nil, let before, let owner = before.owner {
                    try Drift.lose(.alias, alias.id, named: before.name, of: owner, applied: before.applied, in: ledger)
                }
            }
        }
    }

    private static func check(
        _ below: [Below], against cascade: Cascade?, _ step: Steps<Domain>.Step, _ domain: String, _ ledger: inout LedgerTransaction
    ) throws -> Bool {
        let index = step.index
        let maySee = ledger.caller.scopes.allows(.aliasesRead)
        let names = { (aliases: [Below]) in
            guard maySee else { return "\(aliases.count)" }
            let shown = aliases.prefix(5).map(\.name).joined(separator: ", ")
            return aliases.count > 5 ? "\(shown) and \(aliases.count - 5) more" : shown
        }
        let protected = below.filter(\.isProtected)
        if !protected.isEmpty {
            ledger.refuse(index, .protected, "domain \(domain) has protected aliases: \(names(protected))")
            return false
        }
        // A plain list acts for the domain's owner, or for nobody.
        let owners =
            try ledger.ownerID
            ?? step.existing?.owner.flatMap { owner in
                try ledger.transaction.first(
                    "SELECT id FROM owners WHERE account_id = ? AND name = ?", [.text(ledger.caller.accountID), .text(owner)]
                ) { $0.text(0) }
            }
        let foreign = below.filter { $0.ownerID != owners && (ledger.ownerID != nil || $0.ownerID != nil) }
        if !foreign.isEmpty {
            ledger.refuse(index, .foreignOwner, "domain \(domain) has aliases of others: \(names(foreign))")
            return false
        }
        if ledger.options.cascadesAny { return true }
        if let cascade {
            if cascade == Cascade(aliases: below.map { ($0.id, $0.version) }) { return true }
            ledger.refuse(index, .stale, "domain \(domain) has \(below.count) aliases now, not the \(cascade.aliases) that were shown")
            return false
        }
        if below.isEmpty { return true }
        ledger.refuse(index, .notEmpty, "domain \(domain) has \(below.count) aliases: \(names(below)); delete them first, or cascade")
        return false
    }

    /// A webhook that something still points at stays.
    static func refuseInUse(_ webhooks: Steps<Webhook>, _ ledger: inout LedgerTransaction) throws {
        for step in webhooks.steps {
            guard let existing = step.existing, case .delete = step.operation.verb else { continue }
            let users = try ledger.transaction.all(
                """
                SELECT 'alias ' || a.name || '@' || d.name FROM aliases a JOIN domains d ON d.id = a.domain_id WHERE a.webhook_id = ?1
                UNION ALL SELECT 'domain ' || name FROM domains WHERE webhook_id = ?1 LIMIT 6
                """, [.text(existing.id)]
            ) { $0.text(0) }
            guard !users.isEmpty else { continue }
            let maySee = ledger.caller.scopes.allows(.aliasesRead) && ledger.caller.scopes.allows(.domainsRead)
            let shown = maySee ? users.prefix(5).joined(separator: ", ") + (users.count > 5 ? " and more" : "") : "aliases or domains"
            ledger.refuse(step.index, .inUse, "webhook \(existing.title) is in use by \(shown)")
        }
    }
}
