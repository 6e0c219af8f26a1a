/// The mailbox name before the `@`, lower-cased; `*` is the catch-all.
///
/// The characters are those of a dot-atom without `+`, which mail systems use for sub-addresses.
/// https://www.rfc-editor.org/rfc/rfc5322#section-3.2.3
public struct LocalPart: TextValue, Hashable, Comparable {
    /// 1 to 64 bytes, lower case.
    public let text: String

    /// The alias that takes what no other alias of its domain takes.
    public static let catchAll = "*"

    /// Reads a mailbox name in any case.
    /// - Throws: when the text is no mailbox name.
    public init(_ written: String) throws(Rejection) {
        if Self.isCanonical(written) {
            text = written
            return
        }
        let text = written.utf8.contains(where: { (0x41...0x5A).contains($0) }) ? written.lowercased() : written
        guard !text.isEmpty else { throw Rejection("the alias has no name") }
        guard text.utf8.count <= 64 else { throw Rejection("the alias name is longer than 64 bytes") }
        if text != Self.catchAll {
            guard text.utf8.allSatisfy(Self.isAllowed) else { throw Self.rejection(of: text) }
            guard !Self.hasLooseDot(text) else {
                throw Rejection("a dot at the begin or end of an alias name, or two in a row")
            }
        }
        self.text = text
    }

    /// By the text's bytes, as the server sorts.
    public static func < (left: LocalPart, right: LocalPart) -> Bool { left.text < right.text }
    /// What it looks like.
    public static var shape: Shape {
        let atom = "[A-Za-z0-9!#$%&'\\-/=?^_`{|}~]+"
        return .text(format: nil, pattern: #"^(\*|\#(atom)(\.\#(atom))*)$"#, length: 1...64)
    }

    /// The common case in one pass: nothing to change, nothing to refuse.
    private static func isCanonical(_ text: String) -> Bool {
        let bytes = text.utf8Span.span
        guard bytes.count <= 64 else { return false }
        var previous = UInt8(ascii: ".")
        for index in bytes.indices {
            let byte = bytes[index]
            guard isAllowed(byte), byte != UInt8(ascii: ".") || previous != byte else { return false }
            previous = byte
        }
        return previous != UInt8(ascii: ".")
    }

    /// Which of the characters it is that is not allowed.
    private static func rejection(of text: String) -> Rejection {
        if text.utf8.contains(UInt8(ascii: "@")) {
            return Rejection("an alias name has no @", "write the part before it; the domain is the one above")
        }
        if text.utf8.contains(UInt8(ascii: "+")) {
            return Rejection("an alias name has no +", "what stands behind it in an address is a sub-address of the alias")
        }
        if text.utf8.contains(UInt8(ascii: "*")) {
            return Rejection("* stands alone", "the catch-all alias is \"*\"; patterns do not exist")
        }
        return Rejection("the alias name has a character that is not allowed", "use letters, digits and . _ - only")
    }

    /// A dot at either end, or behind another one.
    private static func hasLooseDot(_ text: String) -> Bool {
        var previous = UInt8(ascii: ".")
        for byte in text.utf8 {
            if byte == UInt8(ascii: "."), previous == byte { return true }
            previous = byte
        }
        return previous == UInt8(ascii: ".")
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x61...0x7A, 0x30...0x39: true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"): true
        case UInt8(ascii: "'"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "="): true
        case UInt8(ascii: "?"), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"): true
        case UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"), UInt8(ascii: "~"): true
        default: false
        }
    }
}

/// An alias's natural key, `local@domain`.
public struct Address: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The domain, in canonical form.
    public var domain: DomainName
    /// The mailbox name.
    public var local: LocalPart

    /// An address of two canonical parts.
    public init(_ local: LocalPart, at domain: DomainName) {
        self.domain = domain
        self.local = local
    }

    /// Reads `local@domain`.
    /// - Throws: when it is no address.
    public init(_ written: String) throws(Rejection) {
        guard let at = written.lastIndex(of: "@") else { throw Rejection("not an address", "write local@domain") }
        self.init(try LocalPart(String(written[..<at])), at: try DomainName(String(written[written.index(after: at)...])))
    }

    /// `local@domain`, canonical.
    public var description: String { "\(local.text)@\(domain.text)" }

    /// By domain, then by mailbox name.
    public static func < (left: Address, right: Address) -> Bool {
        left.domain == right.domain ? left.local < right.local : left.domain < right.domain
    }
}
