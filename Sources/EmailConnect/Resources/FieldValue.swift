/// What a value may look like, for schemas and documents.
public enum Shape: Equatable, Sendable {
    case boolean
    /// The length is in Unicode scalars.
    case text(format: String?, pattern: String?, length: ClosedRange<Int>? = nil)
    case list(of: [String]?)
    /// Text, or a reference to a secret.
    case secret
    /// Names with a text or a reference each.
    case headers
    /// Made by the client and delivered; never written in a manifest.
    case token
}

/// How a value may be shown. A secret's is always `.secret`.
public enum Shown: Equatable, Sendable {
    /// Free text, quoted when shown.
    case text(String)
    /// A name, a number, a boolean: shown bare.
    case word(String)
    case boolean(Bool)
    case list([String])
    /// No value.
    case none
    /// Something that never shows; the words say where it comes from or what is known of it.
    case secret(String)
}

/// What a row of a database holds of a value.
public enum RowValue: Hashable, Sendable {
    case null
    case integer(Int)
    case text(String)
    case bytes([UInt8])
}

/// Written once per *type* of value: how it is read, written and shown.
public protocol FieldValue: Equatable, Sendable {
    /// What it looks like.
    static var shape: Shape { get }
    /// Whether the wire takes null for "none".
    static var isNullable: Bool { get }
    /// Reads the value as a manifest has it.
    /// - Throws: when the value is not of this type.
    init(_ node: Node) throws(Rejection)
    /// Reads the value as the wire has it under one of its names; most types have one name and read as in a manifest.
    /// - Throws: when the value is not of this type.
    init(_ node: Node, wire name: String) throws(Rejection)
    /// Reads what the wire has under one name into a value that may hold something already; most are replaced whole.
    /// - Throws: when the value is not of this type.
    mutating func take(_ node: Node, wire name: String) throws(Rejection)
    /// Writes the value as the wire has it, with its name.
    func write(_ name: String, to json: inout JSONWriter)
    /// How it may be shown.
    var shown: Shown { get }
    /// What a row holds; nil for what does not stand in the row itself (a reference, a secret).
    var column: RowValue? { get }
    /// How `old` differs from this value, one row a thing that a person would name; empty when it does not.
    func differences(from old: Self, named name: String, with secrets: Secrets) -> [Difference]
    /// This value with `old`'s in place of its own, or of one part of it; nil when it has no such part. Most have none.
    func keeping(_ part: String?, of old: Self) -> Self?
    /// This value in the place of whatever is there; most values are that anyway, and some are merged.
    var replacing: Self { get }
    /// This value, stated over an inherited one; most stand in its place, and some are merged.
    func over(_ inherited: Self) -> Self
    /// What to send so that `old` becomes this value; most values are sent whole.
    func patch(from old: Self, with secrets: Secrets) -> Self
}

extension FieldValue {
    /// Most types have no "none".
    public static var isNullable: Bool { false }
    /// Reads the value as the wire has it under one of its names.
    public init(_ node: Node, wire name: String) throws(Rejection) { try self.init(node) }
    /// Reads what the wire has under one name into the value.
    public mutating func take(_ node: Node, wire name: String) throws(Rejection) { self = try Self(node, wire: name) }
    /// How `old` differs from this value; empty when it does not.
    public func differences(from old: Self, named name: String, with secrets: Secrets) -> [Difference] {
        self == old ? [] : [Difference(name, from: old.shown, to: shown)]
    }
    /// What to send so that `old` becomes this value.
    public func patch(from old: Self, with secrets: Secrets) -> Self { self }
    /// This value with `old`'s in place of its own.
    public func keeping(_ part: String?, of old: Self) -> Self? { part == nil ? old : nil }
    /// This value in the place of whatever is there.
    public var replacing: Self { self }
    /// This value in the place of the inherited one.
    public func over(_ inherited: Self) -> Self { self }
    /// What a row holds of it.
    public var column: RowValue? { nil }
}

/// One field that differs, ready to be shown.
public struct Difference: Equatable, Sendable {
    /// How sure it is that applying it changes something.
    public enum Certainty: String, Sendable {
        /// The values differ.
        case changed
        /// A secret that could not be compared; apply sends it and may find it unnecessary.
        case ensure
        /// A secret that is not at hand: neither compared nor sent.
        case unavailable
    }

    /// The field, or the header.
    public var field: String
    /// What the account has.
    public var from: Shown
    /// What the manifest wants.
    public var to: Shown
    /// How sure it is.
    public var certainty: Certainty

    /// One field that differs.
    public init(_ field: String, from: Shown, to: Shown, _ certainty: Certainty = .changed) {
        self.field = field
        self.from = from
        self.to = to
        self.certainty = certainty
    }
}

