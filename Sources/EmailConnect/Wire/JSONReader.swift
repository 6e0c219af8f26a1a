/// Reads JSON from bytes without a tree of its own: the caller walks objects and lists, and takes small values as nodes.
/// Duplicate keys, NaN, invalid UTF-8 and more than 64 levels are refused. https://www.rfc-editor.org/rfc/rfc8259
public struct JSONReader {
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int
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
        try open(UInt8(ascii: "{"), "an object")
        var seen: [String] = []
        var many: Set<String> = []
        if try close(UInt8(ascii: "}"), first: true) { return }
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw malformed("expected a member's name") }
            let key = try string()
            let isNew: Bool
            if seen.count < 16 {
                isNew = !seen.contains(key)
                seen.append(key)
                if seen.count == 16 { many = Set(seen) }
            } else {
                isNew = many.insert(key).inserted
            }
            guard isNew else { throw Rejection("the JSON object repeats the name \(key.prefix(64))") }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw malformed("expected a colon") }
            try body(&self, key)
        } while try !close(UInt8(ascii: "}"), first: false)
    }

    /// The first member of an object, whatever follows it; the reader is of no use afterwards.
    /// - Throws: when the text begins with no object that has a member.
    public mutating func firstMember() throws(Rejection) -> (name: String, value: Node) {
        try open(UInt8(ascii: "{"), "an object")
        skipSpace()
        guard peek == UInt8(ascii: "\"") else { throw malformed("expected a member's name") }
        let name = try string()
        skipSpace()
        guard take(UInt8(ascii: ":")) else { throw malformed("expected a colon") }
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

    /// Refuses anything behind the value.
    /// - Throws: when something follows.
    public mutating func finish() throws(Rejection) {
        skipSpace()
        guard position == end else { throw malformed("something follows the JSON value") }
    }

    private var peek: UInt8? { position < end ? bytes[position] : nil }

    private mutating func skipSpace() {
        while position < end,
            bytes[position] == 0x20
                || (0x09...0x0D).contains(bytes[position]) && bytes[position] != 0x0B
                    && bytes[position] != 0x0C
        { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
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

    private mutating func string() throws(Rejection) -> String {
        position += 1
        let start = position
        var seen: UInt8 = 0
        while position < end {
            let byte = bytes[position]
            seen |= byte
            switch byte {
            case UInt8(ascii: "\""):
                defer { position += 1 }
                // ASCII, the common case, has nothing to validate.
                if seen < 0x80 { return String(decoding: bytes[start..<position], as: UTF8.self) }
                guard let text = String(validating: bytes[start..<position], as: UTF8.self) else { throw notUTF8 }
                return text
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            case 0..<0x20: throw malformed("a control character in a string")
            default: position += 1
            }
        }
        throw malformed("the text ends inside a string")
    }

    private mutating func escapedString(from start: Int) throws(Rejection) -> String {
        var text = Array(bytes[start..<position])
        while position < end {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: text, as: UTF8.self) else { throw notUTF8 }
                return text
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw malformed("a control character in a string")
            default: text.append(byte)
            }
        }
        throw malformed("the text ends inside a string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(Rejection) {
        guard let byte = peek else { throw malformed("the text ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var unit = try hex4()
            if (0xD800...0xDBFF).contains(unit) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw malformed("half a surrogate pair") }
                let low = try hex4()
                guard (0xDC00...0xDFFF).contains(low) else { throw malformed("half a surrogate pair") }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw malformed("half a surrogate pair") }
            // A database would take it for the text's end.
            guard unit != 0 else { throw Rejection("a text has a NUL character") }
            text.append(contentsOf: String(Character(scalar)).utf8)
        default: throw malformed("an unknown escape in a string")
        }
    }

    private mutating func hex4() throws(Rejection) -> UInt32 {
        guard position + 4 <= end, bytes[position] != UInt8(ascii: "+"), bytes[position] != UInt8(ascii: "-"),
            let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw malformed("an unknown escape in a string") }
        position += 4
        return value
    }

    private mutating func literal() throws(Rejection) -> String {
        let start = position
        while position < end, !Self.ends.contains(bytes[position]) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard text == "true" || text == "false" || text == "null" || Self.isNumber(Array(text.utf8)) else {
            position = start
            throw malformed("expected a value")
        }
        return text
    }

    private static let ends: Set<UInt8> = Set(",]} \t\r\n".utf8)

    private static func isNumber(_ text: [UInt8]) -> Bool {
        var rest = text[...]
        func digits() -> Bool {
            let count = rest.prefix { (0x30...0x39).contains($0) }.count
            rest = rest.dropFirst(count)
            return count > 0
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let leadingZero = rest.first == UInt8(ascii: "0") && rest.dropFirst().first.map { (0x30...0x39).contains($0) } == true
        guard !leadingZero, digits() else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits() else { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
            guard digits() else { return false }
        }
        return rest.isEmpty
    }

    private var notUTF8: Rejection { Rejection("the JSON is not valid UTF-8 near byte \(position)") }

    private func malformed(_ problem: String) -> Rejection {
        Rejection("malformed JSON at byte \(position): \(problem)")
    }
}
