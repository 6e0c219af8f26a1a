/// Cuts a field of addresses into words and marks. https://www.rfc-editor.org/rfc/rfc5322#section-3.2
struct AddressScanner {
    /// One of the pieces that a field consists of.
    enum Token {
        /// An atom, dots included; also octets that have no place in an address.
        case word(ArraySlice<UInt8>)
        /// The content of a quoted string.
        case quoted([UInt8])
        /// A domain in square brackets, with them.
        case literal(ArraySlice<UInt8>)
        /// The content of a comment.
        case comment([UInt8])
        /// `< > , : ; @`
        case mark(UInt8)
    }

    private let raw: ArraySlice<UInt8>
    private var index: Int

    init(_ raw: ArraySlice<UInt8>) {
        self.raw = raw
        index = raw.startIndex
    }

    /// The next token, and whether space stood before it; nil at the end.
    /// - Complexity: linear in what it consumes, but for one quote in the field that is not closed.
    mutating func next(_ problems: inout Problems) -> (token: Token, isSpaced: Bool)? {
        let start = index
        while index < raw.endIndex, raw[index].isSpace { index += 1 }
        guard index < raw.endIndex else { return nil }
        let isSpaced = index > start
        return (token(&problems), isSpaced)
    }

    private mutating func token(_ problems: inout Problems) -> Token {
        let start = index
        switch raw[index] {
        case UInt8(ascii: "("): return comment(&problems)
        case UInt8(ascii: "\""):
            if let content = quoted() { return .quoted(content) }
            problems.add("a quote among addresses that is not closed: left out")
            index += 1
            return .word(raw[index..<index])
        case UInt8(ascii: "["):
            index = raw.firstIndex(from: index + 1) { $0 == UInt8(ascii: "]") || $0.isSpace || $0 == UInt8(ascii: ",") }
            if index < raw.endIndex, raw[index] == UInt8(ascii: "]") { index += 1 }
            return .literal(raw[start..<index])
        case UInt8(ascii: "\\"), UInt8(ascii: "]"), UInt8(ascii: ")"):
            index += 1
            return .word(raw[start..<index])
        case let byte where byte.isAddressSpecial:
            index += 1
            return .mark(byte)
        default:
            index = raw.firstIndex(from: index + 1) { $0.isSpace || $0.isAddressSpecial }
            return .word(raw[start..<index])
        }
    }

    /// The content of the quoted string that begins here; nil when it does not end. That happens once: no quote is behind it.
    private mutating func quoted() -> [UInt8]? {
        var content: [UInt8] = []
        var place = index + 1
        while place < raw.endIndex, raw[place] != UInt8(ascii: "\"") {
            if raw[place] == UInt8(ascii: "\\"), place + 1 < raw.endIndex { place += 1 }
            content.append(raw[place])
            place += 1
        }
        guard place < raw.endIndex else { return nil }
        index = place + 1
        return Array(HeaderText.unfolded(content[...]))
    }

    private mutating func comment(_ problems: inout Problems) -> Token {
        let start = index + 1
        index = Comment.end(raw, at: index)
        let isClosed = index > start && raw[index - 1] == UInt8(ascii: ")")
        if !isClosed { problems.add("a comment among addresses that is not closed: it goes to the end of the field") }
        var content: [UInt8] = []
        var place = start
        while place < (isClosed ? index - 1 : index) {
            if raw[place] == UInt8(ascii: "\\"), place + 1 < index { place += 1 }
            content.append(raw[place])
            place += 1
        }
        return .comment(content)
    }
}
