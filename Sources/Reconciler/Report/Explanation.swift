public import EmailConnect

/// Everything that a manifest says of one resource: each field, where its value stands, and what stands behind it; and what would
/// become of the resource.
public struct Explanation: Sendable {
    /// What is explained.
    public let name: ResourceName
    /// Where its entry stands; nil when it is not declared.
    let place: String?
    /// The fields, in the table's order.
    let fields: [Field]
    /// What the plan does with it.
    let change: [String]

    struct Field: Sendable {
        var name: String
        var value: String
        /// Nearest first; empty for a default.
        var places: [String]
    }

    /// - Throws: when neither the manifest nor the plan knows it.
    public init(_ name: ResourceName, _ loaded: Pipeline.Loaded, _ planned: Pipeline.Planned) throws(Rejection) {
        let desired = planned.desired
        let plan = planned.plan
        let page = PlanPage(plan, server: "")
        self.name = name
        let marks = loaded.marks[name] ?? []
        func text(_ position: Position) -> String {
            let file = desired.files.indices.contains(Int(position.file)) ? desired.files[Int(position.file)] : loaded.file
            return "\(Escaped.line(file)):\(position.line):\(position.column)"
        }
        var known: [String] = []
        func explain<R: Resource>(_ entries: [Desired<R>]) -> (place: String, fields: [Field])? {
            guard name.kind == R.kind else { return nil }
            known = entries.compactMap { $0.value.naturalKey?.description }
            guard let entry = entries.first(where: { $0.value.naturalKey?.description == name.name }) else { return nil }
            return (text(entry.position), Self.fields(of: entry.value, marks) { text($0.position) })
        }
        var found = explain(desired.webhooks) ?? explain(desired.domains) ?? explain(desired.aliases) ?? explain(desired.apiKeys)
        let external =
            desired.externalDomains.first { name == ResourceName(.domain, $0.name) }?.position
            ?? desired.externalWebhooks.first { name == ResourceName(.webhook, $0.key) }?.position
        if found == nil, let external { found = (text(external), [Field(name: "manage", value: "false", places: [text(external)])]) }
        (place, fields) = (found?.place, found?.fields ?? [])
        var change = page.rows.filter { $0.resource == name }.flatMap { row in
            ["\(row.sigil.rawValue) \(row.kind) \(row.name)\(row.note.isEmpty ? "" : "  \(row.note)")"]
                + row.fields.map { "    \($0.name)  \($0.value)" }
        }
        let title = "\(name.kind.word) \(Escaped.line(name.name)) "
        change += page.conflicts.filter { $0.hasPrefix(title) }.map { "! \($0)" }
        if let removal = desired.removals.first(where: { $0.name == name }) {
            change.append("written down under removed: at \(text(removal.position))")
        }
        if let former = desired.options[name]?.movedFrom { change.append("moved from \(former)") }
        guard place != nil || !change.isEmpty else {
            let guess = Spelling.nearest(to: name.name, in: known.sorted()).map { "did you mean \($0)?" }
            throw Rejection(
                "neither the manifest nor the plan has the \(name)", guess ?? "write an address, a domain, webhook:KEY or api_key:KEY")
        }
        self.change = change
    }

    private static func fields<R: Resource>(
        of value: R, _ marks: [Marked<String>], _ text: (Marked<String>) -> String
    ) -> [Field] {
        var fields: [Field] = []
        let stated = Dictionary(grouping: value.differences(from: R(), with: Secrets())) { $0.row }
        // Headers are alike in any case.
        func places(_ name: String) -> [String] { marks.filter { $0.value.lowercased() == name.lowercased() }.map(text) }
        for (row, field) in R.fields.enumerated() where field.isInManifest {
            if let differences = stated[row] {
                fields += differences.map {
                    Field(name: Escaped.line($0.difference.field), value: $0.difference.to.cell, places: places($0.difference.field))
                }
            } else {
                fields += value.shown([row]).map { Field(name: $0.field, value: $0.value.cell, places: places($0.field)) }
            }
        }
        for name in marks.map(\.value) where !fields.contains(where: { $0.name.lowercased() == name.lowercased() }) {
            fields.append(Field(name: name, value: "(stated)", places: marks.filter { $0.value == name }.map(text)))
        }
        return fields
    }

    /// For people, with a line feed at its end.
    public func text(_ style: TextStyle) -> String {
        var text = style.bold("\(name.kind.word) \(Escaped.line(name.name))") + "\n"
        text += place.map { "  declared at \($0)\n" } ?? "  not declared\n"
        if !fields.isEmpty {
            text += "\n"
            let width = fields.map(\.name.count).max() ?? 0
            let room = min(fields.map(\.value.count).max() ?? 0, 40)
            for field in fields {
                let name = field.name + String(repeating: " ", count: width - field.name.count)
                let value = field.value + String(repeating: " ", count: max(room - field.value.count, 0))
                let first = field.places.first ?? "default"
                let rest = field.places.dropFirst().map { ", over \($0)" }.joined()
                text += "  \(name)  \(value)  \(first)\(rest)\n"
            }
        }
        text += "\n"
        if change.isEmpty { return text + "  No change: the account has it like this.\n" }
        return text + change.map { "  \($0)\n" }.joined()
    }

    /// For programs: as a member of an array.
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("kind", name.kind.rawValue)
            json.member("name", name.name)
            json.member("declared_at", place)
            json.array("fields") { json in
                for field in fields {
                    json.object { json in
                        json.member("name", field.name)
                        json.member("value", field.value)
                        json.member("places", field.places)
                    }
                }
            }
            json.member("change", change)
        }
    }
}
