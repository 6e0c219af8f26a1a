import EmailConnect

/// The aliases of a domain or of a set; the names are on the values, each once.
struct AliasList: Sendable {
    var items: [Desired<Alias>] = []
    /// What few of them state beside their fields.
    var extras: [LocalPart: Extras] = [:]
    /// Names that are written as `null`: the inherited alias goes.
    var nulls: [LocalPart: Position] = [:]
    /// Where the list as a whole is written as `null`.
    var null: Position?

    var isEmpty: Bool { items.isEmpty && nulls.isEmpty && null == nil }

    /// These over inherited ones, which come first and are changed where they stand: there may be many.
    /// - Complexity: O(aliases)
    func over(_ inherited: consuming AliasList) -> AliasList {
        if isEmpty { return inherited }
        if inherited.isEmpty { return self }
        var merged = inherited
        let (others, inheritedNulls) = (merged.extras, merged.nulls)
        merged.extras = extras
        merged.nulls = nulls
        merged.null = merged.items.isEmpty ? null : merged.null
        if null != nil { merged.items = [] }
        if !nulls.isEmpty {
            merged.items.removeAll { item in item.value.name.map { merged.nulls.removeValue(forKey: $0) != nil } ?? false }
        }
        let places = self.places
        var isInherited = [Bool](repeating: false, count: items.count)
        for index in merged.items.indices {
            guard let name = merged.items[index].value.name else { continue }
            let (own, other) = (extras[name], others[name])
            if let place = places.place(of: .init(name), where: { items[$0].value.name == name }) {
                isInherited[place] = true
                let states = own == nil && other == nil ? nil : merged.items[index].entry
                merged.items[index] = items[place].over(merged.items[index], own?.nulls ?? [])
                if let states { merged.extras[name] = (own ?? Extras()).over(other ?? Extras()) { states.states($0) } }
            } else if let other {
                merged.extras[name] = other
            }
        }
        for index in items.indices where !isInherited[index] { merged.items.append(items[index]) }
        if null == nil { merged.nulls.merge(inheritedNulls) { own, _ in own } }
        return merged
    }

    /// These and another file's.
    func joined(with other: AliasList, _ clashes: inout [Clash]) -> AliasList {
        if other.isEmpty { return self }
        if isEmpty { return other }
        var joined = self
        let places = self.places
        for item in other.items {
            guard let name = item.value.name else { continue }
            if let null = nulls[name] { clashes.append(Clash(what: "alias \(name.text)", first: null, second: item.position)) }
            guard let place = places.place(of: .init(name), where: { items[$0].value.name == name }) else {
                joined.items.append(item)
                joined.extras[name] = other.extras[name]
                continue
            }
            let (own, others) = (extras[name], other.extras[name])
            let (desired, both) = items[place].joined(
                with: item, own ?? Extras(), others ?? Extras(), "alias \(name.text)", &clashes)
            joined.items[place] = desired
            joined.extras[name] = own == nil && others == nil ? nil : both
        }
        for (name, position) in other.nulls {
            if let place = places.place(of: .init(name), where: { items[$0].value.name == name }) {
                clashes.append(Clash(what: "alias \(name.text)", first: items[place].position, second: position))
            }
            joined.nulls[name] = position
        }
        joined.null = null ?? other.null
        return joined
    }

    private var places: PlaceTable<LocalPart> { PlaceTable(count: items.count) { items[$0].value.name } }
}
