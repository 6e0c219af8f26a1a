/// A manifest's key for a resource: lower-case letters, digits, `-`, `_`, `.`, 1 to 64 of them.
public struct Slug: TextValue, Hashable, Comparable, CustomStringConvertible {
    /// The key as written.
    public let text: String

    /// Reads a key.
    /// - Throws: when it has other characters or another length.
    public init(_ written: String) throws(Rejection) {
        guard (1...64).contains(written.utf8.count), written.utf8.allSatisfy(Self.isAllowed) else {
            throw Rejection("not a valid key", "use 1 to 64 lower-case letters, digits, -, _ or .")
        }
        text = written
    }

    /// The key as written.
    public var description: String { text }
    /// By the text's bytes, as the server sorts.
    public static func < (left: Slug, right: Slug) -> Bool { left.text < right.text }
    /// What it looks like.
    public static var shape: Shape { .text(format: nil, pattern: "^[a-z0-9._-]{1,64}$") }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
    }
}

/// Who manages a resource: `manifest/environment`, two keys.
public struct Owner: TextValue, Hashable, Comparable, CustomStringConvertible {
    /// `manifest/environment`.
    public let text: String

    /// The owner that a manifest's two lines name.
    public init(manifest: Slug, environment: Slug) {
        text = "\(manifest.text)/\(environment.text)"
    }

    /// Reads `manifest/environment`.
    /// - Throws: when it is not two keys with one slash between them.
    public init(_ written: String) throws(Rejection) {
        let parts = written.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw Rejection("not an owner", "write manifest/environment") }
        self.init(manifest: try Slug(String(parts[0])), environment: try Slug(String(parts[1])))
    }

    /// `manifest/environment`.
    public var description: String { text }
    /// By the text's bytes.
    public static func < (left: Owner, right: Owner) -> Bool { left.text < right.text }
    /// What it looks like.
    public static var shape: Shape { .text(format: nil, pattern: "^[a-z0-9._-]{1,64}/[a-z0-9._-]{1,64}$") }
}
