/// Finds places by the names of what stands there, and keeps no names: a hash table of places and of what their names came to, so that
/// it grows without a look at any name.
struct PlaceTable<Name: Hashable> {
    /// What a name comes to, for several questions about it.
    struct Hash {
        fileprivate let bits: UInt32

        init(_ name: Name) { bits = UInt32(truncatingIfNeeded: name.hashValue) }
    }

    private struct Slot {
        var place: Int32
        var hash: UInt32

        static var free: Slot { Slot(place: -1, hash: 0) }
    }

    private var slots: [Slot]
    private var count = 0

    /// An empty table with room for some places.
    init(capacity: Int = 0) {
        // Between a quarter and half full.
        slots = Array(repeating: .free, count: 2 << (Int.bitWidth - max(capacity, 7).leadingZeroBitCount))
    }

    /// - Parameters:
    ///   - count: how many places there are.
    ///   - name: the name at a place; nil for what is not to be found. Of two places of one name the later one is found.
    init(count: Int, name: (Int) -> Name?) {
        self.init(capacity: count)
        for place in (0..<count).reversed() { if let name = name(place) { insert(Hash(name), place) } }
    }

    /// Adds a place; those that were added before are found first.
    mutating func insert(_ hash: Hash, _ place: Int) {
        if count * 2 > slots.count { grow() }
        var slot = Int(hash.bits) & (slots.count - 1)
        while slots[slot].place >= 0 { slot = next(slot) }
        slots[slot] = Slot(place: Int32(place), hash: hash.bits)
        count += 1
    }

    /// The place of a name.
    func place(of hash: Hash, where isThere: (Int) -> Bool) -> Int? {
        var slot = Int(hash.bits) & (slots.count - 1)
        while slots[slot].place >= 0 {
            if slots[slot].hash == hash.bits, isThere(Int(slots[slot].place)) { return Int(slots[slot].place) }
            slot = next(slot)
        }
        return nil
    }

    private func next(_ slot: Int) -> Int { (slot + 1) & (slots.count - 1) }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: .free, count: old.count * 2)
        for entry in old where entry.place >= 0 {
            var slot = Int(entry.hash) & (slots.count - 1)
            while slots[slot].place >= 0 { slot = next(slot) }
            slots[slot] = entry
        }
    }
}
