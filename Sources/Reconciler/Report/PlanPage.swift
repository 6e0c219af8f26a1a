import EmailConnect

/// A plan as rows and cells, made once: what is shown and what never shows is decided here. The formats only escape, cut
/// and colour.
struct PlanPage {
    /// The sigil of a change.
    enum Sigil: String {
        case add = "+"
        case change = "~"
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
        /// A line each, below.
        var fields: [Field]
    }

    var title: String
    var rows: [Row]
    var conflicts: [String]
    var due: [String]
    var summary: String

    init(_ plan: Plan, server: String) {
        title = "\(plan.owner.text) -> \(Escaped.line(server))  (revision \(plan.header.revision))"
        let missing = Set(plan.unavailable.map(\.label))
        var rows = Self.rows(plan.webhooks, missing) + Self.rows(plan.domains, missing)
        rows += Self.rows(plan.aliases, missing)
        rows += zip(Self.rows(plan.apiKeys, missing), plan.apiKeys).map { row, change in
            var row = row
            guard let key = change.name, change.makesToken, let sink = plan.sinks[key] else { return row }
            let place = "new token to \(Escaped.line(sink.label))"
            if row.fields.isEmpty { row.note += ", \(place)" } else { row.fields.append(Field(name: "deliver_to", value: place)) }
            return row
        }
        // What is taken away is read first.
        self.rows = rows.filter { $0.sigil == .delete } + rows.filter { $0.sigil != .delete }
        conflicts = plan.conflicts.map { "\($0.kind.word) \(Escaped.line($0.name)) \(Escaped.line($0.problem)); \($0.remedy)" }
        due = plan.due.map(Escaped.line)
        summary = Self.summary(plan)
    }

    private static func rows<R: Resource>(_ changes: [Change<R>], _ missing: Set<String>) -> [Row] {
        changes.map { change in
            let name = Escaped.line(change.name?.description ?? "")
            switch change {
            case .create(let new):
                let stated = new.differences(from: R(), with: Secrets()).filter { row, difference in
                    let field = R.fields[row]
                    return field.isInManifest && !(field.name == "name" && difference.to.bare == name)
                }
                let note = stated.map { _, difference in
                    "\(Escaped.line(difference.field)) \(difference.to.cell(missing: missing))"
                }.joined(separator: ", ")
                return Row(sigil: .add, kind: R.kind.word, name: name, note: note, fields: [])
            case .update(_, _, let differences):
                return Row(
                    sigil: change.isCertain ? .change : .uncertain, kind: R.kind.word, name: name, note: "",
                    fields: differences.map { Field(name: Escaped.line($0.field), value: $0.cell(missing: missing)) })
            case .delete(_, let cascade):
                let names = cascade.map { Escaped.line($0.value.naturalKey?.description ?? $0.id) }
                let note = names.isEmpty ? "" : "with \(names.count) \(names.count == 1 ? "alias" : "aliases")"
                return Row(
                    sigil: .delete, kind: R.kind.word, name: name, note: note,
                    fields: names.sorted().map { Field(name: "alias", value: $0) })
            }
        }
    }

    private static func summary(_ plan: Plan) -> String {
        let counts = plan.counts
        var parts: [String] = []
        if counts.add > 0 { parts.append("\(counts.add) to add") }
        if counts.change > 0 { parts.append("\(counts.change) to change") }
        if counts.delete > 0 { parts.append("\(counts.delete) to delete") }
        if counts.uncertain > 0 { parts.append("\(counts.uncertain) with secrets that could not be compared") }
        let changes = parts.isEmpty ? "no changes" : parts.joined(separator: ", ")
        let left = Kind.allCases.compactMap { kind in
            plan.unmanaged[kind].map { "\($0) unmanaged \($0 == 1 ? kind.word : kind.words)" }
        }
        let rest = left.isEmpty ? "" : " \(left.joined(separator: ", ")) left alone."
        return "Plan \(plan.digest.short): \(changes).\(rest)"
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
