/// The order in which the entries of a mapping are written.
struct EntryOrder {
    private let aliases: [(alias: Int32, target: Int32)]
    private let ambiguous: [Int32]

    init(_ document: SourceDocument) {
        aliases = document.aliases
        ambiguous = document.ambiguous
    }

    /// The canonical order, as indices: what the layout names in its order, then all else as it stands.
    /// - Returns: nil when the order stays, also because an alias would come before its anchor.
    func order(of node: SourceNode, _ layout: ManifestLayout) -> [Int]? {
        guard case .fields = layout, node.entries.count > 1 else { return nil }
        let ranks = node.entries.map { entry in
            guard let key = entry.key, case .scalar = key.kind else { return Int.max }
            return layout.rank(of: key.text) ?? Int.max
        }
        if zip(ranks, ranks.dropFirst()).allSatisfy({ $0 <= $1 }) { return nil }
        let order = ranks.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }
        return keepsAliases(of: node, order) ? order : nil
    }

    private func keepsAliases(of node: SourceNode, _ order: [Int]) -> Bool {
        let inside = node.number..<node.following
        // With two anchors of one name, the order also says which one an alias means.
        if let place = ambiguous[from: inside.lowerBound, by: { $0 }].first, place < inside.upperBound { return false }
        let used = aliases[from: inside.lowerBound, by: { $0.alias }].prefix { $0.alias < inside.upperBound }
        guard !used.isEmpty else { return true }
        var places = order
        for (place, index) in order.enumerated() { places[index] = place }
        return used.allSatisfy { alias, target in
            guard let user = entry(of: alias, in: node), let anchor = entry(of: target, in: node) else { return true }
            return places[anchor] <= places[user]
        }
    }

    /// Which entry of a mapping a node belongs to; nil for one outside.
    private func entry(of number: Int32, in node: SourceNode) -> Int? {
        guard number > node.number, number < node.following else { return nil }
        var (low, high) = (0, node.entries.count)
        while low < high {
            let middle = (low + high) / 2
            if (node.entries[middle].key ?? node.entries[middle].value).number <= number { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? low - 1 : nil
    }
}

extension Array {
    /// The rest of a sorted array, from the first element whose key is not below a value.
    fileprivate subscript(from value: Int32, by key: (Element) -> Int32) -> ArraySlice<Element> {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if key(self[middle]) < value { low = middle + 1 } else { high = middle }
        }
        return self[low...]
    }
}
