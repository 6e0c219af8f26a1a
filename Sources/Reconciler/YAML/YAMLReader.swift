import EmailConnect

/// Walks one YAML document from its events: mappings key by key, small values as nodes. Aliases are replayed from what
/// was recorded when their anchor passed, and what comes through them is counted.
struct YAMLReader: ~Copyable {
    /// What a manifest may not exceed.
    struct Limits: Sendable {
        var depth = 32
        /// Values that come through aliases, in all.
        var aliased = 500_000
        var bytes = 64 << 20
    }

    private var parser: YAMLParser
    private let limits: Limits
    private var peeked: YAMLEvent?
    private var replay: [YAMLEvent] = []
    private var recordings: [(name: String, events: [YAMLEvent], depth: Int)] = []
    private var anchors: [String: [YAMLEvent]] = [:]
    private var depth = 0
    private var aliased = 0
    private var lastAlias = Position.start

    /// Opens a document.
    /// - Parameter file: which of several texts it is, for positions.
    /// - Throws: when the file is too large or has no document.
    init(_ bytes: [UInt8], file: Int32 = 0, limits: Limits = Limits()) throws(SyntaxFailure) {
        self.limits = limits
        parser = try Self.open(bytes, file, limits)
    }

    private static func open(_ bytes: [UInt8], _ file: Int32, _ limits: Limits) throws(SyntaxFailure) -> YAMLParser {
        let start = Position(line: 1, column: 1, file: file)
        guard bytes.count <= limits.bytes else { throw .tooLarge(limits, at: start) }
        var parser = try YAMLParser(bytes, file: file)
        switch try parser.next() {
        case .documentStart: return parser
        case .end(let position):
            throw SyntaxFailure(position: position, problem: "the file is empty", remedy: "start with version: 1")
        default: throw SyntaxFailure(position: start, problem: "this is no YAML document", remedy: "start with version: 1")
        }
    }

    /// The next event, without taking it.
    mutating func peek() throws(SyntaxFailure) -> YAMLEvent {
        if let peeked { return peeked }
        let event = try read()
        peeked = event
        return event
    }

    /// Takes the next event.
    mutating func next() throws(SyntaxFailure) -> YAMLEvent {
        if let event = peeked {
            peeked = nil
            return event
        }
        return try read()
    }

    /// Refuses a second document.
    mutating func finish() throws(SyntaxFailure) {
        _ = try next()
        if case .documentStart(let position) = try next() {
            throw .secondDocument(at: position)
        }
    }

    /// Takes the next value whole, as a small tree.
    /// - Throws: when the value is malformed or repeats a key.
    mutating func node() throws(SyntaxFailure) -> Node {
        switch try next() {
        case .scalar(let scalar, _): return .scalar(scalar)
        case .sequenceStart(let position, _):
            var items: [Node] = []
            while true {
                if case .sequenceEnd = try peek() { break }
                items.append(try node())
            }
            _ = try next()
            return .sequence(items, position)
        case .mappingStart(let position, _):
            var members: [Node.Member] = []
            while true {
                let event = try peek()
                if case .mappingEnd = event { break }
                guard case .scalar(let key, _) = try next() else {
                    throw .noScalar(at: position)
                }
                if let first = members.first(where: { $0.key.text == key.text }) {
                    throw SyntaxFailure(
                        position: key.position, problem: "the key \(Escaped.line(key.text)) stands here twice",
                        remedy: "remove one; the first is at \(first.key.position.line):\(first.key.position.column)")
                }
                members.append(.init(key, try node()))
            }
            _ = try next()
            return .mapping(members, position)
        case .mappingEnd, .sequenceEnd, .documentStart, .documentEnd, .end, .alias:
            throw SyntaxFailure(position: .start, problem: "a value is missing", remedy: "write key: value")
        }
    }

    /// Passes over the next value.
    mutating func skip() throws(SyntaxFailure) {
        var level = 0
        repeat {
            switch try next() {
            case .mappingStart, .sequenceStart: level += 1
            case .mappingEnd, .sequenceEnd: level -= 1
            default: break
            }
        } while level > 0
    }

    private mutating func read() throws(SyntaxFailure) -> YAMLEvent {
        let event: YAMLEvent
        if let replayed = replay.popLast() {
            // What is wrong with it is wrong where the alias stands; the anchor's line may hold something else.
            event = replayed.moved(to: lastAlias)
            try countAliased()
        } else {
            event = try parser.next()
        }
        if case .alias(let name, let position) = event { return try expand(name, position) }
        try count(event)
        if recordings.isEmpty && event.anchor == nil { return event }
        record(event)
        return event
    }

    private mutating func expand(_ name: String, _ position: Position) throws(SyntaxFailure) -> YAMLEvent {
        if recordings.contains(where: { $0.name == name }) {
            throw .ownAlias(at: position)
        }
        guard let events = anchors[name] else {
            throw .unknownAlias(at: position)
        }
        if replay.isEmpty { lastAlias = position }
        replay.append(contentsOf: events.reversed())
        return try read()
    }

    private mutating func count(_ event: YAMLEvent) throws(SyntaxFailure) {
        switch event {
        case .mappingStart(let position, _), .sequenceStart(let position, _):
            depth += 1
            guard depth <= limits.depth else { throw .tooDeep(limits, at: position) }
        case .mappingEnd, .sequenceEnd: depth -= 1
        default: break
        }
    }

    private mutating func countAliased() throws(SyntaxFailure) {
        aliased += 1
        if aliased <= limits.aliased { return }
        throw SyntaxFailure(
            position: lastAlias, problem: "aliases that multiply: more than \(limits.aliased) values come through them",
            remedy: "write the manifest without anchors inside anchors")
    }

    private mutating func record(_ event: YAMLEvent) {
        if let name = event.anchor { recordings.append((name, [], depth - (event.opens ? 1 : 0))) }
        for index in recordings.indices { recordings[index].events.append(event.withoutAnchor) }
        while let last = recordings.last, last.depth == depth, !event.opens {
            anchors[last.name] = last.events
            recordings.removeLast()
        }
    }
}

extension YAMLEvent {
    /// Where it begins; nil for what ends something.
    var position: Position? {
        switch self {
        case .scalar(let scalar, _): scalar.position
        case .sequenceStart(let position, _), .mappingStart(let position, _), .alias(_, let position): position
        case .documentStart(let position), .end(let position): position
        case .sequenceEnd, .mappingEnd, .documentEnd: nil
        }
    }

    fileprivate func moved(to position: Position) -> YAMLEvent {
        switch self {
        case .scalar(var scalar, let anchor):
            scalar.position = position
            return .scalar(scalar, anchor: anchor)
        case .sequenceStart(_, let anchor): return .sequenceStart(position, anchor: anchor)
        case .mappingStart(_, let anchor): return .mappingStart(position, anchor: anchor)
        default: return self
        }
    }

    fileprivate var anchor: String? {
        switch self {
        case .scalar(_, let anchor), .sequenceStart(_, let anchor), .mappingStart(_, let anchor): anchor
        default: nil
        }
    }

    fileprivate var opens: Bool {
        switch self {
        case .sequenceStart, .mappingStart: true
        default: false
        }
    }

    fileprivate var withoutAnchor: YAMLEvent {
        switch self {
        case .scalar(let scalar, _): .scalar(scalar, anchor: nil)
        case .sequenceStart(let position, _): .sequenceStart(position, anchor: nil)
        case .mappingStart(let position, _): .mappingStart(position, anchor: nil)
        default: self
        }
    }
}
