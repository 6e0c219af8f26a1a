/// Looks at eight bytes at a time, as what reads tens of megabytes has to.
/// https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord
extension Span<UInt8> {
    /// The first place in a range that holds the byte; the range's end when none does.
    func place(of byte: UInt8, in range: Range<Int>) -> Int {
        place(in: range, word: { $0.lanes(equalTo: byte) }, byte: { $0 == byte })
    }

    /// The first place in a range that is no plain JSON text: a quote, a backslash or a control character.
    func endOfPlainText(in range: Range<Int>) -> Int {
        place(
            in: range,
            word: { $0.lanes(equalTo: UInt8(ascii: "\"")) | $0.lanes(equalTo: UInt8(ascii: "\\")) | $0.lanesBelowSpace },
            byte: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") })
    }

    /// Whether other bytes stand at a place.
    func holds(_ other: Span<UInt8>, at start: Int) -> Bool {
        guard start >= 0, other.count <= count - start else { return false }
        var offset = 0
        guard other.count >= 8 else {
            while offset < other.count {
                guard self[start + offset] == other[offset] else { return false }
                offset += 1
            }
            return true
        }
        while offset < other.count - 8 {
            guard word(at: start + offset) == other.word(at: offset) else { return false }
            offset += 8
        }
        // The last word overlaps the one before.
        return word(at: start + other.count - 8) == other.word(at: other.count - 8)
    }

    /// - Parameter word: the highest bit of each byte that is looked for; those above the lowest one need not be right.
    @inline(__always)
    private func place(in range: Range<Int>, word: (UInt64) -> UInt64, byte: (UInt8) -> Bool) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        var place = range.lowerBound
        while place + 8 <= range.upperBound {
            let found = word(self.word(at: place))
            if found != 0 { return place + found.trailingZeroBitCount / 8 }
            place += 8
        }
        while place < range.upperBound, !byte(self[place]) { place += 1 }
        return place
    }

    /// Eight bytes, the first one lowest; any eight are a word. The callers have checked that they are there.
    @inline(__always)
    private func word(at offset: Int) -> UInt64 {
        UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }
}

extension UInt64 {
    private static let lowBits: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    fileprivate func lanes(equalTo byte: UInt8) -> UInt64 {
        let difference = self ^ (Self.lowBits &* UInt64(byte))
        return (difference &- Self.lowBits) & ~difference & Self.highBits
    }

    fileprivate var lanesBelowSpace: UInt64 { (self &- Self.lowBits &* 0x20) & ~self & Self.highBits }
}
