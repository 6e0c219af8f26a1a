/// Bytes as they stream in, line by line.
struct LineBuffer {
    /// What has come and is not read yet, after what was read last.
    private(set) var bytes: [UInt8] = []
    private var start = 0

    /// Whether nothing waits for the rest of its line.
    var isEmpty: Bool { start == bytes.count }

    /// Takes the next bytes. The lines that were read are gone.
    mutating func append(_ more: some Sequence<UInt8>) {
        bytes.removeFirst(start)
        start = 0
        bytes.append(contentsOf: more)
    }

    /// The place of the next whole line, without its line feed.
    mutating func next() -> Range<Int>? {
        let end = bytes.span.place(of: UInt8(ascii: "\n"), in: start..<bytes.count)
        guard end < bytes.count else { return nil }
        defer { start = end + 1 }
        return start..<end
    }
}
