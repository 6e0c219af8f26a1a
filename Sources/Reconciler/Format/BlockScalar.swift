/// The parts of a scalar that is written with `|` or `>`. https://yaml.org/spec/1.2.2/#81-block-scalar-styles
struct BlockScalar {
    /// Behind its indicators.
    private(set) var headerEnd: Int
    /// Behind the last line of its content, before the line feed.
    private(set) var end: Int
    /// How far its content is indented.
    private(set) var indentation: Int

    /// - Parameters:
    ///   - extent: from its indicator to where libyaml's event ends.
    ///   - column: where the block stands that it belongs to; -1 for the root.
    init(_ source: [UInt8], _ extent: Range<Int>, under column: Int) {
        headerEnd = extent.lowerBound + 1
        var digit = 0
        var isKept = false
        while headerEnd < extent.upperBound, "+-0123456789".utf8.contains(source[headerEnd]) {
            if source[headerEnd] == UInt8(ascii: "+") { isKept = true }
            if source[headerEnd] > UInt8(ascii: "0") { digit = Int(source[headerEnd] - UInt8(ascii: "0")) }
            headerEnd += 1
        }
        var lineEnd = headerEnd
        while lineEnd < extent.upperBound, source[lineEnd] != UInt8(ascii: "\n") { lineEnd += 1 }
        end = lineEnd
        indentation = digit > 0 ? max(column, 0) + digit : 0
        if digit == 0 {
            // As libyaml finds it: by the first line with text, or by a longer blank one above it.
            for line in Self.lines(source, lineEnd..<extent.upperBound) {
                let blanks = source[line].prefix { $0 == UInt8(ascii: " ") }.count
                indentation = max(indentation, blanks)
                if blanks < line.count { break }
            }
            indentation = max(indentation, column + 1, 1)
        }
        if isKept {
            end = max(end, source[extent.upperBound - 1] == UInt8(ascii: "\n") ? extent.upperBound - 1 : extent.upperBound)
        } else {
            for line in Self.lines(source, lineEnd..<extent.upperBound) where !Self.isBlank(source[line], indentation) {
                end = line.upperBound
            }
        }
    }

    /// Whether nothing of a line is content.
    static func isBlank(_ line: ArraySlice<UInt8>, _ indentation: Int) -> Bool {
        line.count <= indentation && line.allSatisfy { $0 == UInt8(ascii: " ") }
    }

    /// The lines behind a line's end.
    static func lines(_ source: [UInt8], _ extent: Range<Int>) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var start = extent.lowerBound + 1
        while start < extent.upperBound {
            var end = start
            while end < extent.upperBound, source[end] != UInt8(ascii: "\n") { end += 1 }
            lines.append(start..<end)
            start = end + 1
        }
        return lines
    }
}
