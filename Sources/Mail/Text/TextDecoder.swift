/// Makes text of octets: always valid UTF-8 and without NUL, whatever the octets are.
struct TextDecoder: ~Copyable {
    /// The converter that was used last, for a header repeats its charset in word after word.
    private var converter: Iconv?
    private var convertedCharset: Charset?

    /// U+FFFD in UTF-8.
    static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    init() {}

    /// Octets in the charset of a label, or in one that is guessed when the label is missing or means nothing.
    /// - Complexity: linear in the number of octets; the text has at most three times as many.
    mutating func text(_ bytes: ArraySlice<UInt8>, label: String?, _ problems: inout Problems) -> String {
        guard let label, !label.isEmpty else { return guessed(bytes, &problems) }
        guard let charset = Charset(label: label) else {
            problems.add("a charset that is not known (\(Problems.quote(label))): read as UTF-8 or windows-1252")
            return guessed(bytes, &problems)
        }
        switch charset {
        case .ascii: return guessed(bytes, &problems)
        case .utf8:
            if let text = Self.valid(bytes) { return text }
            problems.add("text that is not valid in its charset: U+FFFD stands for what cannot be read")
            return Self.repaired(bytes)
        case .windows1252: return Self.windows1252(bytes)
        case .other(let name):
            if convertedCharset != charset {
                converter = Iconv(name, unit: charset.unit)
                convertedCharset = charset
            }
            guard let (text, isWhole) = converter?.utf8(bytes) else {
                problems.add("a charset that this system cannot convert (\(name)): read as UTF-8 or windows-1252")
                return guessed(bytes, &problems)
            }
            if !isWhole { problems.add("text that is not valid in its charset: U+FFFD stands for what cannot be read") }
            return Self.repaired(text[...])
        }
    }

    /// Octets without a label: UTF-8 when they are valid in it (which text in another charset hardly ever is) or nearly so, windows-1252
    /// otherwise. https://www.rfc-editor.org/rfc/rfc6532#section-3.1
    func guessed(_ bytes: ArraySlice<UInt8>, _ problems: inout Problems) -> String {
        if let text = Self.valid(bytes) { return text }
        let text = Self.repaired(bytes)
        var (good, bad) = (0, 0)
        for scalar in text.unicodeScalars where !scalar.isASCII {
            if scalar == "\u{FFFD}" { bad += 1 } else { good += 1 }
        }
        // One octet that was damaged does not make the rest another charset.
        if good > bad {
            problems.add("text that is not valid in its charset: U+FFFD stands for what cannot be read")
            return text
        }
        problems.add("8-bit text without a charset that fits: read as windows-1252")
        return Self.windows1252(bytes)
    }

    private static func valid(_ bytes: ArraySlice<UInt8>) -> String? {
        bytes.contains(0) ? valid(withoutNUL(bytes)[...]) : String(validating: bytes, as: UTF8.self)
    }

    private static func repaired(_ bytes: ArraySlice<UInt8>) -> String {
        bytes.contains(0) ? repaired(withoutNUL(bytes)[...]) : String(decoding: bytes, as: UTF8.self)
    }

    /// NUL ends a text in C, and databases refuse it.
    private static func withoutNUL(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var cleaned: [UInt8] = []
        cleaned.reserveCapacity(bytes.count + 64)
        for byte in bytes { if byte == 0 { cleaned += replacement } else { cleaned.append(byte) } }
        return cleaned
    }

    private static func windows1252(_ bytes: ArraySlice<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count + bytes.count / 4)
        for byte in bytes {
            switch byte {
            case 0: text += replacement
            case ..<0x80: text.append(byte)
            case 0x80..<0xA0: text += Array(String(high[Int(byte) - 0x80]).utf8)
            default: text += [0xC0 | byte >> 6, 0x80 | byte & 0x3F]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// 128 to 159; the five that Windows leaves open are controls. https://encoding.spec.whatwg.org/index-windows-1252.txt
    private static let high: [Unicode.Scalar] = [
        "\u{20AC}", "\u{81}", "\u{201A}", "\u{192}", "\u{201E}", "\u{2026}", "\u{2020}", "\u{2021}",
        "\u{2C6}", "\u{2030}", "\u{160}", "\u{2039}", "\u{152}", "\u{8D}", "\u{17D}", "\u{8F}",
        "\u{90}", "\u{2018}", "\u{2019}", "\u{201C}", "\u{201D}", "\u{2022}", "\u{2013}", "\u{2014}",
        "\u{2DC}", "\u{2122}", "\u{161}", "\u{203A}", "\u{153}", "\u{9D}", "\u{17E}", "\u{178}",
    ]
}
