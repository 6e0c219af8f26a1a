/// Writes a document in its canonical layout. Scalars and comments are slices of the source; only what stands between them is new.
struct LayoutPrinter {
    let source: [UInt8]
    var text: [UInt8] = []
    /// Where the line that is being written begins.
    private(set) var lineStart = 0
    /// Whether the text ends with a scalar that keeps its blank lines, so that another one would belong to it.
    var isBehindKept = false
    let entryOrder: EntryOrder

    /// A level of indentation.
    static let step = 2

    /// - Complexity: O(bytes), one pass.
    static func text(of document: SourceDocument) -> [UInt8] {
        var printer = LayoutPrinter(document)
        printer.text.reserveCapacity(document.source.count + document.source.count / 8)
        printer.write(document)
        return printer.text
    }

    private init(_ document: SourceDocument) {
        source = document.source
        entryOrder = EntryOrder(document)
    }

    private mutating func write(_ document: SourceDocument) {
        if !document.preamble.isEmpty {
            lines(document.preamble, indent: 0)
            put("---")
            endLine()
        }
        if let root = document.root { write(root: root) }
        lines(document.tail, indent: 0)
    }

    private mutating func write(root: SourceEntry) {
        if root.value.isBlockCollection {
            if !root.value.anchor.isEmpty {
                put(root.value.anchor)
                endLine()
            }
            return entries(of: root.value, indent: 0, .manifest)
        }
        lines(root.inner, indent: 0)
        if root.isAfterBlank { blankLine() }
        // The comment behind a blank root stands behind nothing.
        if root.value.isBlank { return lines(root.trailing.map { [$0] } ?? [], indent: 0) }
        leaf(root, flowIndent: 0, scalarIndent: Self.step, .manifest, behind: "")
    }

    // MARK: Pieces

