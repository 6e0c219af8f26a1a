/// A text with a cursor that passes over what stands between a document's values: blanks, line breaks and comments.
struct SourceText {
    let bytes: [UInt8]
    private(set) var cursor = 0
    /// Comments that were passed and belong to nobody yet.
    private(set) var comments: [SourceComment] = []
    /// Whether there is a blank line behind the last comment, or before the cursor when there is none.
    private(set) var isAfterBlank = false
    /// Whether the last pass went over the end of a line.
    private(set) var passedBreak = false
    private(set) var commentTally: UInt64 = 0
    /// A place in characters and the same in bytes.
    private var mark = (character: 0, byte: 0)

    /// - Parameter bytes: any UTF-8, as it stands in a file.
    init(_ bytes: [UInt8]) { self.bytes = Self.withLineFeeds(bytes) }

    /// The same text without a byte order mark, and with nothing but line feeds for the line breaks that are the same to YAML 1.1: CR
    /// LF, CR, and U+0085.
    private static func withLineFeeds(_ bytes: [UInt8]) -> [UInt8] {
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        guard start > 0 || bytes.contains(where: { $0 == UInt8(ascii: "\r") || $0 == 0xC2 }) else { return bytes }
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        var index = start
        while index < bytes.count {
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0
            switch bytes[index] {
            case UInt8(ascii: "\r"):
                text.append(UInt8(ascii: "\n"))
                if next == UInt8(ascii: "\n") { index += 1 }
            case 0xC2 where next == 0x85:
                text.append(UInt8(ascii: "\n"))
                index += 1
            case let byte: text.append(byte)
            }
            index += 1
        }
        return text
    }

    /// The byte at the cursor; 0 at the end.
    var byte: UInt8 { byte(at: cursor) }
    func byte(at index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

    /// The column of the cursor, in bytes from 0.
    var column: Int { column(of: cursor) }
    func column(of index: Int) -> Int {
        var start = index
        while start > 0, bytes[start - 1] != UInt8(ascii: "\n") { start -= 1 }
        return index - start
    }

    mutating func advance(to index: Int) { cursor = index }

    /// Passes over blanks, line breaks and comments; the comments are kept.
    mutating func passTrivia() {
        var breaks = 0
        var isOwnLine = cursor == 0 || bytes[cursor - 1] == UInt8(ascii: "\n")
        passedBreak = false
        while cursor < bytes.count {
            switch bytes[cursor] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"): cursor += 1
            case UInt8(ascii: "\n"):
                cursor += 1
                breaks += 1
                isOwnLine = true
            // U+2028 and U+2029 end a line, and so do not belong to a comment; a byte order mark may begin one.
            case 0xE2 where isSeparator(at: cursor):
                cursor += 3
                isOwnLine = true
            case 0xEF where isMark(at: cursor): cursor += 3
            case UInt8(ascii: "#"):
                comments.append(comment(isOwnLine: isOwnLine, isAfterBlank: breaks > 1))
                isAfterBlank = false
                passedBreak = passedBreak || breaks > 0
                breaks = 0
            default: return finish(breaks)
            }
        }
        finish(breaks)
    }

    /// Whether a byte order mark begins a line; anywhere else it is text.
    private func isMark(at index: Int) -> Bool {
        (index == 0 || bytes[index - 1] == UInt8(ascii: "\n")) && byte(at: index + 1) == 0xBB && byte(at: index + 2) == 0xBF
    }

    private mutating func finish(_ breaks: Int) {
        if breaks > 1 { isAfterBlank = true }
        if breaks > 0 { passedBreak = true }
    }

    private func isSeparator(at index: Int) -> Bool { byte(at: index + 1) == 0x80 && byte(at: index + 2) & 0xFE == 0xA8 }

    /// Passes over the comment at the cursor, which stands behind something.
    mutating func passComment() -> SourceComment { comment(isOwnLine: false, isAfterBlank: false) }

    /// Whether a part of the text has more than one line.
    func hasBreak(in extent: Range<Int32>) -> Bool {
        bytes[Int(extent.lowerBound)..<Int(extent.upperBound)].contains(UInt8(ascii: "\n"))
    }

    private mutating func comment(isOwnLine: Bool, isAfterBlank: Bool) -> SourceComment {
        let start = cursor
        while cursor < bytes.count, bytes[cursor] != UInt8(ascii: "\n"), bytes[cursor] != 0xE2 || !isSeparator(at: cursor) { cursor += 1 }
        var end = cursor
        while end > start, bytes[end - 1] == UInt8(ascii: " ") || bytes[end - 1] == UInt8(ascii: "\t") { end -= 1 }
        commentTally &+= Self.fingerprint(bytes[start..<end])
        return SourceComment(
            extent: Int32(start)..<Int32(end), column: Int32(column(of: start)), isOwnLine: isOwnLine, isAfterBlank: isAfterBlank)
    }

    /// http://www.isthe.com/chongo/tech/comp/fnv/
    private static func fingerprint(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// Takes all comments that were passed.
    mutating func takeComments() -> [SourceComment] {
        guard !comments.isEmpty else { return [] }
        defer { comments = [] }
        return comments
    }

    /// Takes the first comments for which something holds.
    mutating func takeComments(while isWanted: (SourceComment) -> Bool) -> [SourceComment] {
        let taken = comments.prefix(while: isWanted)
        guard !taken.isEmpty else { return [] }
        comments.removeFirst(taken.count)
        return Array(taken)
    }

    /// Takes the first comment if it stands behind something on its line.
    mutating func takeTrailing() -> SourceComment? {
        guard let first = comments.first, !first.isOwnLine else { return nil }
        return comments.removeFirst()
    }

    /// Gives comments back, for whoever comes next.
    mutating func giveBack(_ returned: [SourceComment]) { comments.insert(contentsOf: returned, at: 0) }

    /// Takes whether a blank line was passed.
    mutating func takeBlank() -> Bool {
        defer { isAfterBlank = false }
        return isAfterBlank
    }

    /// The place in bytes of one in characters; places mostly rise.
    mutating func offset(ofCharacter character: Int) -> Int {
        while mark.character < character, mark.byte < bytes.count {
            mark.byte += 1
            while mark.byte < bytes.count, bytes[mark.byte] & 0xC0 == 0x80 { mark.byte += 1 }
            mark.character += 1
        }
        while mark.character > character, mark.byte > 0 {
            mark.byte -= 1
            while mark.byte > 0, bytes[mark.byte] & 0xC0 == 0x80 { mark.byte -= 1 }
            mark.character -= 1
        }
        return mark.byte
    }
}
