/// Bech32 without a limit on the length, as age uses it. https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki#bech32
enum Bech32 {
    /// Why a text is not Bech32.
    enum Failure: Error, Equatable {
        /// A character that stands in no Bech32 text.
        case character
        /// Capitals and small letters in one text.
        case mixedCase
        /// No `1` between a prefix and the data, or nothing before it.
        case noPrefix
        /// The checksum is wrong or missing: a character is wrong, missing or too many.
        case checksum
        /// The data is no whole number of bytes.
        case padding
    }

    private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
    private static let values: [UInt8: UInt8] = Dictionary(uniqueKeysWithValues: alphabet.enumerated().map { ($1, UInt8($0)) })
    private static let checksumLength = 6

    /// A text in small letters.
    /// - Complexity: O(*n*).
    static func encode(_ prefix: String, _ bytes: [UInt8]) -> String { encode(prefix, fives: fives(of: bytes)) }

    /// A text of values that have five bits each.
    static func encode(_ prefix: String, fives data: [UInt8]) -> String {
        var sum = checksum(of: expanded(prefix.utf8) + data + [UInt8](repeating: 0, count: checksumLength)) ^ 1
        var digits: [UInt8] = []
        for _ in 0..<checksumLength {
            digits.append(UInt8(sum & 31))
            sum >>= 5
        }
        return "\(prefix)1" + String(decoding: (data + digits.reversed()).map { alphabet[Int($0)] }, as: UTF8.self)
    }

    /// The prefix in small letters and the bytes of a text.
    /// - Throws: when the text is not Bech32, or its data is no whole number of bytes.
    /// - Complexity: O(*n*).
    static func decode(_ text: String) throws(Failure) -> (prefix: String, bytes: [UInt8]) {
        let (prefix, data) = try parts(of: text)
        guard let bytes = bytes(of: data) else { throw .padding }
        return (prefix, bytes)
    }

    /// The prefix in small letters and the data, five bits each, without the checksum.
    /// - Throws: when the text is not Bech32.
    static func parts(of text: String) throws(Failure) -> (prefix: String, data: [UInt8]) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .character }
        let folded = text.lowercased()
        guard text == folded || text == text.uppercased() else { throw .mixedCase }
        guard let separator = folded.lastIndex(of: "1"), separator != folded.startIndex else { throw .noPrefix }
        var data: [UInt8] = []
        for byte in folded[folded.index(after: separator)...].utf8 {
            guard let value = values[byte] else { throw .character }
            data.append(value)
        }
        let prefix = String(folded[..<separator])
        guard data.count >= checksumLength, checksum(of: expanded(prefix.utf8) + data) == 1 else { throw .checksum }
        return (prefix, data.dropLast(checksumLength))
    }

    /// https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki#checksum
    private static func checksum(of values: [UInt8]) -> UInt32 {
        let generators: [UInt32] = [0x3B6A_57B2, 0x2650_8E6D, 0x1EA1_19FA, 0x3D42_33DD, 0x2A14_62B3]
        return values.reduce(1) { sum, value in
            let top = sum >> 25
            return generators.indices.reduce((sum & 0x1FF_FFFF) << 5 ^ UInt32(value)) { next, bit in
                top >> bit & 1 == 1 ? next ^ generators[bit] : next
            }
        }
    }

    /// What the checksum covers of a prefix: the high bits, a zero, the low bits.
    private static func expanded(_ prefix: String.UTF8View) -> [UInt8] { prefix.map { $0 >> 5 } + [0] + prefix.map { $0 & 31 } }

    private static func fives(of bytes: [UInt8]) -> [UInt8] {
        var fives: [UInt8] = []
        var (bits, count) = (UInt32(0), 0)
        for byte in bytes {
            bits = (bits << 8 | UInt32(byte)) & 0xFFF
            count += 8
            while count >= 5 {
                count -= 5
                fives.append(UInt8(bits >> count & 31))
            }
        }
        if count > 0 { fives.append(UInt8(bits << (5 - count) & 31)) }
        return fives
    }

    /// Nil when more than four bits, or a bit that is set, are left over: two texts must not have the same bytes.
    private static func bytes(of fives: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (bits, count) = (UInt32(0), 0)
        for five in fives {
            bits = (bits << 5 | UInt32(five)) & 0xFFF
            count += 5
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(bits >> count & 0xFF))
            }
        }
        guard count < 5, bits & (1 << count - 1) == 0 else { return nil }
        return bytes
    }
}
