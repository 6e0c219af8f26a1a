/// Finds places by the names of what stands there, and keeps no names: a hash table of places alone, a ninth of a dictionary's size.
struct PlaceTable<Name: Hashable> {
    private var slots: [Int32]

    private static var free: Int32 { -1 }

    /// - Parameters:
    ///   - count: how many places there are.
    ///   - name: the name at a place; nil for what is not to be found. Of two places of one name the later one is found.
    init(count: Int, name: (Int) -> Name?) {
        // Between a quarter and half full.
        slots = Array(repeating: Self.free, count: 2 << (Int.bitWidth - max(count, 1).leadingZeroBitCount))
        for place in (0..<count).reversed() {
            guard let name = name(place) else { continue }
            var slot = slot(of: name)
            while slots[slot] != Self.free { slot = next(slot) }
            slots[slot] = Int32(place)
        }
    }

    /// The place of a name.
    func place(of name: Name, where isThere: (Int) -> Bool) -> Int? {
        var slot = slot(of: name)
        while slots[slot] != Self.free {
            if isThere(Int(slots[slot])) { return Int(slots[slot]) }
            slot = next(slot)
        }
        return nil
    }

    private func slot(of name: Name) -> Int { name.hashValue & (slots.count - 1) }
    private func next(_ slot: Int) -> Int { (slot + 1) & (slots.count - 1) }
}
