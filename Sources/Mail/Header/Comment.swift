/// Text in parentheses, which may nest. https://www.rfc-editor.org/rfc/rfc5322#section-3.2.2
enum Comment {
    /// Where a comment that begins at a place ends; one that is not closed goes to the end.
    static func end(_ raw: ArraySlice<UInt8>, at start: Int) -> Int {
        var depth = 0
        var index = start
        while index < raw.endIndex {
            switch raw[index] {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                if depth == 0 { return index + 1 }
            case UInt8(ascii: "\\"): index += 1
            default: break
            }
            index += 1
        }
        return raw.endIndex
    }

    /// A value without its comments; each leaves a space.
    static func removed(from raw: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard raw.contains(UInt8(ascii: "(")) else { return raw }
        var kept: [UInt8] = []
        var index = raw.startIndex
        while index < raw.endIndex {
            if raw[index] == UInt8(ascii: "(") {
                index = end(raw, at: index)
                kept.append(0x20)
            } else {
                kept.append(raw[index])
                index += 1
            }
        }
        return kept[...]
    }
}
