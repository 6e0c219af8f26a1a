import EmailConnect

/// The source lines that diagnostics point at, with every scalar blanked but the one pointed at: a manifest may hold a
/// secret where none belongs, and CI logs are read by many.
struct SourceExcerpt {
    private var lines: [Int32: [Character]] = [:]
    private var spans: [Int32: [Range<Int>]] = [:]
    /// Where a syntax error stopped the reading; nothing from here on is known to be harmless.
    private var unread = Position(line: .max, column: 1)

    private static let blank: Character = "·"

    /// Reads the file again, only because there is something to report.
    /// - Complexity: O(bytes)
    init(_ bytes: [UInt8], lines wanted: Set<Int32>) {
        var number: Int32 = 1
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if wanted.contains(number) {
                var text = String(decoding: line, as: UTF8.self)
                if text.hasSuffix("\r") { text.removeLast() }
                if number == 1, text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
                lines[number] = Array(text.unicodeScalars.map(Character.init))
            }
            number += 1
        }
        locate(bytes, wanted)
    }

    private mutating func locate(_ bytes: [UInt8], _ wanted: Set<Int32>) {
        guard let last = wanted.max(), var parser = try? YAMLParser(bytes) else { return unread = .start }
        while true {
            let end = parser.span.end
            guard let event = try? parser.next() else { return unread = end }
            let span = parser.span
            if case .end = event { return }
            if span.start.line > last { return }
            guard case .scalar = event else { continue }
            for line in max(span.start.line, 1)...max(span.end.line, span.start.line) where wanted.contains(line) {
                let from = line == span.start.line ? Int(span.start.column) - 1 : 0
                let to = line == span.end.line ? Int(span.end.column) - 1 : .max
                spans[line, default: []].append(from..<max(from, to))
            }
        }
    }

    /// The line and what to underline, as columns from 0; nil when the file has no such line.
    func line(at position: Position, hidden: Bool) -> (text: String, mark: Range<Int>)? {
        guard var characters = lines[position.line] else { return nil }
        let column = min(Int(position.column) - 1, characters.count)
        let spans = spans[position.line] ?? []
        let shown = spans.first { $0.contains(column) || $0.isEmpty && $0.lowerBound == column }
        for span in spans where hidden || span != shown { Self.hide(span, in: &characters) }
        if unread.line < position.line { Self.hide(0..<characters.count, in: &characters) }
        if unread.line == position.line { Self.hide(Int(unread.column) - 1..<characters.count, in: &characters) }
        Self.hideComment(after: spans.map(\.upperBound).max() ?? 0, in: &characters)
        let upper = min(shown?.upperBound ?? column + 1, characters.count)
        return (String(characters), column..<max(upper, column + 1))
    }

    private static func hide(_ span: Range<Int>, in characters: inout [Character]) {
        for index in span.clamped(to: 0..<characters.count) where isText(characters[index]) { characters[index] = blank }
    }

    /// Structure stays: what it says is only where things are.
    private static func isText(_ character: Character) -> Bool { !" \t:{}[],-".contains(character) }

    private static func hideComment(after column: Int, in characters: inout [Character]) {
        guard column < characters.count, let hash = characters[column...].firstIndex(of: "#") else { return }
        characters.removeSubrange(hash...)
        while characters.last == " " { characters.removeLast() }
    }
}
