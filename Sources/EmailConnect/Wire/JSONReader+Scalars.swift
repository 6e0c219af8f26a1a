/// Texts and literals.
extension JSONReader {
    /// A text in quotes, which begins here.
    mutating func string() throws(Rejection) -> String {
        position += 1
        let start = position
        position = bytes.span.endOfPlainText(in: start..<end)
        guard position < end else { throw malformed("the text ends inside a string") }
        switch bytes[position] {
        case UInt8(ascii: "\""):
            let text = try text(bytes.span.extracting(start..<position))
            position += 1
            return text
        case UInt8(ascii: "\\"): return try escapedString(from: start)
        default: throw malformed("a control character in a string")
        }
    }

    private mutating func escapedString(from start: Int) throws(Rejection) -> String {
        var text = Array(bytes[start..<position])
        while position < end {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                return try self.text(text.span)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw malformed("a control character in a string")
            default: text.append(byte)
            }
        }
        throw malformed("the text ends inside a string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(Rejection) {
        guard let byte = peek else { throw malformed("the text ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var unit = try hex4()
            if (0xD800...0xDBFF).contains(unit) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw malformed("half a surrogate pair") }
                let low = try hex4()
                guard (0xDC00...0xDFFF).contains(low) else { throw malformed("half a surrogate pair") }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw malformed("half a surrogate pair") }
            // A database would take it for the text's end.
            guard unit != 0 else { throw Rejection("a text has a NUL character") }
            text.append(contentsOf: String(Character(scalar)).utf8)
        default: throw malformed("an unknown escape in a string")
        }
    }

    private mutating func hex4() throws(Rejection) -> UInt32 {
        guard position + 4 <= end, bytes[position] != UInt8(ascii: "+"), bytes[position] != UInt8(ascii: "-"),
            let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw malformed("an unknown escape in a string") }
        position += 4
        return value
    }

    /// A number, `true`, `false` or `null`, as it is written.
    mutating func literal() throws(Rejection) -> String {
        let start = position
        while let byte = peek, !Self.isEnd(byte) { position += 1 }
        // What a literal may be is ASCII.
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard text == "true" || text == "false" || text == "null" || Self.isNumber(bytes[start..<position]) else {
            position = start
            throw malformed("expected a value")
        }
        return text
    }

    /// Whether no literal goes on here.
    func isEnd(_ place: Int) -> Bool { place == end || place < end && Self.isEnd(bytes[place]) }

    private static func isEnd(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), 0x20, 0x09, 0x0A, 0x0D: true
        default: false
        }
    }

    private static func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        func digits() -> Bool {
            let count = rest.prefix { (0x30...0x39).contains($0) }.count
            rest = rest.dropFirst(count)
            return count > 0
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let leadingZero = rest.first == UInt8(ascii: "0") && rest.dropFirst().first.map { (0x30...0x39).contains($0) } == true
        guard !leadingZero, digits() else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits() else { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
            guard digits() else { return false }
        }
        return rest.isEmpty
    }

    private func text(_ bytes: Span<UInt8>) throws(Rejection) -> String {
        do { return String(copying: try UTF8Span(validating: bytes)) } catch {
            throw Rejection("the JSON is not valid UTF-8 near byte \(position)")
        }
    }
}
