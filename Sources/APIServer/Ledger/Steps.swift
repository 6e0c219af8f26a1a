import EmailConnect

/// The operations of one kind on their way through a commit. Each method is one phase; the ledger says in which order
/// the kinds go through it.
struct Steps<R: StoredResource> {
    /// One operation and the row that it is about.
    struct Step {
        var index: Int
        var operation: Operation<R>
        var existing: Existing?
        /// Whether it may be done, as far as can be said before anything is written.
        var isAllowed = false
    }

    /// A row as it was before the commit.
    struct Existing {
        var id: String
        var version: Int
        var owner: String?
        var isProtected: Bool
        /// What stands in the column that a row is parked under.
        var name: RowValue
        /// What people call it.
        var title: String
        var history: String
        /// What somebody else than its owner is about to change: the configuration as the owner applied it last.
        var applied: String?
    }

    private(set) var steps: [Step] = []
    private var form = TableForm<R>()

    mutating func append(_ index: Int, _ operation: Operation<R>) {
        steps.append(Step(index: index, operation: operation))
    }

    /// Finds the rows, and refuses what may not be done to them.
    mutating func prepare(_ ledger: inout LedgerTransaction) throws {
        for place in steps.indices {
            let step = steps[place]
            try ledger.attempt(step.index) { ledger in
                switch step.operation.verb {
                case .create(let set):
                    try check(set, isNew: true, ledger)
                    steps[place].isAllowed = true
                case .update(let target, let set):
                    try check(set, isNew: false, ledger)
                    let existing = try existing(target, step, &ledger)
                    if let existing { try R.checkUpdate(set, of: existing.id, step.operation.transfer, in: ledger) }
                    steps[place].existing = existing
                case .delete(let target, _):
                    steps[place].existing = try existing(target, step, &ledger)
                }
                if steps[place].existing != nil { steps[place].isAllowed = true }
            }
        }
    }

    private func check(_ set: Stated<R>, isNew: Bool, _ ledger: LedgerTransaction) throws {
        if isNew {
            for field in form.required where !set.states(field.row) {
                throw R.invalid(field.name, "\(R.kind.word): \(field.name) is required")
            }
            if ledger.ownerID == nil { try ledger.caller.requireOwner(nil) }
        }
        if let keyRow = form.keyRow {
            if ledger.ownerID == nil, set.states(keyRow) { throw R.invalid("key", "only a batch with an owner sets key; use name") }
            if ledger.ownerID != nil, isNew, !set.states(keyRow) { throw R.invalid("key", "a batch with an owner sets key") }
        }
        for field in form.kept where set.states(field.row) && R.isEmpty(field.row, set.value) {
            throw R.invalid(field.name, "\(field.name) cannot be empty")
        }
        try R.check(set, isNew: isNew, in: ledger)
    }

    private func existing(_ target: Target, _ step: Step, _ ledger: inout LedgerTransaction) throws -> Existing? {
        let (condition, values): (String, [RowValue]) =
            switch target {
            case .id(let id): ("t.id = ?", [.text(id)])
            case .name(let name): try R.find(name, account: ledger.caller.accountID, owner: ledger.batch.owner)
            }
        var json = JSONWriter()
        var name = "\(R.kind.word) \(target.text.prefix(320))"
        let transaction = ledger.transaction
        let found = try transaction.first(
            "\(R.query.select) WHERE t.account_id = ? AND \(condition)", [.text(ledger.caller.accountID)] + values
        ) { row in
            try R.query.write(row, .history, in: transaction, to: &json)
            name = "\(R.kind.word) \(R.query.title(row))"
            return Existing(
                id: row.text(0), version: row.integer(1), owner: row.optionalText(2), isProtected: false, name: .null,
                title: R.query.title(row), history: json.text, applied: R.query.applied(row))
        }
        guard var found else {
            ledger.refuse(step.index, step.operation.expect == nil ? .notFound : .stale, "\(name) does not exist")
            return nil
        }
        let rest = try transaction.first(
            "SELECT protected, \(R.nameColumns[0]) FROM \(R.kind.table) WHERE id = ?", [.text(found.id)]
        ) { (isProtected: $0.boolean(0), name: RowValue($0.optionalText(1))) }
        if let rest { (found.isProtected, found.name) = rest }
        guard ledger.seen.insert(found.id).inserted else {
            ledger.refuse(step.index, .invalid, "\(name) stands in the batch twice")
            return nil
        }
        if case .version(let version) = step.operation.expect, version != found.version {
            ledger.refuse(step.index, .stale, "\(name) has changed: version \(found.version), expected \(version)")
            return nil
        }
        guard try mayTouch(found, name, step, &ledger) else { return nil }
        if ledger.batch.owner != nil || found.owner == nil {
            found.applied = nil
        } else if found.applied == nil {
            found.applied = try Drift.configuration(R.self, found.history, in: transaction)
        }
        return found
    }

