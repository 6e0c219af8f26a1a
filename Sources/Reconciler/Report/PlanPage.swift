import EmailConnect

/// A plan as rows and cells, made once: what is shown and what never shows is decided here. The formats only escape, cut
/// and colour.
struct PlanPage {
    /// The sigil of a change.
    enum Sigil: String {
        case add = "+"
        case change = "~"
        case rename = ">"
        case delete = "-"
        case uncertain = "?"
    }

    /// One changed field.
    struct Field {
        var name: String
        var value: String
    }

    /// One change.
    struct Row {
        var sigil: Sigil
        var kind: String
        var name: String
        /// Short words on the same line.
        var note: String
        /// The same, in parts that may stand on lines of their own where the line would be too long.
        var parts: [String] = []
        /// A line each, below.
        var fields: [Field]
        /// Whether somebody changed the account since the last apply.
        var isDrift = false
        /// What it is about; nil for the owner itself.
        var resource: ResourceName?
    }

    var title: String
    var rows: [Row]
    var refusals: [String]
    var consented: [String]
    var conflicts: [String]
    var due: [String]
    var reported: [String]
    var summary: String

    /// - Parameter driftOnly: only what somebody changed in the account since the last apply.
    init(_ plan: Plan, server: String, driftOnly: Bool = false) {
        title = "\(plan.owner.text) -> \(Escaped.line(server))  (revision \(plan.header.revision))"
        let missing = Set(plan.unavailable.map(\.label))
        var rows = Self.rows(plan.webhooks, plan, missing) + Self.rows(plan.domains, plan, missing)
        rows += Self.rows(plan.aliases, plan, missing)
        rows += zip(Self.rows(plan.apiKeys, plan, missing), plan.apiKeys).map { row, change in
            var row = row
            guard let key = change.name, change.makesToken, let sink = plan.sinks[key] else { return row }
            let place = "new token to \(Escaped.line(sink.label))"
            row.fields.removeAll { $0.name == "token" }
            if row.fields.isEmpty {
                row.note += row.note.isEmpty ? place : ", \(place)"
                row.parts.append(place)
            } else {
                row.fields.append(Field(name: "deliver_to", value: place))
            }
            return row
        }
        if let movedFrom = plan.movedFrom {
            let note = "everything that it manages stays as it is"
            rows.append(Row(sigil: .rename, kind: "owner", name: "\(movedFrom.text) -> \(plan.owner.text)", note: note, fields: []))
        }
        if let from = plan.repositoryMovedFrom {
            rows.append(
                Row(sigil: .rename, kind: "owner", name: plan.owner.text, note: "not used from \(Escaped.line(from)) any more", fields: []))
        }
        let all = rows.count
        if driftOnly { rows.removeAll { !$0.isDrift } }
        // What is taken away is read first.
        self.rows = rows.filter { $0.sigil == .delete } + rows.filter { $0.sigil != .delete }
        refusals = plan.refusals.map { Escaped.line("\($0.problem); \($0.remedy)") }
        consented = plan.consented.map(Escaped.line)
        conflicts = plan.conflicts.map { "\($0.title) \(Escaped.line("\($0.problem); \($0.remedy)"))" }
        due = plan.due.map { "\(Escaped.line($0)) (reconcile keys rotate --due)" }
        reported = plan.reported.map(Escaped.line)
        summary = driftOnly ? Self.drift(shown: rows.count, of: all) : Self.summary(plan)
    }

    private static func rows<R: Resource>(_ changes: [Change<R>], _ plan: Plan, _ missing: Set<String>) -> [Row] {
        changes.map { change in
            let reason = plan.reason(change)
            var row = row(change, reason, plan, missing)
            row.isDrift = reason?.isDrift ?? false
            row.resource = change.name.map { ResourceName(R.kind, $0) }
            return row
        }
    }

