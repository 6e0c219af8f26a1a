/// Quoted-printable. https://www.rfc-editor.org/rfc/rfc2045#section-6.7
enum QuotedPrintable {
    /// Decodes as much as there is; an `=` that begins nothing stands for itself.
    static func decode(_ text: ArraySlice<UInt8>) -> (bytes: [UInt8], isWhole: Bool) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var isWhole = true
        // Blanks at a line's end were added on the way: what is behind this goes when the line ends.
        var kept = 0
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            if byte == UInt8(ascii: "=") {
                if index + 2 < text.endIndex, let high = text[index + 1].hexValue, let low = text[index + 2].hexValue {
                    bytes.append(high << 4 | low)
                    index += 3
                    kept = bytes.count
                    continue
                }
                if let next = softBreak(text, at: index) {
                    index = next
                    kept = bytes.count
                    continue
                }
                isWhole = false
            }
            if byte == 0x0A || byte == 0x0D { bytes.removeSubrange(kept...) }
            bytes.append(byte)
            index += 1
            if !byte.isBlank { kept = bytes.count }
        }
        bytes.removeSubrange(kept...)
        return (bytes, isWhole)
    }

    /// Where the next line begins when a line ends with this `=`, blanks behind it or not; nil when it does not.
    private static func softBreak(_ text: ArraySlice<UInt8>, at equals: Int) -> Int? {
        var index = text.firstIndex(from: equals + 1) { !$0.isBlank }
        guard index < text.endIndex else { return index }
        guard text[index] == 0x0D || text[index] == 0x0A else { return nil }
        if text[index] == 0x0D, index + 1 < text.endIndex, text[index + 1] == 0x0A { index += 1 }
        return index + 1
    }
}
