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

    /// These over inherited ones, which come first.
    /// - Complexity: O(aliases)
    func over(_ inherited: AliasList) -> AliasList {
        if isEmpty { return inherited }
        if inherited.isEmpty { return self }
        var merged = AliasList()
        merged.extras = extras
        merged.nulls = nulls
        merged.null = inherited.items.isEmpty ? null : inherited.null
        let places = self.places
        var isInherited = [Bool](repeating: false, count: items.count)
        merged.items.reserveCapacity(max(items.count, inherited.items.count))
        for index in inherited.items.indices where null == nil {
            guard let name = inherited.items[index].value.name else { continue }
            if !merged.nulls.isEmpty, merged.nulls.removeValue(forKey: name) != nil { continue }
            let (own, others) = (extras[name], inherited.extras[name])
            if let place = places[name] {
                isInherited[place] = true
                merged.items.append(items[place].over(inherited.items[index], own?.nulls ?? []))
                if own == nil, others == nil { continue }
                merged.extras[name] = (own ?? Extras()).over(others ?? Extras()) { inherited.items[index].entry.states($0) }
            } else {
                merged.items.append(inherited.items[index])
                if let others { merged.extras[name] = others }
            }
        }
        for index in items.indices where !isInherited[index] { merged.items.append(items[index]) }
        if null == nil { merged.nulls.merge(inherited.nulls) { own, _ in own } }
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
            guard let place = places[name] else {
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
            if let place = places[name] {
                clashes.append(Clash(what: "alias \(name.text)", first: items[place].position, second: position))
            }
            joined.nulls[name] = position
        }
        joined.null = null ?? other.null
        return joined
    }

    private var places: [LocalPart: Int] {
        var places: [LocalPart: Int] = [:]
        places.reserveCapacity(items.count)
        for (place, item) in items.enumerated() { if let name = item.value.name { places[name] = place } }
        return places
    }
}