    mutating func put(_ word: String) { text.append(contentsOf: word.utf8) }
    mutating func put(_ extent: Range<Int32>) { text.append(contentsOf: source[Int(extent.lowerBound)..<Int(extent.upperBound)]) }
    mutating func indent(_ columns: Int) { text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: columns)) }

    mutating func endLine() {
        text.append(UInt8(ascii: "\n"))
        lineStart = text.count
        isBehindKept = false
    }

    /// At most one, and none at the start of the file.
    mutating func blankLine() {
        guard !text.isEmpty, !isBehindKept, !text.suffix(2).elementsEqual("\n\n".utf8) else { return }
        endLine()
    }

    /// Comments on lines of their own, with the blank lines between them.
    /// - Parameter isBelowBlank: whether there is a blank line above the first; by itself, if left out.
    mutating func lines(_ comments: [SourceComment], indent columns: Int, isBelowBlank: Bool? = nil) {
        for (place, comment) in comments.enumerated() {
            if place == 0 ? isBelowBlank ?? comment.isAfterBlank : comment.isAfterBlank { blankLine() }
            indent(columns)
            put(comment.extent)
            endLine()
        }
    }

    /// The end of a line, with the comment that stands there.
    mutating func endLine(_ comment: SourceComment?) {
        if let comment {
            put(" ")
            put(comment.extent)
        }
        endLine()
    }

    // MARK: Entries

    /// The entries of a collection, each on its line.
    /// - Parameter isBehindDash: whether the first one goes on the line of the dash.
    mutating func entries(of node: SourceNode, indent columns: Int, _ layout: ManifestLayout, isBehindDash: Bool = false) {
        if node.isBlockCollection { lines(node.head, indent: columns, isBelowBlank: false) }
        let order = entryOrder.order(of: node, layout)
        let usesBlankLines = order != nil && node.entries.contains(where: isBelowBlank)
        let separator: String = node.isBlockCollection ? "" : ","
        for place in node.entries.indices {
            let index = order?[place] ?? place
            let entry = node.entries[index]
            let isBelowBlank =
                if place == 0 {
                    node.isBlockCollection && !node.head.isEmpty && isBelowBlank(node.entries[0])
                } else {
                    isBelowBlank(entry) && index > 0 || usesBlankLines && isSetApart(order, place, in: node)
                }
            lines(entry.leading, indent: columns, isBelowBlank: isBelowBlank)
            if entry.leading.isEmpty ? isBelowBlank : entry.isAfterBlank { blankLine() }
            if !node.isBlockCollection { lines(hoisted(entry), indent: columns, isBelowBlank: false) }
            if place > 0 || !isBehindDash { indent(columns) }
            write(entry, of: node, indent: columns, layout, behind: place + 1 < node.entries.count ? separator : "")
        }
        lines(node.tail, indent: columns)
    }

    private func isBelowBlank(_ entry: SourceEntry) -> Bool { entry.leading.first?.isAfterBlank ?? entry.isAfterBlank }

    /// Whether an entry has come to stand below another one, and one of them has several lines: where there are blank lines at all,
    /// it gets one.
    private func isSetApart(_ order: [Int]?, _ place: Int, in node: SourceNode) -> Bool {
        guard let order, order[place] != order[place - 1] + 1 else { return false }
        return node.entries[order[place]].value.isBlockCollection || node.entries[order[place - 1]].value.isBlockCollection
    }

    /// Comments inside an item that has no key for them to stand behind.
    private func hoisted(_ entry: SourceEntry) -> [SourceComment] {
        guard entry.key == nil else { return [] }
        return entry.inner + (entry.value.isPair ? entry.value.entries.flatMap(\.inner) : [])
    }

    private mutating func write(
        _ entry: SourceEntry, of node: SourceNode, indent columns: Int, _ layout: ManifestLayout, behind: String
    ) {
        guard let key = entry.key else {
            if case .sequence(.block) = node.kind { return item(entry, indent: columns, layout.item) }
            return leaf(entry, flowIndent: columns, scalarIndent: columns + Self.step, layout.item, behind: behind)
        }
        self.key(key, entry.hasColon || node.isBlockCollection)
        let layout = layout.layout(of: key.text)
        let value = entry.value
        if value.isBlockCollection {
            anchor(of: value)
            endLine(entry.inner.first)
            entries(of: value, indent: columns + Self.step, layout)
        } else {
            spread(entry, flowIndent: columns, scalarIndent: columns + Self.step, layout, behind: behind)
        }
    }

    /// An item behind its dash.
    private mutating func item(_ entry: SourceEntry, indent columns: Int, _ layout: ManifestLayout) {
        put("-")
        let value = entry.value
        let inner = columns + Self.step
        guard value.isBlockCollection else {
            return spread(entry, flowIndent: inner, scalarIndent: inner, layout, behind: "")
        }
        let first = value.entries[entryOrder.order(of: value, layout)?[0] ?? 0]
        if value.anchor.isEmpty, entry.inner.isEmpty, value.head.isEmpty, first.leading.isEmpty {
            put(" ")
            return entries(of: value, indent: inner, layout, isBehindDash: true)
        }
        anchor(of: value)
        endLine(entry.inner.first)
        entries(of: value, indent: inner, layout)
    }

    /// A scalar or a flow collection behind its key or dash, or below it when there are comments between.
    private mutating func spread(
        _ entry: SourceEntry, flowIndent: Int, scalarIndent: Int, _ layout: ManifestLayout, behind: String
    ) {
        guard let first = entry.inner.first else {
            if !entry.value.isBlank { put(" ") }
            return leaf(entry, flowIndent: flowIndent, scalarIndent: scalarIndent, layout, behind: behind)
        }
        endLine(first.isOwnLine ? nil : first)
        lines(Array(first.isOwnLine ? entry.inner[...] : entry.inner.dropFirst()), indent: scalarIndent, isBelowBlank: false)
        indent(scalarIndent)
        leaf(entry, flowIndent: scalarIndent, scalarIndent: scalarIndent, layout, behind: behind)
    }

    private mutating func anchor(of node: SourceNode) {
        guard !node.anchor.isEmpty else { return }
        put(" ")
        put(node.anchor)
    }

    mutating func key(_ key: SourceNode, _ hasColon: Bool) {
        put(key.anchor)
        if !key.anchor.isEmpty, !key.extent.isEmpty { put(" ") }
        put(key.extent)
        // Without the blank the colon would belong to the name.
        let isName = if case .alias = key.kind { true } else { !key.anchor.isEmpty && key.extent.isEmpty }
        if isName, hasColon { put(" ") }
        if hasColon { put(":") }
    }
}