extension FieldValue {
    /// A list as the JSON text that a row holds.
    static func listColumn(_ items: [String]) -> RowValue {
        var json = JSONWriter()
        json.array { json in for item in items { json.item(item) } }
        return .text(json.text)
    }
}

/// A value that is one canonical text.
public protocol TextValue: FieldValue {
    /// Reads any spelling of the value.
    /// - Throws: when the text is none.
    init(_ written: String) throws(Rejection)
    /// The canonical text.
    var text: String { get }
}

extension TextValue {
    /// Reads the value as a manifest has it.
    public init(_ node: Node) throws(Rejection) {
        let text = try node.text()
        do throws(Rejection) { try self.init(text) } catch {
            throw Rejection(error.problem, error.remedy, at: error.position ?? node.position, pointer: error.pointer)
        }
    }
    /// Writes the member as the wire has it.
    public func write(_ name: String, to json: inout JSONWriter) { json.member(name, text) }
    /// How it may be shown.
    public var shown: Shown { .text(text) }
    /// What a row holds of it.
    public var column: RowValue? { .text(text) }
}

extension Bool: FieldValue {
    private static func remedy(_ scalar: Scalar) -> String {
        if scalar.style == .quoted, scalar.text == "true" || scalar.text == "false" { return "remove the quotes" }
        return ["yes", "no", "on", "off"].contains(scalar.text.lowercased()) ? "yes, no, on and off are text here" : ""
    }

    /// What it looks like.
    public static var shape: Shape { .boolean }
    /// Reads the value as a manifest has it.
    public init(_ node: Node) throws(Rejection) {
        guard case .scalar(let scalar) = node else {
            throw Rejection("expected true or false, found a \(node.word)", at: node.position)
        }
        if scalar.style != .quoted {
            if scalar.text == "true" { self = true; return }
            if scalar.text == "false" { self = false; return }
        }
        if scalar.isBlank { throw .blank(at: node.position) }
        throw Rejection(
            "expected true or false", Self.remedy(scalar), at: node.position)
    }
    /// Writes the member as the wire has it.
    public func write(_ name: String, to json: inout JSONWriter) { json.member(name, self) }
    /// How it may be shown.
    public var shown: Shown { .boolean(self) }
    /// What a row holds of it.
    public var column: RowValue? { .integer(self ? 1 : 0) }
}

extension String: FieldValue {
    /// What it looks like.
    public static var shape: Shape { .text(format: nil, pattern: #"^[^\u0000]*$"#, length: 0...limit) }
    /// The longest free text, in Unicode scalars.
    static var limit: Int { 4096 }
    /// Reads the value as a manifest has it.
    public init(_ node: Node) throws(Rejection) {
        let text = try node.text()
        guard text.utf8.count <= Self.limit || text.unicodeScalars.count <= Self.limit else {
            throw Rejection("the text is longer than 4,096 characters", at: node.position)
        }
        let bytes = text.utf8Span.span
        guard bytes.place(of: 0, in: bytes.indices) == bytes.count else {
            throw Rejection("the text has a NUL character", at: node.position)
        }
        self = text
    }
    /// Writes the member as the wire has it.
    public func write(_ name: String, to json: inout JSONWriter) { json.member(name, self) }
    /// How it may be shown.
    public var shown: Shown { .text(self) }
    /// What a row holds of it.
    public var column: RowValue? { .text(self) }
}

extension Optional: FieldValue where Wrapped: FieldValue {
    /// What it looks like.
    public static var shape: Shape { Wrapped.shape }
    /// Null is "none".
    public static var isNullable: Bool { true }
    /// Reads the value as a manifest has it.
    public init(_ node: Node) throws(Rejection) { self = .some(try Wrapped(node)) }
    /// On the wire, null is "none"; a manifest leaves the line out.
    public init(_ node: Node, wire name: String) throws(Rejection) {
        self = node.isNull ? nil : .some(try Wrapped(node, wire: name))
    }
    /// Writes the member as the wire has it.
    public func write(_ name: String, to json: inout JSONWriter) {
        if let self { self.write(name, to: &json) } else { json.null(name) }
    }
    /// How it may be shown.
    public var shown: Shown { self?.shown ?? .none }
    /// What a row holds of it.
    public var column: RowValue? { if let self { self.column } else { .null } }
    /// How `old` differs from this value; empty when it does not.
    public func differences(from old: Self, named name: String, with secrets: Secrets) -> [Difference] {
        if let self, let old { return self.differences(from: old, named: name, with: secrets) }
        return self == old ? [] : [Difference(name, from: old.shown, to: shown)]
    }
}
