/// The difference of two texts as `diff -u` writes it. https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html
public struct UnifiedDiff {
    /// Lines of the old text that lines of the new one stand for.
    private struct Change {
        var old: Range<Int>
        var new: Range<Int>
    }

    private let old: [ArraySlice<UInt8>]
    private let new: [ArraySlice<UInt8>]

    /// Lines that are shown around a change.
    private static let context = 3

    /// What changes a file from one text to another; empty when they are the same.
    /// - Complexity: O(n log n) in the number of lines, times a small number.
    public static func text(_ file: String, from old: [UInt8], to new: [UInt8]) -> String {
        guard old != new else { return "" }
        let name = Escaped.line(file)
        let diff = UnifiedDiff(old: lines(old), new: lines(new))
        var text = Array("--- \(name)\n+++ \(name)\n".utf8)
        for hunk in diff.hunks() { diff.write(hunk, to: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The lines, each with its line feed.
    private static func lines(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        for (index, byte) in text.enumerated() where byte == UInt8(ascii: "\n") {
            lines.append(text[start...index])
            start = index + 1
        }
        if start < text.count { lines.append(text[start...]) }
        return lines
    }

    /// Changes that are so close that they are shown together.
    private func hunks() -> [[Change]] {
        var hunks: [[Change]] = []
        for change in changes() {
            if let last = hunks.last?.last, change.old.lowerBound - last.old.upperBound <= 2 * Self.context {
                hunks[hunks.count - 1].append(change)
            } else {
                hunks.append([change])
            }
        }
        return hunks
    }

    private func changes() -> [Change] {
        var numbers: [ArraySlice<UInt8>: Int32] = [:]
        func number(_ line: ArraySlice<UInt8>) -> Int32 {
            if let known = numbers[line] { return known }
            numbers[line] = Int32(numbers.count)
            return Int32(numbers.count - 1)
        }
        let matches = LineMatching(old.map(number), new.map(number)).matches
        var changes: [Change] = []
        var (start, other) = (0, 0)
        for (place, match) in matches.enumerated() {
            guard let match else { continue }
            if start < place || other < Int(match) { changes.append(Change(old: start..<place, new: other..<Int(match))) }
            (start, other) = (place + 1, Int(match) + 1)
        }
        if start < old.count || other < new.count { changes.append(Change(old: start..<old.count, new: other..<new.count)) }
        return changes
    }

    private func write(_ hunk: [Change], to text: inout [UInt8]) {
        guard let first = hunk.first, let last = hunk.last else { return }
        let before = min(Self.context, first.old.lowerBound)
        let behind = min(Self.context, old.count - last.old.upperBound)
        let olds = first.old.lowerBound - before..<last.old.upperBound + behind
        let news = first.new.lowerBound - before..<last.new.upperBound + behind
        text += "@@ -\(Self.range(olds)) +\(Self.range(news)) @@\n".utf8
        var place = olds.lowerBound
        for change in hunk {
            for index in place..<change.old.lowerBound { write(" ", old[index], to: &text) }
            for index in change.old { write("-", old[index], to: &text) }
            for index in change.new { write("+", new[index], to: &text) }
            place = change.old.upperBound
        }
        for index in place..<olds.upperBound { write(" ", old[index], to: &text) }
    }

    private func write(_ sign: String, _ line: ArraySlice<UInt8>, to text: inout [UInt8]) {
        text += sign.utf8
        text += line
        if line.last != UInt8(ascii: "\n") { text += "\n\\ No newline at end of file\n".utf8 }
    }

    /// The first line and how many, as in `12,3`; none of them stands behind the line before.
    private static func range(_ lines: Range<Int>) -> String {
        switch lines.count {
        case 0: "\(lines.lowerBound),0"
        case 1: "\(lines.lowerBound + 1)"
        default: "\(lines.lowerBound + 1),\(lines.count)"
        }
    }
}