    private func mayTouch(_ row: Existing, _ name: String, _ step: Step, _ ledger: inout LedgerTransaction) throws -> Bool {
        if case .delete = step.operation.verb {
            if row.isProtected {
                ledger.refuse(step.index, .protected, "\(name) is protected; set protected to false first")
                return false
            }
            if R.kind == .apiKey, row.id == ledger.caller.keyID {
                ledger.refuse(step.index, .ownKey, "\(name) is the key that is calling; use another one to delete it")
                return false
            }
        }
        guard let owner = ledger.batch.owner else {
            try ledger.caller.requireOwner(row.owner)
            guard step.operation.transfer == nil else { throw R.invalid("owner", "only a batch with an owner changes who manages what") }
            return true
        }
        let whose = row.owner.map { "managed by \($0)" } ?? "managed by nobody"
        switch step.operation.transfer {
        case .adopt where row.owner == nil: return true
        case .takeOver(let from) where row.owner == from.text:
            try ledger.caller.requireOwner(from.text)
            guard row.isProtected else { return true }
            ledger.refuse(step.index, .protected, "\(name) is protected; its owner cannot change")
        case .adopt, .takeOver: ledger.refuse(step.index, .stale, "\(name) is \(whose) now")
        case .release where row.owner == owner.text, nil where row.owner == owner.text: return true
        case .release, nil: ledger.refuse(step.index, .foreignOwner, "\(name) is \(whose), not by \(owner.text)")
        }
        return false
    }

    /// Gives rows that are to be renamed a name that nobody can have, so that any of them may take another's.
    func park(_ ledger: LedgerTransaction) throws {
        for step in steps {
            guard let existing = step.existing, case .update(_, let set) = step.operation.verb, isParked(set) else { continue }
            try ledger.transaction.run(
                "UPDATE \(R.kind.table) SET \(R.nameColumns[0]) = ? WHERE id = ?", [.text("\u{1}\(existing.id)"), .text(existing.id)])
        }
    }

    private func isParked(_ set: Stated<R>) -> Bool { R.nameColumns.contains(where: set.states) }

    /// Deletes rows; what points at them is looked at when everything is in place.
    func delete(_ ledger: inout LedgerTransaction) throws {
        for step in steps {
            guard let existing = step.existing, case .delete = step.operation.verb else { continue }
            try ledger.transaction.run("DELETE FROM \(R.kind.table) WHERE id = ?", [.text(existing.id)])
            ledger.history.append(.init(kind: R.kind.rawValue, id: existing.id, before: existing.history, after: nil))
            if let applied = existing.applied, let owner = existing.owner {
                try Drift.lose(R.kind, existing.id, named: existing.title, of: owner, applied: applied, in: ledger)
            }
            ledger.results.append(.init(index: step.index, status: 204, id: existing.id, version: nil))
        }
    }

    /// Creates and changes rows. What a row points at is of a kind that was written before.
    mutating func write(_ ledger: inout LedgerTransaction) throws {
        var titles: [String: Int]?
        for step in steps where step.isAllowed {
            try ledger.attempt(step.index) { ledger in
                do {
                    switch step.operation.verb {
                    case .create(let set): try create(set, step, &ledger)
                    case .update(_, let set):
                        if let existing = step.existing { try update(set, existing, step, &ledger) }
                    case .delete: break
                    }
                } catch is NotUnique {
                    let known = titles ?? titleCounts
                    titles = known
                    refuseDuplicate(step, known, &ledger)
                }
            }
        }
    }

    /// How many operations bring each name into being.
    private var titleCounts: [String: Int] {
        var counts: [String: Int] = [:]
        for step in steps where R.makes(step.operation) { counts[R.title(step.operation), default: 0] += 1 }
        return counts
    }

    private func refuseDuplicate(_ step: Step, _ titles: [String: Int], _ ledger: inout LedgerTransaction) {
        let title = R.title(step.operation)
        // An alias that gets another name may not say on which domain.
        let name = step.existing?.id == title ? "an \(R.kind.word) of that name" : "\(R.kind.word) \(title)"
        if titles[title, default: 0] > 1 {
            ledger.refuse(step.index, .invalid, "\(name) stands in the batch twice")
        } else {
            ledger.refuse(step.index, step.operation.expect == nil ? .duplicate : .stale, "\(name) exists already")
        }
    }

    private mutating func create(_ set: Stated<R>, _ step: Step, _ ledger: inout LedgerTransaction) throws {
        let id = ledger.options.ids[step.index] ?? R.kind.idPrefix + ledger.random.identifier(16)
        let references = try R.references(set, in: &ledger)
        let insert = form.insert(references: references.map { $0.column })
        var values: [RowValue] = [
            .text(id), .text(ledger.caller.accountID), RowValue(ledger.ownerID), .text(ledger.time.text), .text(ledger.time.text),
        ]
        for row in insert.rows { values.append(R.fields[row].column(set.value) ?? .null) }
        for reference in references { values.append(reference.value) }
        try ledger.transaction.run(insert.sql, values)
        _ = try R.writeDependents(set, of: id, isNew: true, in: ledger)
        ledger.history.append(.init(kind: R.kind.rawValue, id: id, before: nil, after: try history(of: id, ledger), version: 1))
        ledger.results.append(.init(index: step.index, status: 201, id: id, version: 1, token: R.newToken(set)))
    }

