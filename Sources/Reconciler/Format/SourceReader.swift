import EmailConnect

/// Reads a text into a ``SourceDocument``: libyaml's events say what there is, the text between them has the comments.
struct SourceReader: ~Copyable {
    /// An event, with its place in bytes.
    struct Event {
        var event: YAMLEvent
        var start: Int
        var end: Int
        var column: Int
        var style: YAMLStyle
    }

    var text: SourceText
    private(set) var current: Event
    /// Keys that stand twice.
    private(set) var repeated: [Rejection] = []
    private var parser: YAMLParser
    private let limits: YAMLReader.Limits
    private var nodes: Int32 = 0
    private var anchors = AnchorList()

    /// Reads a text.
    /// - Throws: where the text is no YAML, or YAML that no manifest may have.
    /// - Complexity: O(bytes), one pass.
    static func read(_ bytes: [UInt8], _ limits: YAMLReader.Limits = .init()) throws(SyntaxFailure) -> (SourceDocument, [Rejection]) {
        guard bytes.count <= limits.bytes else { throw .tooLarge(limits, at: .start) }
        var reader = try SourceReader(bytes, limits)
        try reader.advance()
        let document = try reader.document()
        return (document, reader.repeated)
    }

    private init(_ bytes: [UInt8], _ limits: YAMLReader.Limits) throws(SyntaxFailure) {
        self.limits = limits
        text = SourceText(bytes)
        current = Event(event: .documentEnd, start: 0, end: 0, column: 0, style: .block)
        parser = try YAMLParser(text.bytes)
    }

    /// Reads the next event.
    mutating func advance() throws(SyntaxFailure) {
        let event = try parser.next()
        let extent = parser.extent
        let start = text.offset(ofCharacter: extent.start)
        let end = extent.end == extent.start ? start : text.offset(ofCharacter: extent.end)
        current = Event(event: event, start: start, end: end, column: Int(parser.span.start.column) - 1, style: parser.style)
    }

    private mutating func document() throws(SyntaxFailure) -> SourceDocument {
        var document = SourceDocument(source: text.bytes)
        if case .documentStart = current.event {
            document.preamble = preamble(isExplicit: current.end > current.start)
            try advance()
            document.root = try root()
            try advance()
            if case .documentStart(let position) = current.event { throw .secondDocument(at: position) }
        }
        text.passTrivia()
        while text.cursor < text.bytes.count {
            // Nothing but `...` can stand here.
            text.advance(to: text.cursor + 1)
            text.passTrivia()
        }
        document.tail = text.takeComments()
        document.commentTally = text.commentTally
        (document.aliases, document.ambiguous) = (anchors.aliases, anchors.ambiguous)
        return document
    }

    /// Passes over what stands before the document. Its comments stay for the document when there are no directives.
    private mutating func preamble(isExplicit: Bool) -> [SourceComment] {
        var lines: [SourceComment] = []
        text.passTrivia()
        while isExplicit, text.byte == UInt8(ascii: "%") {
            lines += text.takeComments()
            let isAfterBlank = text.takeBlank()
            let start = text.cursor
            var end = start
            while end < text.bytes.count, text.bytes[end] != UInt8(ascii: "\n") { end += 1 }
            text.advance(to: end)
            while text.bytes[end - 1] == UInt8(ascii: " ") || text.bytes[end - 1] == UInt8(ascii: "\t") { end -= 1 }
            lines.append(
                SourceComment(extent: Int32(start)..<Int32(end), column: 0, isOwnLine: true, isAfterBlank: isAfterBlank))
            text.passTrivia()
        }
        if !lines.isEmpty { lines += text.takeComments() }
        if isExplicit { text.advance(to: text.cursor + 3) }
        return lines
    }

    private mutating func root() throws(SyntaxFailure) -> SourceEntry {
        var entry = SourceEntry(value: .unread)
        try fill(&entry, under: -1, depth: 0)
        return entry
    }

    /// A node that begins here.
    mutating func newNode(_ kind: SourceNode.Kind) -> SourceNode {
        defer { nodes += 1 }
        return SourceNode(kind, number: nodes)
    }

    /// Passes over the anchor of a node, and over the comments behind it.
    mutating func anchor(_ name: String?, of node: inout SourceNode, _ inner: inout [SourceComment]) {
        guard let name else { return }
        let end = text.cursor + 1 + name.utf8.count
        node.anchor = Int32(text.cursor)..<Int32(end)
        anchors.define(name, node.number)
        text.advance(to: end)
    }

    /// The end of a node that may have had an anchor.
    mutating func close(_ node: inout SourceNode) {
        node.following = nodes
        if !node.anchor.isEmpty { anchors.close(node.number) }
    }

    /// An alias, whose anchor stands above it.
    mutating func alias(_ name: String, at position: Position) throws(SyntaxFailure) -> SourceNode {
        var node = newNode(.alias)
        guard text.cursor == current.start else { throw unexpected }
        try anchors.use(name, node.number, at: position)
        node.text = name
        node.extent = Int32(current.start)..<Int32(current.end)
        text.advance(to: current.end)
        try advance()
        return node
    }

    /// Reports keys that stand twice in a mapping.
    mutating func check(_ key: YAMLEvent, _ seen: inout KeySet) {
        guard case .scalar(let key, _) = key else { return }
        if let first = seen[key.text] { repeated.append(.twice(key, first: first)) } else { seen.insert(key.text, at: key.position) }
    }

    /// Refuses what no manifest has.
    func checkDepth(_ depth: Int) throws(SyntaxFailure) {
        if depth > limits.depth { throw .tooDeep(limits, at: current.event.position ?? .start) }
    }
}

/// Which alias means which anchor.
private struct AnchorList {
    private(set) var aliases: [(alias: Int32, target: Int32)] = []
    private var latest: [String: Int32] = [:]
    private var named: [(name: String, number: Int32)] = []
    private var repeatedNames: Set<String> = []
    private var open: [(name: String, number: Int32)] = []

    mutating func define(_ name: String, _ number: Int32) {
        if latest.updateValue(number, forKey: name) != nil { repeatedNames.insert(name) }
        named.append((name, number))
        open.append((name, number))
    }

    mutating func close(_ number: Int32) { if open.last?.number == number { open.removeLast() } }

    mutating func use(_ name: String, _ number: Int32, at position: Position) throws(SyntaxFailure) {
        guard let target = latest[name] else { throw .unknownAlias(at: position) }
        if open.contains(where: { $0.name == name }) { throw .ownAlias(at: position) }
        aliases.append((number, target))
        named.append((name, number))
    }

    var ambiguous: [Int32] { repeatedNames.isEmpty ? [] : named.filter { repeatedNames.contains($0.name) }.map(\.number) }
}
