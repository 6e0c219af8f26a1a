/// How a body was made fit for transport. https://www.rfc-editor.org/rfc/rfc2045#section-6
enum TransferEncoding {
    /// 7bit, 8bit and binary: as it stands there.
    case none
    case base64
    case quotedPrintable

    /// Reads a field's value; what is unknown counts as binary.
    init(_ raw: ArraySlice<UInt8>, _ problems: inout Problems) {
        let name = Comment.removed(from: raw).prefix { $0 != UInt8(ascii: ";") }.trimmed
        if name.isWord("base64") {
            self = .base64
        } else if name.isWord("quoted-printable") {
            self = .quotedPrintable
        } else {
            let isKnown = name.isEmpty || name.isWord("7bit") || name.isWord("8bit") || name.isWord("binary")
            if !isKnown {
                let quoted = Problems.quote(String(decoding: name, as: UTF8.self))
                problems.add("a transfer encoding that is not known (\(quoted)): the body is given as it stands there")
            }
            self = .none
        }
    }

    /// The octets that were encoded.
    /// - Complexity: linear; the result is no longer than the body. Without an encoding nothing is copied.
    func decode(_ body: ArraySlice<UInt8>, _ problems: inout Problems) -> ArraySlice<UInt8> {
        switch self {
        case .none: return body
        case .base64:
            let result = Base64.decode(body)
            if result.hasForeign { problems.add("octets in base64 that are none of its characters: stepped over") }
            if result.isFollowed { problems.add("text behind the end of base64: left out") }
            if result.isCutOff { problems.add("base64 that is cut off: read as far as it goes") }
            return result.bytes[...]
        case .quotedPrintable:
            let (bytes, isWhole) = QuotedPrintable.decode(body)
            if !isWhole { problems.add("an = in quoted-printable that begins no escape: it stands for itself") }
            return bytes[...]
        }
    }
}
