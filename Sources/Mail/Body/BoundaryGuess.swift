/// Finds the boundary of a multipart that does not state it.
enum BoundaryGuess {
    /// How far it looks: a preamble is short, and a message may have many such multiparts.
    private static let reach = 4_096

    /// What stands behind two hyphens on a line, when the next line begins a field of a part.
    /// - Parameter open: the multiparts around it; at a delimiter of theirs it ends.
    static func boundary(_ bytes: [UInt8], _ lines: Lines, from start: Int, outside open: [Multipart]) -> [UInt8]? {
        var lines = lines
        lines.rewind(to: start)
        var guess: ArraySlice<UInt8>?
        while let line = lines.next(), line.content.lowerBound - start < reach {
            let content = bytes[line.content]
            if let guess, content.beginsWithWord("content-") { return Array(guess) }
            guess = nil
            guard content.starts(with: [0x2D, 0x2D]) else { continue }
            let boundary = content.dropFirst(2).trimmed
            if open.contains(where: { $0.delimiter(boundary) != nil }) { return nil }
            if (1...70).contains(boundary.count) { guess = boundary }
        }
        return nil
    }
}
