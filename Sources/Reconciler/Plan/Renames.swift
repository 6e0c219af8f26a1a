import EmailConnect

/// Which aliases get another name: those whose new name is not there while the old one is, and ours.
struct Renames {
    /// The places of the records, by the new name.
    private(set) var places: [Address: Int] = [:]
    private(set) var conflicts: [Conflict] = []

    init(_ desired: DesiredState, _ records: [Record<Alias>]) {
        var moves: [Address: Address] = [:]
        for (name, options) in desired.options {
            if name.kind == .alias, let source = options.movedFrom, let target = try? Address(name.name) { moves[target] = source }
        }
        guard !moves.isEmpty else { return }
        let named = Set(moves.keys).union(moves.values)
        var there: [Address: Int] = [:]
        for (place, record) in records.enumerated() {
            if let name = record.value.naturalKey, named.contains(name) { there[name] = place }
        }
        var declared: Set<Address>?
        for (target, source) in moves.sorted(by: { $0.key < $1.key }) {
            guard let place = there[source], records[place].owner == desired.owner else { continue }
            if there[target] == nil {
                places[target] = place
                continue
            }
            // Stale, and harmless as long as nothing is lost by it.
            let known = declared ?? Set(desired.aliases.compactMap(\.value.naturalKey))
            declared = known
            if !known.contains(source) {
                conflicts.append(
                    Conflict(
                        kind: .alias, name: target.description,
                        problem: "is to be moved from \(source), but both are there",
                        remedy: "remove moved_from, and then \(source) is deleted; or declare \(source) as well"))
            }
        }
    }
}
