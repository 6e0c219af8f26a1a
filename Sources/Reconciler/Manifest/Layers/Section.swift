import EmailConnect

/// An entry that may be stated over an inherited one of the same key, or joined with one of another file.
protocol LayeredEntry: Sendable {
    /// Its key in its section, canonical.
    var key: String { get }
    /// Where it stands.
    var position: Position { get }
    /// This over the inherited one.
    func over(_ inherited: consuming Self) -> Self
    /// This and another file's; what both state is noted.
    func joined(with other: Self, _ clashes: inout [Clash]) -> Self
}

/// Something that stands in two files of which each adds to the other.
struct Clash: Sendable {
    var what: String
    var first: Position
    var second: Position
}

/// The entries of one section by key, in the order in which they stand.
struct Section<Entry: LayeredEntry>: Sendable {
    private(set) var entries: [Entry] = []
    private var places: [String: Int] = [:]
    /// Keys that are written as `null`: the inherited entry goes.
    var nulls: [String: Position] = [:]
    /// Where the section as a whole is written as `null`.
    var null: Position?

    var isEmpty: Bool { entries.isEmpty }

    subscript(_ key: String) -> Entry? { places[key].map { entries[$0] } }

    /// Adds an entry; one of the same key is replaced.
    mutating func add(_ entry: Entry) {
        if let place = places[entry.key] {
            entries[place] = entry
        } else {
            places[entry.key] = entries.count
            entries.append(entry)
        }
    }

    /// Takes all entries out.
    mutating func takeAll() -> [Entry] {
        defer { self = Section() }
        return entries
    }

    /// These over inherited ones, which come first. A `null` that finds nothing stays, for a message.
    func over(_ inherited: consuming Section) -> Section {
        var merged = Section()
        merged.nulls = nulls.filter { inherited[$0.key] == nil }
        if null == nil { merged.nulls.merge(inherited.nulls) { own, _ in own } }
        merged.null = inherited.isEmpty ? null : inherited.null
        let known = null == nil ? inherited.places : [:]
        for entry in Drained(inherited.takeAll()) where null == nil && nulls[entry.key] == nil {
            merged.add(self[entry.key]?.over(entry) ?? entry)
        }
        for entry in entries where known[entry.key] == nil || nulls[entry.key] != nil { merged.add(entry) }
        return merged
    }

    /// These and another file's.
    func joined(with other: Section, _ clashes: inout [Clash]) -> Section {
        var joined = self
        for entry in other.entries { joined.add(self[entry.key]?.joined(with: entry, &clashes) ?? entry) }
        for (key, position) in other.nulls {
            if let first = self[key]?.position ?? nulls[key] { clashes.append(Clash(what: key, first: first, second: position)) }
            joined.nulls[key] = position
        }
        for (key, position) in nulls {
            if let second = other[key]?.position { clashes.append(Clash(what: key, first: position, second: second)) }
        }
        joined.null = null ?? other.null
        return joined
    }
}

/// The items of a list, in order; each is given up when it is given out, so that its room is free for what is made of it.
struct Drained<Item>: Sequence, IteratorProtocol {
    private var items: [Item]

    init(_ items: consuming [Item]) {
        self.items = items
        self.items.reverse()
    }

    mutating func next() -> Item? { items.popLast() }
}
