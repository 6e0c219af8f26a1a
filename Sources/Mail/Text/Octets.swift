/// Classes of octets, as the grammars of mail name them.
extension UInt8 {
    /// A space or a tab: WSP. https://www.rfc-editor.org/rfc/rfc5234#appendix-B.1
    var isBlank: Bool { self == 0x20 || self == 0x09 }
    /// A blank or an octet of a line break: all that folding may leave in a field.
    var isSpace: Bool { isBlank || self == 0x0D || self == 0x0A }
    /// `0` to `9`.
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }
    /// A letter of ASCII.
    var isLetter: Bool { lowered >= 0x61 && lowered <= 0x7A }
    /// A letter in lower case; everything else as it is.
    var lowered: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }
    /// What a hexadecimal digit stands for, in either case; nil when it is none.
    var hexValue: UInt8? {
        if isDigit { return self - 0x30 }
        let letter = lowered
        return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : nil
    }
    /// May stand in a field's name. https://www.rfc-editor.org/rfc/rfc5322#section-3.6.8
    var isFieldName: Bool { self > 0x20 && self < 0x7F && self != UInt8(ascii: ":") }
    /// May stand in an atom, octets of UTF-8 included.
    /// https://www.rfc-editor.org/rfc/rfc5322#section-3.2.3 and https://www.rfc-editor.org/rfc/rfc6532#section-3.2
    var isAtomText: Bool { self > 0x20 && self != 0x7F && !isAddressSpecial && self != UInt8(ascii: ".") }
    /// May stand in a token of a MIME header field. https://www.rfc-editor.org/rfc/rfc2045#section-5.1
    var isToken: Bool {
        switch self {
        case 0...0x20, 0x7F...0xFF: false
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "@"): false
        case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "\\"), UInt8(ascii: "\""): false
        case UInt8(ascii: "/"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "?"), UInt8(ascii: "="): false
        default: true
        }
    }
    /// Has a meaning of its own between addresses; the dot is not among them here, for broken addresses have it anywhere.
    /// https://www.rfc-editor.org/rfc/rfc5322#section-3.2.3
    var isAddressSpecial: Bool {
        switch self {
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "["): true
        case UInt8(ascii: "]"), UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "@"), UInt8(ascii: "\\"): true
        case UInt8(ascii: ","), UInt8(ascii: "\""): true
        default: false
        }
    }
}

extension ArraySlice<UInt8> {
    /// Without blanks and line breaks at either end.
    var trimmed: ArraySlice<UInt8> {
        var slice = self
        while let first = slice.first, first.isSpace { slice.removeFirst() }
        while let last = slice.last, last.isSpace { slice.removeLast() }
        return slice
    }

    /// The first octet of a kind at or behind a place; the end when there is none.
    func firstIndex(from start: Int, where isIt: (UInt8) -> Bool) -> Int {
        var index = start
        while index < endIndex, !isIt(self[index]) { index += 1 }
        return index
    }

    /// Whether it is a word of ASCII, in any case.
    /// - Parameter word: in lower case.
    func isWord(_ word: StaticString) -> Bool { count == word.utf8CodeUnitCount && beginsWithWord(word) }

    /// Whether it begins with a word of ASCII, in any case.
    /// - Parameter word: in lower case.
    func beginsWithWord(_ word: StaticString) -> Bool {
        guard count >= word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { letters in
            letters.indices.allSatisfy { unsafe self[startIndex + $0].lowered == letters[$0] }
        }
    }

    /// As text in lower case; what is not ASCII is taken as UTF-8.
    var loweredText: String { String(decoding: map(\.lowered), as: UTF8.self) }
}
