/// Base64 as mail has it. https://www.rfc-editor.org/rfc/rfc2045#section-6.8
enum Base64 {
    /// Octets, and what of the text was broken.
    struct Result {
        var bytes: [UInt8] = []
        /// Whether the text has octets that are neither of the alphabet nor space; they are stepped over, as the RFC asks.
        var hasForeign = false
        /// Whether the last group has too few characters, or its padding is missing.
        var isCutOff = false
        /// Whether something that is no base64 follows the padding: programs on the way add a line to each text that they see.
        var isFollowed = false
    }

    /// Decodes as much as there is. Behind padding a new group begins when all that follows is base64, for some programs encode piece by
    /// piece; otherwise padding is the end.
    static func decode(_ text: ArraySlice<UInt8>) -> Result {
        var result = Result()
        result.bytes.reserveCapacity(text.count / 4 * 3)
        var (group, count): (UInt32, Int) = (0, 0)
        var padding: Int?
        for byte in text {
            let value = values[Int(byte)]
            if value < 64 {
                group = group << 6 | UInt32(value)
                count += 1
                if count == 4 {
                    result.bytes.append(UInt8(truncatingIfNeeded: group >> 16))
                    result.bytes.append(UInt8(truncatingIfNeeded: group >> 8))
                    result.bytes.append(UInt8(truncatingIfNeeded: group))
                    (group, count) = (0, 0)
                }
            } else if byte == UInt8(ascii: "=") {
                end(group, count, &result)
                (group, count) = (0, 0)
                padding = padding ?? result.bytes.count
            } else if !byte.isSpace {
                if let padding {
                    result.bytes.removeSubrange(padding...)
                    result.isFollowed = true
                    return result
                }
                result.hasForeign = true
            }
        }
        result.isCutOff = count > 0
        end(group, count, &result)
        return result
    }

    /// The octets of a last group: two characters have one, three have two.
    private static func end(_ group: UInt32, _ count: Int, _ result: inout Result) {
        if count == 2 { result.bytes.append(UInt8(truncatingIfNeeded: group >> 4)) }
        if count == 3 {
            result.bytes.append(UInt8(truncatingIfNeeded: group >> 10))
            result.bytes.append(UInt8(truncatingIfNeeded: group >> 2))
        }
    }

    /// What each octet stands for; 64 for what is not of the alphabet.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 64, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, letter) in alphabet.utf8.enumerated() { values[Int(letter)] = UInt8(value) }
        return values
    }()
}
