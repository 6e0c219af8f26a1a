/// A name in the domain name system: labels of bytes, at most 63 each and 255 with their lengths, compared without regard to the case of
/// ASCII letters. https://www.rfc-editor.org/rfc/rfc1035#section-3.1
public struct DNSName: Hashable, Sendable, CustomStringConvertible {
    /// The labels in lower case, the leftmost first; none for the root.
    public let labels: [[UInt8]]

    /// The most bytes of a name on the wire.
    static let limit = 255

    /// Reads a name as master files have it: dots between labels, `\.` for a dot inside one, `\DDD` for a byte. A dot at the end may
    /// stand there; `.` is the root.
    /// - Returns: nil when a label is empty or too long, or all together is.
    public init?(_ text: some StringProtocol) {
        guard let read = Self.read(Array(text.utf8)[...]) else { return nil }
        self.init(labels: read.labels)
    }

    /// A name of labels.
    /// - Returns: nil when one is empty or too long, or all together is.
    init?(labels: [[UInt8]]) {
        guard labels.allSatisfy({ (1...63).contains($0.count) }), labels.reduce(1, { $0 + 1 + $1.count }) <= Self.limit else { return nil }
        self.labels = labels.map { $0.map(Self.lowercased) }
    }

    /// Labels as they are written, and whether a dot ends them.
    static func read(_ text: ArraySlice<UInt8>) -> (labels: [[UInt8]], isAbsolute: Bool)? {
        if text.elementsEqual(".".utf8) { return ([], true) }
        var (labels, label, rest) = ([[UInt8]](), [UInt8](), text)
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "."):
                labels.append(label)
                label = []
                if rest.isEmpty { return (labels, true) }
            case UInt8(ascii: "\\"):
                guard let escaped = Escape.read(&rest) else { return nil }
                label.append(escaped)
            default: label.append(byte)
            }
        }
        return (labels + [label], false)
    }

    /// The name as people write it, without a dot at its end; `.` for the root.
    public var description: String { labels.isEmpty ? "." : labels.map(Escape.label).joined(separator: ".") }

    /// The name on the wire, uncompressed.
    var bytes: [UInt8] { labels.flatMap { [UInt8($0.count)] + $0 } + [0] }

    private static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}

/// Bytes as master files write those that mean something else there. https://www.rfc-editor.org/rfc/rfc1035#section-5.1
enum Escape {
    /// What stands behind a backslash: three digits, or any other character for itself.
    static func read(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
        guard let first = rest.popFirst() else { return nil }
        guard (0x30...0x39).contains(first) else { return first }
        guard rest.count >= 2, let value = UInt8(String(decoding: [first] + rest.prefix(2), as: UTF8.self)) else { return nil }
        rest.removeFirst(2)
        return value
    }

    static func label(_ bytes: [UInt8]) -> String { text(bytes, escaping: ".\\\"();@$ ") }

    /// Printable ASCII as it is, everything else as a backslash and three digits.
    static func text(_ bytes: [UInt8], escaping special: String) -> String {
        var text = ""
        for byte in bytes {
            if byte < 0x20 || byte > 0x7E {
                let digits = String(byte)
                text += "\\" + String(repeating: "0", count: 3 - digits.utf8.count) + digits
            } else {
                if special.utf8.contains(byte) { text += "\\" }
                text.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return text
    }
}
