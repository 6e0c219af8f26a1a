import EmailConnect

/// The keys of one mapping, with the places of the first of each: a list while they are few, as nearly always.
struct KeySet {
    private var few: [(key: String, position: Position)] = []
    private var many: [String: Position] = [:]

    /// Up to here a list is faster than hashing.
    private static let fewLimit = 12

    /// Where the key stands first; nil when it is new.
    subscript(_ key: String) -> Position? {
        many.isEmpty ? few.first { $0.key == key }?.position : many[key]
    }

    /// Forgets the keys, keeps the room.
    mutating func removeAll() {
        few.removeAll(keepingCapacity: true)
        many = [:]
    }

    /// Notes a new key.
    mutating func insert(_ key: String, at position: Position) {
        guard many.isEmpty else { return many[key] = position }
        few.append((key, position))
        if few.count > Self.fewLimit { many = Dictionary(few.map { ($0.key, $0.position) }) { first, _ in first } }
    }
}

extension Rejection {
    /// A key that stands twice in one mapping.
    static func twice(_ key: Scalar, first: Position) -> Rejection {
        Rejection(
            "the key \(Escaped.line(key.text)) stands here twice", "remove one; the first is at \(first.line):\(first.column)",
            at: key.position)
    }
}
