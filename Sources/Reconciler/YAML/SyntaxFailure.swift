import EmailConnect

/// A syntax error: the one kind of error that ends a file.
struct SyntaxFailure: Error {
    var position: Position
    var problem: String
    var remedy: String
    /// Whether what it points at must not be shown.
    var hidesValue = false
}

/// What libyaml takes and a manifest may not have.
extension SyntaxFailure {
    static func tooLarge(_ limits: YAMLReader.Limits, at position: Position) -> Self {
        .init(
            position: position, problem: "the file is larger than \(limits.bytes >> 20) MiB",
            remedy: "split it into several files, with include:")
    }

    static func tooDeep(_ limits: YAMLReader.Limits, at position: Position) -> Self {
        .init(position: position, problem: "nested more than \(limits.depth) levels deep", remedy: "a manifest has at most six")
    }

    static func secondDocument(at position: Position) -> Self {
        .init(position: position, problem: "a second document begins here", remedy: "one file has one manifest; remove the ---")
    }

    static func noScalar(at position: Position) -> Self {
        .init(position: position, problem: "a key that is no scalar", remedy: "write key: value")
    }

    static func ownAlias(at position: Position) -> Self {
        .init(
            position: position, problem: "an alias that stands inside its own anchor", remedy: "write the value out", hidesValue: true)
    }

    static func unknownAlias(at position: Position) -> Self {
        .init(
            position: position, problem: "an unquoted * begins a YAML alias, and this one has no anchor above it",
            remedy: "quote the text", hidesValue: true)
    }
}
