/// Compares two texts by what they say: their values, the order of mappings aside, which alias means which anchor, and all comments.
struct SameMeaning {
    private var places: [Int32: Int32] = [:]
    private let anchored: Set<Int32>
    private let left: SourceDocument
    private let right: SourceDocument

    /// - Complexity: O(bytes)
    static func holds(_ left: SourceDocument, _ right: SourceDocument) -> Bool {
        guard left.commentTally == right.commentTally, left.aliases.count == right.aliases.count else { return false }
        var comparison = SameMeaning(left, right)
        switch (left.root, right.root) {
        case (nil, nil): return true
        // A document with nothing in it is no document without its `---`.
        case (let root?, nil): return root.value.isBlank
        case (let root?, let other?): return comparison.isSame(root.value, other.value) && comparison.hasSameAliases()
        default: return false
        }
    }

    private init(_ left: SourceDocument, _ right: SourceDocument) {
        (self.left, self.right) = (left, right)
        anchored = Set(left.aliases.flatMap { [$0.alias, $0.target] })
    }

    private func hasSameAliases() -> Bool {
        let targets = Dictionary(right.aliases.map { ($0.alias, $0.target) }) { first, _ in first }
        return left.aliases.allSatisfy { alias, target in
            guard let other = places[alias], let otherTarget = places[target] else { return false }
            return targets[other] == otherTarget
        }
    }

    private mutating func isSame(_ one: SourceNode, _ other: SourceNode) -> Bool {
        guard one.text == other.text, one.shape == other.shape, one.anchor.count == other.anchor.count,
            one.entries.count == other.entries.count
        else { return false }
        if anchored.contains(one.number) { places[one.number] = other.number }
        guard case .mapping = one.shape else {
            return zip(one.entries, other.entries).allSatisfy { isSame($0.value, $1.value) }
        }
        var others: [Key: Int]?
        for (place, entry) in one.entries.enumerated() {
            var match = place
            if Key(entry) != Key(other.entries[place]) {
                if others == nil { others = Dictionary(other.entries.enumerated().map { (Key($1), $0) }) { first, _ in first } }
                guard let found = others?[Key(entry)] else { return false }
                match = found
            }
            guard let key = entry.key, let otherKey = other.entries[match].key, isSame(key, otherKey),
                isSame(entry.value, other.entries[match].value)
            else { return false }
        }
        return true
    }

    private struct Key: Hashable {
        let text: String
        let isAlias: Bool

        init(_ entry: SourceEntry) {
            text = entry.key?.text ?? ""
            isAlias = if case .alias = entry.key?.kind { true } else { false }
        }
    }
}

extension SourceNode {
    /// What of its writing has a meaning: a plain scalar may be a word or nothing, others are text.
    fileprivate enum Shape { case plain, quoted, alias, sequence, mapping }

    fileprivate var shape: Shape {
        switch kind {
        case .scalar(.plain): .plain
        case .scalar: .quoted
        case .alias: .alias
        case .sequence: .sequence
        case .mapping, .pair: .mapping
        }
    }
}