    private static func row<R: Resource>(_ change: Change<R>, _ reason: Reason?, _ plan: Plan, _ missing: Set<String>) -> Row {
        let name = Escaped.line(change.name?.description ?? change.id ?? "")
        switch change {
        case .create(let new):
            let stated = new.differences(from: R(), with: Secrets()).filter { row, difference in
                let field = R.fields[row]
                return field.isInManifest && !(field.name == "name" && difference.to.bare == name)
            }
            var notes = stated.map { _, difference in "\(Escaped.line(difference.field)) \(difference.to.cell(missing: missing))" }
            if let reason, reason.isDrift { notes.insert(reason.words, at: 0) }
            return Row(sigil: .add, kind: R.kind.word, name: name, note: notes.joined(separator: ", "), parts: notes, fields: [])
        case .update(_, _, let differences):
            let former = change.formerName.map { "\(Escaped.line($0.description)) -> " } ?? ""
            let hidden: Set<String> = former.isEmpty ? [Change<R>.ownerField] : [Change<R>.ownerField, "name", "domain"]
            let sigil: Sigil = former.isEmpty ? change.isCertain ? .change : .uncertain : .rename
            let why = [change.transfer.map(words), reason?.words].compactMap { $0 }.first
            return Row(
                sigil: sigil, kind: R.kind.word, name: former + name, note: why ?? "",
                fields: differences.filter { !hidden.contains($0.field) }.map {
                    Field(name: Escaped.line($0.field), value: $0.cell(missing: missing))
                })
        case .delete(let old, let cascade):
            let names = cascade.map { Escaped.line($0.value.naturalKey?.description ?? $0.id) }
            let isWritten = old.value.naturalKey.map { plan.writtenDown.contains(ResourceName(R.kind, $0)) } ?? false
            var notes = isWritten ? ["written down under removed:"] : [reason?.words ?? ""]
            if !names.isEmpty { notes.append("with \(names.count) \(names.count == 1 ? "alias" : "aliases")") }
            return Row(
                sigil: .delete, kind: R.kind.word, name: name, note: notes.joined(separator: ", "),
                fields: names.sorted().map { Field(name: "alias", value: $0) })
        }
    }

    private static func words(_ transfer: Transfer) -> String {
        switch transfer {
        case .adopt: "adopted: nobody manages it"
        case .takeOver(let owner): "taken over from \(owner.text)"
        case .release: "released: nobody will manage it"
        }
    }

    private static func summary(_ plan: Plan) -> String {
        var parts = plan.counts.words
        if plan.movedFrom != nil { parts.append("a new name for its owner") }
        if plan.repositoryMovedFrom != nil { parts.append("a new repository for its owner") }
        let changes = parts.isEmpty ? "no changes" : parts.joined(separator: ", ")
        let left = Kind.allCases.compactMap { kind in
            plan.unmanaged[kind].map { "\($0) unmanaged \($0 == 1 ? kind.word : kind.words)" }
        }
        let rest = left.isEmpty ? "" : " \(left.joined(separator: ", ")) left alone."
        return "Plan \(plan.digest.short): \(changes).\(rest)"
    }

    private static func drift(shown: Int, of all: Int) -> String {
        let drift = shown == 0 ? "no drift" : shown == 1 ? "1 change takes back drift" : "\(shown) changes take back drift"
        let rest = all - shown
        return "Drift: \(drift). " + (rest == 0 ? "" : "\(rest) other \(rest == 1 ? "change is" : "changes are") not shown.")
    }
}

extension Shown {
    /// As a cell shows it, saying of a secret whether its value is at hand.
    func cell(missing: Set<String>) -> String {
        if case .secret(let label) = self, missing.contains(label) { return "(secret not at hand: \(Escaped.line(label)))" }
        return cell
    }

    /// As a cell shows it.
    var cell: String {
        switch self {
        case .text(let text): Escaped.quoted(text)
        case .word(let word): Escaped.line(word)
        case .boolean(let value): value ? "true" : "false"
        case .list(let items): "[\(items.map(Escaped.line).joined(separator: ", "))]"
        case .none: "none"
        case .secret(let label): "(secret, \(Escaped.line(label)))"
        }
    }

    /// The text alone.
    var bare: String? {
        switch self {
        case .text(let text), .word(let text): text
        default: nil
        }
    }
}

extension Difference {
    /// Old and new, or what is known of a secret.
    func cell(missing: Set<String>) -> String {
        switch (certainty, from, to) {
        case (.unavailable, _, .secret(let label)): "(secret not at hand: \(Escaped.line(label)); neither compared nor sent)"
        case (.ensure, _, .secret(let label)): "(secret that this key may not compare: \(Escaped.line(label)))"
        case (_, .secret, .secret): "(secret changed)"
        default: "\(from.cell) -> \(to.cell(missing: missing))"
        }
    }
}
