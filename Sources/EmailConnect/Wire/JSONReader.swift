/// Reads JSON from bytes without a tree of its own: the caller walks objects and lists, and takes small values as nodes.
/// Duplicate keys, NaN, invalid UTF-8 and more than 64 levels are refused. https://www.rfc-editor.org/rfc/rfc8259
public struct JSONReader {
    let bytes: [UInt8]
    var position: Int
    let end: Int
    private var depth = 0

    /// The deepest nesting that is read.
    public static let depthLimit = 64

    /// Reads a whole text.
    public init(_ bytes: [UInt8]) {
        self.init(bytes, bytes.indices)
    }

    /// Reads a part of some bytes: a line of NDJSON.
    public init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// Walks an object; `body` takes the value of each member.
    /// - Throws: when the text is no object, repeats a key, or what `body` throws.
    public mutating func object(_ body: (inout JSONReader, String) throws(Rejection) -> Void) throws(Rejection) {
        var none = MemberNames.none
        try object(&none) { json, name throws(Rejection) in if case .other(let text) = name { try body(&json, text) } }
    }

    /// As ``object(_:)``, where most names are expected: those are compared as bytes, and make no text.
    mutating func object(
        _ names: inout MemberNames, _ body: (inout JSONReader, MemberNames.Name) throws(Rejection) -> Void
    ) throws(Rejection) {
        try open(UInt8(ascii: "{"), "an object")
        var last: Int?
        var known: UInt64 = 0
        var others = SeenNames()
        if try close(UInt8(ascii: "}"), first: true) { return }
        repeat {
            skipSpace()
            let place: Int
            if let (next, length) = names.next(after: last, in: bytes.span, at: position), position + length <= end {
                place = next
                position += length
            } else {
                let text = try name()
                guard let found = names.place(of: text, after: last) else {
                    guard others.insert(text) else { throw Self.repeated(text) }
                    try body(&self, .other(text))
                    continue
                }
                place = found
            }
            guard known & 1 << UInt64(place) == 0 else { throw Self.repeated(names[place]) }
            known |= 1 << UInt64(place)
            last = place
            try body(&self, .known(place))
        } while try !close(UInt8(ascii: "}"), first: false)
    }

    /// A member's name with the colon behind it.
    private mutating func name() throws(Rejection) -> String {
        guard peek == UInt8(ascii: "\"") else { throw malformed("expected a member's name") }
        let name = try string()
        skipSpace()
        guard take(UInt8(ascii: ":")) else { throw malformed("expected a colon") }
        return name
    }

    private static func repeated(_ name: String) -> Rejection { Rejection("the JSON object repeats the name \(name.prefix(64))") }

    /// The names of one object: a list while they are few, as nearly always.
    private struct SeenNames {
        private var few: [String] = []
        private var many: Set<String> = []

        /// Notes a name; false when it was there.
        mutating func insert(_ name: String) -> Bool {
            guard few.count == 16 else {
                if few.contains(name) { return false }
                few.append(name)
                if few.count == 16 { many = Set(few) }
                return true
            }
            return many.insert(name).inserted
        }
    }

    /// The first member of an object, whatever follows it; the reader is of no use afterwards.
    /// - Throws: when the text begins with no object that has a member.
    public mutating func firstMember() throws(Rejection) -> (name: String, value: Node) {
        try open(UInt8(ascii: "{"), "an object")
        skipSpace()
        let name = try name()
        return (name, try node())
    }

    /// Walks a list; `body` takes each item.
    /// - Throws: when the text is no list, or what `body` throws.
    public mutating func array(_ body: (inout JSONReader, Int) throws(Rejection) -> Void) throws(Rejection) {
        try open(UInt8(ascii: "["), "a list")
        if try close(UInt8(ascii: "]"), first: true) { return }
        var index = 0
        repeat {
            try body(&self, index)
            index += 1
        } while try !close(UInt8(ascii: "]"), first: false)
    }

    /// Takes the next value, whole.
    /// - Throws: when it is malformed.
    public mutating func node() throws(Rejection) -> Node {
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"):
            var members: [Node.Member] = []
            try object { json, key throws(Rejection) in members.append(.init(Scalar(key, .quoted), try json.node())) }
            return .mapping(members, .start)
        case UInt8(ascii: "["):
            var items: [Node] = []
            try array { json, _ throws(Rejection) in items.append(try json.node()) }
            return .sequence(items, .start)
        case UInt8(ascii: "\""): return .scalar(Scalar(try string(), .quoted))
        default: return .scalar(Scalar(try literal(), .literal))
        }
    }

    /// As ``node()``; a value that is written as the last one was is not read again, and shares its text.
    mutating func node(_ last: inout LastValue) throws(Rejection) -> Node {
        skipSpace()
        let start = position
        if let node = last.node, bytes.span.holds(last.bytes.span, at: start), isEnd(start + last.bytes.count) {
            position += last.bytes.count
            last.isHit()
            return node
        }
        let node = try node()
        last.isMissed(node, bytes[start..<position])
        return node
    }

    /// Refuses anything behind the value.
    /// - Throws: when something follows.
    public mutating func finish() throws(Rejection) {
        skipSpace()
        guard position == end else { throw malformed("something follows the JSON value") }
    }

    var peek: UInt8? { position < end ? bytes[position] : nil }

    private mutating func skipSpace() {
        while position < end,
            bytes[position] == 0x20
                || (0x09...0x0D).contains(bytes[position]) && bytes[position] != 0x0B
                    && bytes[position] != 0x0C
        { position += 1 }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    private mutating func open(_ byte: UInt8, _ what: String) throws(Rejection) {
        skipSpace()
        guard take(byte) else { throw malformed("expected \(what)") }
        depth += 1
        guard depth <= Self.depthLimit else { throw Rejection("the JSON is nested more than 64 levels deep") }
    }

    private mutating func close(_ byte: UInt8, first: Bool) throws(Rejection) -> Bool {
        skipSpace()
        if take(byte) {
            depth -= 1
            return true
        }
        if first { return false }
        guard take(UInt8(ascii: ",")) else { throw malformed("expected a comma") }
        return false
    }

    func malformed(_ problem: String) -> Rejection {
        Rejection("malformed JSON at byte \(position): \(problem)")
    }
}
