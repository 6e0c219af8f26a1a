/// Walks over `; name=value` pairs, in any shape that mail has them.
struct ParameterScanner {
    private let raw: ArraySlice<UInt8>
    private var index: Int

    private static let semicolon = UInt8(ascii: ";")
    private static let quote = UInt8(ascii: "\"")

    init(_ raw: ArraySlice<UInt8>) {
        self.raw = raw
        index = raw.startIndex
    }

    /// The next pair; nil at the end.
    mutating func next(_ problems: inout Problems) -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)? {
        while index < raw.endIndex {
            skip { $0.isSpace || $0 == Self.semicolon }
            skipComments()
            let start = index
            skip { $0 != UInt8(ascii: "=") && $0 != Self.semicolon }
            let name = raw[start..<index].trimmed
            guard index < raw.endIndex, raw[index] == UInt8(ascii: "=") else { continue }
            index += 1
            skip { $0.isSpace }
            let value = value(&problems)
            if !name.isEmpty { return (name, value) }
        }
        return nil
    }

    private mutating func value(_ problems: inout Problems) -> ArraySlice<UInt8> {
        guard index < raw.endIndex, raw[index] == Self.quote else {
            let start = index
            skip { $0 != Self.semicolon }
            return Self.withoutComment(raw[start..<index].trimmed)
        }
        index += 1
        var value: [UInt8] = []
        while index < raw.endIndex, raw[index] != Self.quote {
            // Only what needs it is escaped, whatever the RFC says: a path of Windows has backslashes of its own.
            if raw[index] == UInt8(ascii: "\\"), index + 1 < raw.endIndex,
                raw[index + 1] == Self.quote || raw[index + 1] == UInt8(ascii: "\\")
            {
                index += 1
            }
            value.append(raw[index])
            index += 1
        }
        if index == raw.endIndex { problems.add("a quoted parameter without its closing quote: read to the end of the field") }
        skip { $0 != Self.semicolon }
        return value[...]
    }

    /// Cuts a comment off the end. Elsewhere parentheses belong to a file name that should have stood in quotes.
    private static func withoutComment(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let open = UInt8(ascii: "(")
        guard value.last == UInt8(ascii: ")"), let start = value.firstIndex(of: open), start > value.startIndex,
            value[start - 1].isSpace, Comment.end(value, at: start) == value.endIndex
        else { return value }
        return value[..<start].trimmed
    }

    private mutating func skip(while isIt: (UInt8) -> Bool) {
        while index < raw.endIndex, isIt(raw[index]) { index += 1 }
    }

    private mutating func skipComments() {
        while index < raw.endIndex, raw[index] == UInt8(ascii: "(") {
            index = Comment.end(raw, at: index)
            skip { $0.isSpace }
        }
    }
}