    private func update(_ set: Stated<R>, _ existing: Existing, _ step: Step, _ ledger: inout LedgerTransaction) throws {
        var columns: [(column: String, value: RowValue)] = []
        let references = try R.references(set, in: &ledger)
        let special = Set(references.map(\.column))
        for row in set.rows {
            let field = R.fields[row]
            if let value = field.column(set.value), R.hasColumn(field), !special.contains(field.name) {
                columns.append((field.name, value))
            }
        }
        columns += references
        if isParked(set), !set.states(R.nameColumns[0]) { columns.append((R.nameColumns[0], existing.name)) }
        if step.operation.transfer == .release {
            columns.append(("owner_id", .null))
            if R.nameColumns == ["key"] { columns.append(("key", .null)) }
        } else if let ownerID = ledger.ownerID {
            columns.append(("owner_id", .text(ownerID)))
        }
        if !columns.isEmpty {
            let assignments = columns.map { "\($0.column) = ?" }.joined(separator: ", ")
            try ledger.transaction.run(
                "UPDATE \(R.kind.table) SET \(assignments) WHERE id = ?", columns.map(\.value) + [.text(existing.id)])
        }
        let isOtherwiseChanged = try R.writeDependents(set, of: existing.id, isNew: false, in: ledger)
        let after = try history(of: existing.id, ledger)
        // Byte by byte: two spellings of one character are two texts.
        let isSame = after.map { $0.utf8.elementsEqual(existing.history.utf8) } ?? false
        guard isOtherwiseChanged || !isSame else {
            ledger.results.append(.init(index: step.index, status: 200, id: existing.id, version: existing.version))
            return
        }
        let applied = try drifted(set, existing, after, isOtherwiseChanged, ledger)
        try ledger.transaction.run(
            "UPDATE \(R.kind.table) SET version = version + 1, updated_at = ?, applied = ?, drifted_at = ? WHERE id = ?",
            [.text(ledger.time.text), RowValue(applied), applied == nil ? .null : .integer(ledger.revision), .text(existing.id)])
        ledger.history.append(
            .init(kind: R.kind.rawValue, id: existing.id, before: existing.history, after: after, version: existing.version + 1))
        ledger.results.append(.init(index: step.index, status: 200, id: existing.id, version: existing.version + 1, token: R.newToken(set)))
    }

    /// What the owner had applied, when somebody else changes it; nil when it is so again, or when the owner itself writes.
    private func drifted(
        _ set: Stated<R>, _ existing: Existing, _ after: String?, _ isSecretChanged: Bool, _ ledger: LedgerTransaction
    ) throws -> String? {
        guard var known = existing.applied, let after, let owner = existing.owner else { return nil }
        if isParked(set), let title = try R.record(Array(after.utf8)).value.naturalKey?.description, title != existing.title {
            try Drift.lose(R.kind, existing.id, named: existing.title, of: owner, applied: known, in: ledger)
            try Drift.find(R.kind, named: title, of: owner, in: ledger)
        }
        if isSecretChanged, !known.hasSuffix(Drift.secretsToo) { known += Drift.secretsToo }
        return try Drift.configuration(R.self, after, in: ledger.transaction) == known ? nil : known
    }

    private func history(of id: String, _ ledger: LedgerTransaction) throws -> String? {
        var json = JSONWriter()
        let transaction = ledger.transaction
        return try transaction.first("\(R.query.select) WHERE t.id = ?", [.text(id)]) { row in
            try R.query.write(row, .history, in: transaction, to: &json)
            return json.text
        }
    }
}

extension StoredResource {
    /// Whether an operation brings a name into being.
    static func makes(_ operation: Operation<Self>) -> Bool {
        if case .delete = operation.verb { false } else { true }
    }

    /// Whether a field stands in the kind's own table under its own name.
    static func hasColumn(_ field: Field<Self>) -> Bool {
        !["webhook", "domain", "url", "signing_secret", "bound_to"].contains(field.name)
    }

    /// Whether a required field was stated as null.
    static func isEmpty(_ row: Int, _ value: Self) -> Bool { value.shown(at: row) == .none }

    /// The prefix of the token that a request gives an API key.
    static func newToken(_ set: Stated<Self>) -> String? {
        guard let key = set.value as? APIKey, case .made(let hash) = key.token else { return nil }
        return hash.prefix
    }

    /// What a create or an update would call its resource.
    static func title(_ operation: Operation<Self>) -> String {
        switch operation.verb {
        case .create(let set): set.value.naturalKey?.description ?? "of that name"
        case .update(let target, let set): set.value.naturalKey?.description ?? target.text
        case .delete(let target, _): target.text
        }
    }
}
