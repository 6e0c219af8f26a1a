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

        /// Where a key's new token goes stands in the place of the token.
        fileprivate mutating func sayWhere(_ place: String) {
            fields.removeAll { $0.name == "token" }
            if fields.isEmpty {
                note += note.isEmpty ? place : ", \(place)"
                parts.append(place)
            } else {
                fields.append(Field(name: "deliver_to", value: place))
            }
        }
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
        var rows: [Row] = []
        rows.reserveCapacity(plan.webhooks.count + plan.domains.count + plan.aliases.count + plan.apiKeys.count + 2)
        Self.add(plan.webhooks, plan, missing, to: &rows)
        Self.add(plan.domains, plan, missing, to: &rows)
        Self.add(plan.aliases, plan, missing, to: &rows)
        let firstKey = rows.count
        Self.add(plan.apiKeys, plan, missing, to: &rows)
        for (place, change) in plan.apiKeys.enumerated() {
            guard let key = change.name, change.makesToken, let sink = plan.sinks[key] else { continue }
            rows[firstKey + place].sayWhere("new token to \(Escaped.line(sink.label))")
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
        if rows.contains(where: { $0.sigil == .delete }) {
            rows = rows.filter { $0.sigil == .delete } + rows.filter { $0.sigil != .delete }
        }
        self.rows = rows
        refusals = plan.refusals.map { Escaped.line("\($0.problem); \($0.remedy)") }
        consented = plan.consented.map(Escaped.line)
        conflicts = plan.conflicts.map { "\($0.title) \(Escaped.line("\($0.problem); \($0.remedy)"))" }
        due = plan.due.map { "\(Escaped.line($0)) (reconcile keys rotate --due)" }
        reported = plan.reported.map(Escaped.line)
        summary = driftOnly ? Self.drift(shown: rows.count, of: all) : Self.summary(plan)
    }

    private static func add<R: Resource>(_ changes: [Change<R>], _ plan: Plan, _ missing: Set<String>, to rows: inout [Row]) {
        for change in changes {
            let reason = plan.reason(change)
            let name = change.name?.description
            var row = row(change, Escaped.line(name ?? change.id ?? ""), reason, plan, missing)
            row.isDrift = reason?.isDrift ?? false
            row.resource = name.map { ResourceName(R.kind, $0) }
            rows.append(row)
        }
    }

    private static func row<R: Resource>(
        _ change: Change<R>, _ name: String, _ reason: Reason?, _ plan: Plan, _ missing: Set<String>
    ) -> Row {
        switch change {
        case .create(let new):
            var notes: [String] = []
            for (row, difference) in new.differences(from: R(), with: Secrets()) {
                let field = R.fields[row]
                guard field.isInManifest, field.name != "name" || difference.to.bare != name else { continue }
                notes.append(Escaped.line(difference.field) + " " + difference.to.cell(missing: missing))
            }
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
