/// One recipient's part of a header: a kind, its arguments, a body. https://age-encryption.org/v1#recipient-stanza
struct AgeStanza {
    /// The kind first.
    let arguments: [String]
    let body: [UInt8]
    /// In which line of the header it starts, for messages.
    let line: Int

    init(_ arguments: [String], _ body: [UInt8], line: Int = 0) {
        self.arguments = arguments
        self.body = body
        self.line = line
    }

    var kind: String { arguments.first ?? "" }

    /// The stanza as a header has it. The last line of the body is always a short one, if need be an empty one.
    var bytes: [UInt8] {
        var bytes = Array("-> \(arguments.joined(separator: " "))\n".utf8)
        let digits = AgeBase64.encode(body)
        for start in stride(from: 0, through: digits.count, by: AgeHeader.columns) {
            bytes += digits[start..<min(start + AgeHeader.columns, digits.count)]
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }
}
