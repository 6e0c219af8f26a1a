/// A place in a text; line and column count from 1, the column in characters.
public struct Position: Hashable, Comparable, Sendable {
    /// Line, from 1.
    public var line: Int32
    /// Column, from 1.
    public var column: Int32
    /// Which of several texts that are read together, from 0.
    public var file: Int32

    /// A place in a text.
    public init(line: Int32, column: Int32, file: Int32 = 0) {
        self.line = line
        self.column = column
        self.file = file
    }

    /// Where nothing better is known: JSON values carry no position.
    public static let start = Position(line: 1, column: 1)

    /// By text, line and column.
    public static func < (left: Position, right: Position) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}

/// A scalar as it was written, before anybody decided on its type.
public struct Scalar: Equatable, Sendable {
    /// How the scalar was written.
    public enum Style: Sendable {
        /// Plain YAML: text, or a word such as `true` where a word is wanted.
        case plain
        /// Quoted YAML, or a JSON string: always text.
        case quoted
        /// A JSON number, `true`, `false` or `null`: never text.
        case literal
    }

    /// The characters, unescaped.
    public var text: String
    /// How it was written.
    public var style: Style
    /// Where it begins.
    public var position: Position

    /// A scalar as it was written.
    public init(_ text: String, _ style: Style, at position: Position = .start) {
        self.text = text
        self.style = style
        self.position = position
    }

    /// Only plain `null` is null; `~`, `Null` and `NULL` are text.
    public var isNull: Bool { style != .quoted && text == "null" }
    /// `key:` with nothing behind it.
    public var isBlank: Bool { style == .plain && text.isEmpty }
}

/// The value of one field, from YAML or from JSON. Only the small values stand in such a tree: a manifest's or an
/// account's body is never held as one.
public enum Node: Equatable, Sendable {
    /// One entry of a mapping.
    public struct Member: Equatable, Sendable {
        /// The key.
        public var key: Scalar
        /// What stands behind it.
        public var value: Node

        /// One entry of a mapping.
        public init(_ key: Scalar, _ value: Node) {
            self.key = key
            self.value = value
        }
    }

    case scalar(Scalar)
    case sequence([Node], Position)
    case mapping([Member], Position)

    /// Where it begins.
    public var position: Position {
        switch self {
        case .scalar(let scalar): scalar.position
        case .sequence(_, let position), .mapping(_, let position): position
        }
    }

    /// Whether it is a written `null`.
    public var isNull: Bool {
        if case .scalar(let scalar) = self { scalar.isNull } else { false }
    }

    /// The value as text.
    /// - Throws: when it is blank, `null`, a JSON literal, a list or a mapping.
    public func text(_ what: String = "text") throws(Rejection) -> String {
        guard case .scalar(let scalar) = self else {
            throw Rejection("expected \(what), found a \(word)", at: position)
        }
        if scalar.style == .quoted { return scalar.text }
        if scalar.isBlank { throw .blank(at: position) }
        if scalar.isNull { throw Rejection("null, where \(what) is expected", "give a value or remove the line", at: position) }
        if scalar.style == .literal { throw Rejection("expected \(what), found a JSON \(scalar.jsonWord)", at: position) }
        return scalar.text
    }

    /// The items of a list.
    /// - Throws: when it is not a list.
    public func items(_ what: String) throws(Rejection) -> [Node] {
        if case .sequence(let items, _) = self { return items }
        if case .scalar(let scalar) = self, scalar.isBlank { throw .blank(at: position) }
        throw Rejection("expected \(what), found a \(word)", "a list is written [a, b]", at: position)
    }

    /// The entries of a mapping.
    /// - Throws: when it is not a mapping.
    public func members(_ what: String) throws(Rejection) -> [Member] {
        if case .mapping(let members, _) = self { return members }
        if case .scalar(let scalar) = self, scalar.isBlank { throw .blank(at: position) }
        throw Rejection("expected \(what), found a \(word)", "a mapping is written { key: value }", at: position)
    }

    /// What it is, for a message.
    public var word: String {
        switch self {
        case .scalar(let scalar) where scalar.isNull: "null"
        case .scalar: "scalar"
        case .sequence: "list"
        case .mapping: "mapping"
        }
    }
}

extension Scalar {
    var jsonWord: String { text == "true" || text == "false" ? "boolean" : text == "null" ? "null" : "number" }
}

extension Rejection {
    /// `key:` with nothing behind it: it could mean "the defaults" or "remove it", so it means nothing.
    public static func blank(at position: Position?) -> Rejection {
        Rejection(
            "the value is blank", "write a value, {} for a resource with its defaults, or \"\" for empty text", at: position)
    }
}
