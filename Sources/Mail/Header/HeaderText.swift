/// Makes readable text of a field's value: unfolded, encoded words decoded.
/// https://www.rfc-editor.org/rfc/rfc5322#section-2.2.3 and https://www.rfc-editor.org/rfc/rfc2047
struct HeaderText: ~Copyable {
    private let raw: ArraySlice<UInt8>
    private var text = ""
    /// The octets of adjacent words in one charset: a character may begin in one and end in the next.
    private var pending: [UInt8] = []
    private var charset: String?

    /// The text of a value; it has no line break and no NUL.
    /// - Complexity: linear; see ``EncodedWord/init(_:at:)``.
    static func decode(_ raw: ArraySlice<UInt8>, _ decoder: inout TextDecoder, _ problems: inout Problems) -> String {
        var reader = HeaderText(raw: raw.trimmed)
        reader.read(&decoder, &problems)
        return reader.text
    }

    private init(raw: ArraySlice<UInt8>) { self.raw = raw }

    private mutating func read(_ decoder: inout TextDecoder, _ problems: inout Problems) {
        var literal = raw.startIndex
        var index = raw.startIndex
        while index < raw.endIndex {
            guard raw[index] == UInt8(ascii: "="), let word = EncodedWord(raw, at: index) else {
                index += 1
                continue
            }
            add(raw[literal..<index], &decoder, &problems)
            if word.charset != charset {
                flush(&decoder, &problems)
                charset = word.charset
            }
            pending += word.bytes
            index = word.end
            literal = index
        }
        add(raw[literal...], &decoder, &problems)
        flush(&decoder, &problems)
    }

    /// Adds what stands between encoded words, unless it is space between two of them.
    /// https://www.rfc-editor.org/rfc/rfc2047#section-6.2
    private mutating func add(_ literal: ArraySlice<UInt8>, _ decoder: inout TextDecoder, _ problems: inout Problems) {
        guard !literal.isEmpty else { return }
        if charset != nil, literal.endIndex < raw.endIndex, literal.allSatisfy(\.isSpace) { return }
        flush(&decoder, &problems)
        text += decoder.text(Self.unfolded(literal), label: nil, &problems)
    }

    private mutating func flush(_ decoder: inout TextDecoder, _ problems: inout Problems) {
        guard let label = charset else { return }
        let decoded = decoder.text(pending[...], label: label, &problems)
        let isOneLine = decoded.utf8.allSatisfy { $0 != 0x0A && $0 != 0x0D }
        if !isOneLine { problems.add("a line break in an encoded word: read as a space") }
        text += isOneLine ? decoded : String(decoding: decoded.utf8.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }, as: UTF8.self)
        pending.removeAll(keepingCapacity: true)
        charset = nil
    }

    /// Without the line breaks of folding; a stray CR is a space.
    static func unfolded(_ literal: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard literal.contains(where: { $0 == 0x0A || $0 == 0x0D }) else { return literal }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(literal.count)
        for index in literal.indices {
            switch literal[index] {
            case 0x0A: continue
            case 0x0D:
                let next = index + 1 < literal.endIndex ? literal[index + 1] : 0x0A
                if !next.isSpace { bytes.append(0x20) }
            case let byte: bytes.append(byte)
            }
        }
        return bytes[...]
    }
}
