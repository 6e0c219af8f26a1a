/// The lines of a message, one after the other.
///
/// A line ends with LF, with or without CR before it. CR alone ends a line only in a message without any LF: elsewhere it is a stray
/// octet, and ending lines at it would let it begin a field that no mail server on the way has seen.
struct Lines {
    /// One line.
    struct Line {
        /// Its octets without the line break.
        let content: Range<Int>
        /// Where the next line begins.
        let next: Int
    }

    private let bytes: [UInt8]
    private let ending: UInt8
    private var position = 0

    private static let lf = UInt8(ascii: "\n")
    private static let cr = UInt8(ascii: "\r")

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        ending = bytes.contains(Self.lf) ? Self.lf : Self.cr
    }

    /// The next line; nil at the end.
    mutating func next() -> Line? {
        guard position < bytes.count else { return nil }
        let start = position
        var end = start
        while end < bytes.count, bytes[end] != ending { end += 1 }
        position = min(end + 1, bytes.count)
        while end > start, bytes[end - 1] == Self.cr { end -= 1 }
        return Line(content: start..<end, next: position)
    }

    /// Makes the line that begins at a place the next one again.
    mutating func rewind(to start: Int) { position = start }

    /// Where what stands before a line ends, when the line break between them belongs to the line.
    /// https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1
    func end(before line: Line, from start: Int) -> Int {
        var end = max(line.content.lowerBound, start)
        guard end > start, bytes[end - 1] == ending else { return end }
        end -= 1
        if ending == Self.lf, end > start, bytes[end - 1] == Self.cr { end -= 1 }
        return end
    }
}
