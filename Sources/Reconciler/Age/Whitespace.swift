/// What may stand around a text without a meaning.
enum Whitespace {
    /// The bytes without whitespace at both ends.
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var trimmed = bytes.drop(while: isWhite)
        while let last = trimmed.last, isWhite(last) { trimmed.removeLast() }
        return trimmed
    }

    private static func isWhite(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
