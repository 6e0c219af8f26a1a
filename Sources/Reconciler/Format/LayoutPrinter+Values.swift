/// Scalars and flow collections.
extension LayoutPrinter {
    /// Up to here a flow collection of several lines is joined, in characters.
    static let width = 100

    /// A value that is no block collection, to the end of its line.
    /// - Parameters:
    ///   - flowIndent: where the closing bracket stands if the collection has several lines.
    ///   - scalarIndent: where the further lines of a scalar stand.
    mutating func leaf(
        _ entry: SourceEntry, flowIndent: Int, scalarIndent: Int, _ layout: ManifestLayout, behind: String
    ) {
        let node = entry.value
        if !node.anchor.isEmpty {
            put(node.anchor)
            let isBare = if case .scalar = node.kind { node.extent.isEmpty } else { false }
            if !isBare { put(" ") }
        }
        switch node.kind {
        case .alias: put(node.extent)
        case .scalar(.literal), .scalar(.folded): return blockScalar(node, indent: scalarIndent, entry.trailing)
        case .scalar: lines(ofScalar: node, indent: scalarIndent)
        case .pair: pair(node, flowIndent: flowIndent, layout)
        case .mapping, .sequence: flow(node, indent: flowIndent, layout)
        }
        putApart(behind)
        endLine(entry.trailing)
    }

    /// A comma or a bracket, which may not stand right behind the colon of a blank value.
    private mutating func putApart(_ word: String) {
        if !word.isEmpty, text.last == UInt8(ascii: ":") { put(" ") }
        put(word)
    }

    private mutating func flow(_ node: SourceNode, indent columns: Int, _ layout: ManifestLayout) {
        if !node.isBroken {
            let start = text.count
            flat(node, layout)
            if node.isOneLine || text[lineStart...].count(where: { $0 & 0xC0 != 0x80 }) <= Self.width { return }
            text.removeLast(text.count - start)
        }
        let isMapping = if case .mapping = node.kind { true } else { false }
        put(isMapping ? "{" : "[")
        endLine(node.head.first)
        entries(of: node, indent: columns + Self.step, layout)
        indent(columns)
        put(isMapping ? "}" : "]")
    }

    /// A flow collection, an alias or a scalar on one line.
    private mutating func flat(_ node: SourceNode, _ layout: ManifestLayout) {
        switch node.kind {
        case .alias, .scalar: put(node.extent)
        case .pair: flatEntry(node.entries[0], .any)
        case .mapping:
            if node.entries.isEmpty { return put("{}") }
            put("{ ")
            flatEntries(node, layout)
            put(" }")
        case .sequence:
            put("[")
            flatEntries(node, layout)
            putApart("]")
        }
    }

    private mutating func flatEntries(_ node: SourceNode, _ layout: ManifestLayout) {
        let order = entryOrder.order(of: node, layout)
        for place in node.entries.indices {
            if place > 0 { putApart(", ") }
            flatEntry(node.entries[order?[place] ?? place], layout)
        }
    }

    private mutating func flatEntry(_ entry: SourceEntry, _ layout: ManifestLayout) {
        var valueLayout = layout.item
        if let key = entry.key {
            self.key(key, entry.hasColon)
            valueLayout = layout.layout(of: key.text)
            if entry.value.isBlank { return }
            put(" ")
        }
        put(entry.value.anchor)
        if !entry.value.anchor.isEmpty, !entry.value.extent.isEmpty || !entry.value.isScalar { put(" ") }
        flat(entry.value, valueLayout)
    }

    /// `a: b` as an item; its comments stand above it.
    private mutating func pair(_ node: SourceNode, flowIndent: Int, _ layout: ManifestLayout) {
        let entry = node.entries[0]
        if let key = entry.key { self.key(key, entry.hasColon) }
        let value = entry.value
        guard !value.isBlank else { return }
        put(" ")
        put(value.anchor)
        if !value.anchor.isEmpty, !value.extent.isEmpty || !value.isScalar { put(" ") }
        switch value.kind {
        case .mapping, .sequence: flow(value, indent: flowIndent, .any)
        default: lines(ofScalar: value, indent: flowIndent + Self.step)
        }
    }

    /// A plain or quoted scalar. What stands around its line breaks is not content, and its blank lines are.
    private mutating func lines(ofScalar node: SourceNode, indent columns: Int) {
        let scalar = source[Int(node.extent.lowerBound)..<Int(node.extent.upperBound)]
        guard scalar.contains(UInt8(ascii: "\n")) else { return text.append(contentsOf: scalar) }
        let lines = scalar.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (place, line) in lines.enumerated() {
            var line = line
            if place > 0 {
                endLine()
                line = line.drop(while: Self.isBlank)
                if !line.isEmpty { indent(columns) }
            }
            if place + 1 < lines.count { line = Self.withoutTrailingBlanks(line, isEscaping: node.isDoubleQuoted) }
            text.append(contentsOf: line)
        }
    }

    private static func withoutTrailingBlanks(_ line: ArraySlice<UInt8>, isEscaping: Bool) -> ArraySlice<UInt8> {
        var short = line
        while let last = short.last, isBlank(last) { short.removeLast() }
        guard isEscaping, short.count < line.count else { return short }
        // An escaped blank is content.
        let backslashes = short.reversed().prefix { $0 == UInt8(ascii: "\\") }.count
        return backslashes.isMultiple(of: 2) ? short : line[short.startIndex...short.endIndex]
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private mutating func blockScalar(_ node: SourceNode, indent columns: Int, _ trailing: SourceComment?) {
        var header = Int(node.extent.lowerBound)
        let end = Int(node.extent.upperBound)
        let isTerminated = end < source.count
        var isKept = false
        text.append(source[header])
        header += 1
        var chomping: UInt8?
        while header < end, "+-0123456789".utf8.contains(source[header]) {
            if source[header] > UInt8(ascii: "0") { text.append(UInt8(ascii: "2")) } else { chomping = source[header] }
            header += 1
        }
        var lineEnd = header
        while lineEnd < end, source[lineEnd] != UInt8(ascii: "\n") { lineEnd += 1 }
        let lines = BlockScalar.lines(source, lineEnd..<min(end + 1, source.count))
        // Without the line feed at the end of the file, the last line had none; the layout gives it one.
        if !isTerminated, !lines.isEmpty { chomping = UInt8(ascii: "-") }
        if let chomping { text.append(chomping) }
        isKept = chomping == UInt8(ascii: "+")
        endLine(trailing)
        for line in lines {
            let content = source[line].dropFirst(min(Int(node.indentation), source[line].prefix { $0 == UInt8(ascii: " ") }.count))
            if !content.isEmpty {
                indent(columns)
                text.append(contentsOf: content)
            }
            endLine()
        }
        isBehindKept = isKept
    }
}

extension SourceNode {
    var isPair: Bool { if case .pair = kind { true } else { false } }
    var isScalar: Bool { if case .scalar = kind { true } else { false } }
    fileprivate var isDoubleQuoted: Bool { if case .scalar(.doubleQuoted) = kind { true } else { false } }
}
