/// One encoded word, `=?charset?encoding?text?=`. https://www.rfc-editor.org/rfc/rfc2047#section-2
///
/// More is read than is allowed, for it is sent: words longer than 75 octets, words that touch other text, and spaces in the text.
struct EncodedWord {
    /// The charset's label, without the language. https://www.rfc-editor.org/rfc/rfc2231#section-5
    let charset: String
    /// What the text stands for, in that charset.
    let bytes: [UInt8]
    /// Where the word ends.
    let end: Int

    private static let question = UInt8(ascii: "?")
    private static let equals = UInt8(ascii: "=")

    /// Reads the word that begins at a place; nil when none does.
    /// - Complexity: linear in what it consumes; when it fails it has looked no further than to where the next word may begin.
    init?(_ raw: ArraySlice<UInt8>, at start: Int) {
        guard start + 1 < raw.endIndex, raw[start] == Self.equals, raw[start + 1] == Self.question else { return nil }
        let limit = min(raw.endIndex, start + 80)
        var index = start + 2
        while index < limit, raw[index] != Self.question, !raw[index].isSpace { index += 1 }
        guard index + 2 < raw.endIndex, raw[index] == Self.question, raw[index + 2] == Self.question else { return nil }
        let label = raw[(start + 2)..<index].prefix { $0 != UInt8(ascii: "*") }
        let encoding = raw[index + 1].lowered
        guard encoding == UInt8(ascii: "b") || encoding == UInt8(ascii: "q") else { return nil }
        guard let text = Self.text(in: raw, from: index + 3) else { return nil }
        charset = label.loweredText
        bytes = encoding == UInt8(ascii: "b") ? Base64.decode(text).bytes : Self.unquoted(text)
        end = text.endIndex + 2
    }

    /// The text up to `?=`; nil when another word begins before it.
    private static func text(in raw: ArraySlice<UInt8>, from start: Int) -> ArraySlice<UInt8>? {
        var index = start
        while index + 1 < raw.endIndex {
            let next = raw[index + 1]
            if raw[index] == question, next == equals { return raw[start..<index] }
            // `=?=` is padding, or a broken escape, and the end.
            let isEnd = index + 2 < raw.endIndex && raw[index + 2] == equals
            if raw[index] == equals, next == question, !isEnd { return nil }
            index += 1
        }
        return nil
    }

    /// The Q encoding. https://www.rfc-editor.org/rfc/rfc2047#section-4.2
    private static func unquoted(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == equals, index + 2 < text.endIndex, let high = text[index + 1].hexValue, let low = text[index + 2].hexValue {
                bytes.append(high << 4 | low)
                index += 3
                continue
            }
            // Folding does not end a word in broken mail.
            if text[index] != 0x0D, text[index] != 0x0A { bytes.append(text[index] == UInt8(ascii: "_") ? 0x20 : text[index]) }
            index += 1
        }
        return bytes
    }
}
