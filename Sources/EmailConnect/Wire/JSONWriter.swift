/// Writes JSON straight into bytes, in the order of the calls; nothing is built first. https://www.rfc-editor.org/rfc/rfc8259
public struct JSONWriter: Sendable {
    /// What has been written.
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// An empty text.
    public init() {}

    /// An empty text with room.
    public init(reserving capacity: Int) { bytes.reserveCapacity(capacity) }

    /// The text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Forgets what has been written, keeps the room.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    /// An object, as the whole text, an item of a list or a line.
    public mutating func object(_ body: (inout JSONWriter) -> Void) {
        separate()
        enclose("{", "}", body)
    }

    /// A member whose value is an object.
    public mutating func object(_ name: String, _ body: (inout JSONWriter) -> Void) {
        key(name)
        enclose("{", "}", body)
    }

    /// A list as the whole text or an item of a list.
    public mutating func array(_ body: (inout JSONWriter) -> Void) {
        separate()
        enclose("[", "]", body)
    }

    /// A member whose value is a list.
    public mutating func array(_ name: String, _ body: (inout JSONWriter) -> Void) {
        key(name)
        enclose("[", "]", body)
    }

    /// A member whose value is text.
    public mutating func member(_ name: String, _ value: String) {
        key(name)
        quote(value)
    }

    /// A member whose value is text, or null.
    public mutating func member(_ name: String, _ value: String?) {
        if let value { member(name, value) } else { null(name) }
    }

    /// A member whose value is a boolean.
    public mutating func member(_ name: String, _ value: Bool) {
        key(name)
        raw(value ? "true" : "false")
    }

    /// A member whose value is a whole number.
    public mutating func member(_ name: String, _ value: Int) {
        key(name)
        raw(String(value))
    }

    /// A member whose value is a list of texts.
    public mutating func member(_ name: String, _ values: [String]) {
        array(name) { json in for value in values { json.item(value) } }
    }

    /// A member whose value is null.
    public mutating func null(_ name: String) {
        key(name)
        raw("null")
    }

    /// A member whose value is JSON already, as a row holds it.
    public mutating func member(_ name: String, json value: String) {
        key(name)
        raw(value)
    }

    /// An item of a list that is text.
    public mutating func item(_ value: String) {
        separate()
        quote(value)
        needsComma = true
    }

    /// An item of a list that is JSON already.
    public mutating func item(json value: String) {
        separate()
        raw(value)
    }

    /// Members of an open object, as another writer wrote them between its braces.
    public mutating func members(json object: [UInt8]) {
        guard object.count > 2 else { return }
        separate()
        bytes.append(contentsOf: object.dropFirst().dropLast())
        needsComma = true
    }

    /// Ends a line of NDJSON. https://github.com/ndjson/ndjson-spec
    public mutating func endLine() {
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func key(_ name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func raw(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        needsComma = true
    }

    private mutating func enclose(_ open: String, _ close: String, _ body: (inout JSONWriter) -> Void) {
        bytes.append(contentsOf: open.utf8)
        needsComma = false
        body(&self)
        bytes.append(contentsOf: close.utf8)
        needsComma = true
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        let plain = text.utf8Span.span
        if plain.endOfPlainText(in: plain.indices) == plain.count {
            bytes.append(contentsOf: text.utf8)
        } else {
            for byte in text.utf8 { escape(byte) }
        }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case UInt8(ascii: "\n"): bytes += Array("\\n".utf8)
        case UInt8(ascii: "\r"): bytes += Array("\\r".utf8)
        case UInt8(ascii: "\t"): bytes += Array("\\t".utf8)
        case 0..<0x20: bytes += Array("\\u00\(Hex.text([byte]))".utf8)
        default: bytes.append(byte)
        }
    }
}
