import EmailConnect

/// The source lines that diagnostics point at, with everything blanked but the scalar pointed at: a manifest may hold a
/// secret where none belongs, and CI logs are read by many.
struct SourceExcerpt {
    private var lines: [Int32: [Character]] = [:]
    private var spans: [Position: Range<Int>] = [:]

    private static let blank: Character = "·"
    /// Columns before and behind the place that are shown of a long line.
    private static let window = (before: 40, behind: 80)

    /// A line as it is shown.
    struct Line {
        /// The text, cut where the line is long.
        var text: String
        /// What to underline, as columns from 0.
        var mark: Range<Int>
    }

    /// Reads the file again, only because there is something to report, and only as far as needed.
    /// - Complexity: O(bytes)
    init(_ bytes: [UInt8], at places: Set<Position>) {
        let positions = Set(places.map(Self.alone))
        let wanted = Set(positions.map(\.line))
        var number: Int32 = 1
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if wanted.contains(number) {
                var text = String(decoding: line, as: UTF8.self)
                if text.hasSuffix("\r") { text.removeLast() }
                if number == 1, text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
                lines[number] = text.unicodeScalars.map(Character.init)
            }
            number += 1
        }
        locate(bytes, positions)
    }

    private mutating func locate(_ bytes: [UInt8], _ positions: Set<Position>) {
        guard let last = positions.max(), var parser = try? YAMLParser(bytes) else { return }
        while let event = try? parser.next() {
            let span = parser.span
            if case .end = event { return }
            if span.start > last { return }
            guard case .scalar = event, positions.contains(span.start) else { continue }
            let end = span.end.line == span.start.line ? Int(span.end.column) - 1 : .max
            spans[span.start] = Int(span.start.column) - 1..<max(end, Int(span.start.column))
        }
    }

    /// The line of a place; nil when the file has no such line.
    func line(at place: Position, hidden: Bool) -> Line? {
        let position = Self.alone(place)
        guard let characters = lines[position.line] else { return nil }
        let column = min(Int(position.column) - 1, characters.count)
        let span = (spans[position] ?? column..<column + 1).clamped(to: column..<max(characters.count, column + 1))
        // A URL or a token in a place where none belongs.
        let pointed = String(characters[span.clamped(to: 0..<characters.count)])
        let isKnown = spans[position] != nil && !hidden && !pointed.contains("://") && !SecretLook.isLikely(pointed)
        let start = column > Self.window.before + 8 ? column - Self.window.before : 0
        let end = min(characters.count, column + Self.window.behind)
        var shown: [Character] = []
        for index in min(start, end)..<end {
            let character = characters[index]
            if character == "#", index < span.lowerBound || index >= span.upperBound, index == 0 || characters[index - 1] == " " { break }
            let isOpen = isKnown && span.contains(index) || Self.isStructure(character)
            shown.append(isOpen ? character : Self.blank)
        }
        while shown.last == " " { shown.removeLast() }
        let cut = start > 0 ? "…" : ""
        let offset = cut.count - start
        let mark = column + offset..<max(min(span.upperBound, end), column + 1) + offset
        return Line(text: cut + String(shown) + (end < characters.count ? "…" : ""), mark: mark)
    }

    /// A place of this file, whichever of several it is.
    private static func alone(_ place: Position) -> Position { Position(line: place.line, column: place.column) }

    /// What says only where things are.
    private static func isStructure(_ character: Character) -> Bool { " \t:{}[],-\"'".contains(character) }
}
