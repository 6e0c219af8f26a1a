import EmailConnect

extension Pipeline.Planned {
    /// The plan at the lines of its manifest, for ``Findings``: what is in the way as errors, deletions as warnings, all else as
    /// notices. What must not be missed comes first, since forges show only so many.
    /// - Complexity: O(changes + entries)
    public func findings(driftOnly: Bool = false) -> [Diagnostic] {
        let page = PlanPage(plan, server: "", driftOnly: driftOnly)
        let places = Places(desired, of: Set(page.rows.compactMap(\.resource)))
        let manifest = desired.files.first ?? ""
        func finding(_ severity: Diagnostic.Severity, _ text: String, at position: Position? = nil) -> Diagnostic {
            let file = position.flatMap { desired.files.indices.contains(Int($0.file)) ? desired.files[Int($0.file)] : nil }
            return Diagnostic(severity, file ?? manifest, at: position, text, "")
        }
        var found = page.conflicts.map { finding(.error, "in the way: \($0)") }
        // A policy's refusals have places of their own.
        found += desired.violations.map { finding(.error, "\($0.problem); \($0.remedy)", at: $0.position) }
        found += plan.refusals.filter { $0.guarded != "policy" }.map {
            finding(.error, "refused: \(Escaped.line("\($0.problem); \($0.remedy)"))")
        }
        found += page.rows.map { row in
            let fields = row.fields.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
            let what = [row.note, fields].filter { !$0.isEmpty }.joined(separator: ": ")
            return finding(
                row.sigil == .delete ? .warning : .notice,
                "\(row.sigil.rawValue) \(row.kind) \(row.name)\(what.isEmpty ? "" : "  \(what)")",
                at: row.resource.flatMap { places[$0] })
        }
        return found + page.reported.map { finding(.notice, $0) }
    }
}

/// Where the manifest declares some resources, or writes down that they go.
struct Places {
    private var positions: [ResourceName: Position] = [:]

    init(_ desired: DesiredState, of names: Set<ResourceName>) {
        for removal in desired.removals where names.contains(removal.name) { positions[removal.name] = removal.position }
        add(desired.webhooks, names)
        add(desired.domains, names)
        add(desired.aliases, names)
        add(desired.apiKeys, names)
    }

    private mutating func add<R: Resource>(_ entries: [Desired<R>], _ names: Set<ResourceName>) {
        guard names.contains(where: { $0.kind == R.kind }) else { return }
        for entry in entries {
            guard let name = entry.value.naturalKey else { continue }
            let resource = ResourceName(R.kind, name)
            if names.contains(resource) { positions[resource] = entry.position }
        }
    }

    subscript(_ name: ResourceName) -> Position? { positions[name] }
}
