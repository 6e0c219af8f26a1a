/// Base64 of which a text has one form only: no line breaks, no bits that are lost, and padding exactly where it belongs.
/// https://www.rfc-editor.org/rfc/rfc4648#section-3.5
enum AgeBase64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let pad = UInt8(ascii: "=")
    /// The value of each byte; 255 where it has none.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: .max, count: 256)
        for (value, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(value) }
        return values
    }()

    /// The digits, with `=` at the end when the armor asks for it.
    /// - Complexity: O(*n*).
    static func encode(_ bytes: some Sequence<UInt8>, padded: Bool = false) -> [UInt8] {
        var digits: [UInt8] = []
        var (bits, count) = (UInt32(0), 0)
        for byte in bytes {
            bits = (bits << 8 | UInt32(byte)) & 0xFFFF
            count += 8
            while count >= 6 {
                count -= 6
                digits.append(alphabet[Int(bits >> count & 63)])
            }
        }
        if count > 0 { digits.append(alphabet[Int(bits << (6 - count) & 63)]) }
        while padded, digits.count % 4 != 0 { digits.append(pad) }
        return digits
    }

    /// The bytes; nil when the digits are not what `encode` writes for them.
    /// - Complexity: O(*n*).
    static func decode(_ digits: some BidirectionalCollection<UInt8>, padded: Bool = false) -> [UInt8]? {
        var body = digits[...]
        if padded {
            guard digits.count % 4 == 0 else { return nil }
            for _ in 0..<2 where body.last == pad { body.removeLast() }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(body.count / 4 * 3 + 2)
        var (bits, count) = (UInt32(0), 0)
        for digit in body {
            let value = values[Int(digit)]
            guard value != .max else { return nil }
            bits = (bits << 6 | UInt32(value)) & 0xFFFF
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(bits >> count & 0xFF))
            }
        }
        // A digit alone holds no byte, and what is left over of the last one is zero.
        guard count < 6, bits & (1 << count - 1) == 0 else { return nil }
        return bytes
    }
}
