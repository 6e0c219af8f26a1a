@_spi(_Unicode) import Swift

/// A domain name in its one canonical form: lower-case A-labels, no trailing dot, at most 253 bytes.
///
/// International labels are lower-cased and composed (NFC), may hold letters, marks, digits and hyphens only, and
/// become Punycode. There are no mapping tables: what IDNA 2008 would have to map is refused.
/// https://www.rfc-editor.org/rfc/rfc5891
public struct DomainName: TextValue, Hashable, Comparable, CustomStringConvertible {
    /// The A-label form, `xn--mnchen-3ya.example`.
    public let text: String

    /// Reads any spelling of a name: upper case, international labels, one trailing dot.
    /// - Throws: when the text is no domain name.
    public init(_ written: String) throws(Rejection) {
        if Self.isCanonicalASCII(written) {
            text = written
            return
        }
        var labels = written.split(separator: ".", omittingEmptySubsequences: false)
        // The ideographic full stops are no dots here: no mapping tables.
        if labels.count > 1, labels.last == "" { labels.removeLast() }
        guard labels.count > 1 else {
            throw Rejection("not a domain name", "a domain has at least two labels, as in acme.example")
        }
        var canonical: [String] = []
        for label in labels { canonical.append(try Self.label(label)) }
        guard let last = canonical.last, !Self.isNumber(last) else {
            throw Rejection("an IP address is not a domain name")
        }
        text = canonical.joined(separator: ".")
        guard text.utf8.count <= 253 else { throw Rejection("the domain name is longer than 253 bytes") }
    }

    /// The name as people write it: international labels decoded.
    public var display: String {
        guard text.contains("xn--") else { return text }
        return text.split(separator: ".").map { label in
            guard label.hasPrefix("xn--"), let scalars = Punycode.decode(label.dropFirst(4)) else { return String(label) }
            return String(String.UnicodeScalarView(scalars.compactMap(Unicode.Scalar.init)))
        }.joined(separator: ".")
    }

    /// By the canonical text's bytes, as the server sorts.
    public static func < (left: DomainName, right: DomainName) -> Bool { left.text < right.text }
    /// The canonical text.
    public var description: String { text }
    /// What it looks like.
    public static var shape: Shape { .text(format: "hostname", pattern: nil, length: 3...253) }

    /// What an address parser would take for a number. https://url.spec.whatwg.org/#ends-in-a-number-checker
    private static func isNumber(_ label: String) -> Bool {
        if label.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return true }
        return label.hasPrefix("0x") && label.dropFirst(2).utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// The common case without an allocation: nothing to change, nothing to refuse. The last label starts with a letter.
    private static func isCanonicalASCII(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            guard bytes.count <= 253 else { return false }
            var length = 0
            var dots = 0
            var previous = UInt8(ascii: ".")
            var start = UInt8(ascii: ".")
            for index in 0..<bytes.count {
                let byte = unsafe bytes[index]
                switch byte {
                case UInt8(ascii: "."):
                    guard length > 0, length <= 63, previous != UInt8(ascii: "-") else { return false }
                    dots += 1
                    length = 0
                case 0x61...0x7A, 0x30...0x39:
                    if length == 0 { start = byte }
                    length += 1
                case UInt8(ascii: "-"):
                    guard length > 0, length != 2, length != 3 else { return false }
                    length += 1
                default: return false
                }
                previous = byte
            }
            return dots > 0 && length > 0 && length <= 63 && previous != UInt8(ascii: "-") && start >= 0x61
        }
    }

    private static func label(_ written: Substring) throws(Rejection) -> String {
        guard !written.isEmpty else { throw Rejection("a label of the domain name is empty", "remove the extra dot") }
        var scalars = composed(written)
        if scalars.starts(with: [0x78, 0x6E, 0x2D, 0x2D]) {  // "xn--": must be what its own U-label encodes to
            guard let decoded = Punycode.decode(String(composed: scalars.dropFirst(4))),
                decoded.contains(where: { $0 >= 0x80 }), composed(String(composed: decoded)[...]) == decoded
            else { throw Rejection("a label that begins with xn-- is no valid A-label", "write the name in Unicode") }
            scalars = decoded
        }
        guard scalars.allSatisfy(isAllowed) else {
            throw Rejection(
                "the domain name has a character that is not allowed", "labels hold letters, digits and hyphens")
        }
        guard scalars.first != 0x2D, scalars.last != 0x2D else {
            throw Rejection("a label of the domain name begins or ends with a hyphen")
        }
        if scalars.count >= 4, scalars[2] == 0x2D, scalars[3] == 0x2D {
            throw Rejection("a label of the domain name has hyphens in its third and fourth place", "only A-labels may")
        }
        if let first = scalars.first.flatMap(Unicode.Scalar.init), first.properties.generalCategory.isMark {
            throw Rejection("a label of the domain name begins with a combining mark")
        }
        let ascii: String
        if scalars.allSatisfy({ $0 < 0x80 }) {
            ascii = String(composed: scalars)
        } else {
            guard scalars.count <= 63, let encoded = Punycode.encode(scalars) else {
                throw Rejection("a label of the domain name is longer than 63 bytes")
            }
            ascii = "xn--" + encoded
        }
        guard ascii.utf8.count <= 63 else { throw Rejection("a label of the domain name is longer than 63 bytes") }
        return ascii
    }

    /// Lower case, then canonical composition (NFC).
    private static func composed(_ text: Substring) -> [UInt32] {
        String(text).lowercased()._nfc.map(\.value)
    }

    private static func isAllowed(_ scalar: UInt32) -> Bool {
        if scalar == 0x2D { return true }
        if scalar < 0x80 { return (0x61...0x7A).contains(scalar) || (0x30...0x39).contains(scalar) }
        guard let category = Unicode.Scalar(scalar)?.properties.generalCategory else { return false }
        switch category {
        case .lowercaseLetter, .otherLetter, .modifierLetter, .decimalNumber: return true
        default: return category.isMark
        }
    }
}

extension Unicode.GeneralCategory {
    fileprivate var isMark: Bool { self == .nonspacingMark || self == .spacingMark }
}

extension String {
    fileprivate init(composed scalars: some Sequence<UInt32>) {
        self.init(String.UnicodeScalarView(scalars.compactMap(Unicode.Scalar.init)))
    }
}
