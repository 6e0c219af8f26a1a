/// A zone's file as lines of words: comments and line breaks inside brackets are gone, quoted texts are one word.
struct MasterFileScanner {
    /// A word, with its escapes as they are written.
    struct Word {
        var bytes: [UInt8] = []
        var isQuoted = false

        var text: String { String(decoding: bytes, as: UTF8.self) }
        /// For a message, however long or odd it is.
        var shown: String { "\"\(Escape.text(Array(bytes.prefix(64)), escaping: "\""))\"" }

        /// Seconds, or numbers with units as in 1h30m.
        var isTime: Bool {
            guard !isQuoted, let first = bytes.first, (0x30...0x39).contains(first) else { return false }
            return bytes.allSatisfy { (0x30...0x39).contains($0) || "smhdwSMHDW".utf8.contains($0) }
        }

        /// What it stands for.
        var unescaped: [UInt8]? {
            var (found, rest) = ([UInt8](), bytes[...])
            while let byte = rest.popFirst() {
                guard byte == UInt8(ascii: "\\") else {
                    found.append(byte)
                    continue
                }
                guard let escaped = Escape.read(&rest) else { return nil }
                found.append(escaped)
            }
            return found
        }
    }

    /// What stands between two ends of lines.
    struct Line {
        /// Where it begins, from 1.
        var number: Int
        var words: [Word] = []
        /// Whether it begins with a space: the name is the one before.
        var startsWithSpace = false
    }

    private var rest: ArraySlice<UInt8>
    private var number = 1

    init(_ text: [UInt8]) { rest = text[...] }

    /// The next line that has a word; nil behind the last one.
    mutating func next() throws(MasterFileFailure) -> Line? {
        while !rest.isEmpty {
            let line = try line()
            if !line.words.isEmpty { return line }
        }
        return nil
    }

    private mutating func line() throws(MasterFileFailure) -> Line {
        var line = Line(number: number, startsWithSpace: rest.first == UInt8(ascii: " ") || rest.first == UInt8(ascii: "\t"))
        var isInside = false
        while let byte = rest.first {
            switch byte {
            case UInt8(ascii: "\n"):
                rest.removeFirst()
                number += 1
                if !isInside { return line }
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): rest.removeFirst()
            case UInt8(ascii: ";"): rest = rest.drop { $0 != UInt8(ascii: "\n") }
            case UInt8(ascii: "("), UInt8(ascii: ")"):
                guard isInside == (byte == UInt8(ascii: ")")) else { throw failure("a bracket has no partner") }
                isInside.toggle()
                rest.removeFirst()
            case UInt8(ascii: "\""): line.words.append(try quoted())
            default: line.words.append(word())
            }
        }
        guard !isInside else { throw failure("a bracket has no partner") }
        return line
    }

    private mutating func word() -> Word {
        var word = Word()
        while let byte = rest.first, !" \t\r\n;()\"".utf8.contains(byte) {
            word.bytes.append(byte)
            rest.removeFirst()
            // What is escaped ends no word.
            if byte == UInt8(ascii: "\\"), let next = rest.first, next != UInt8(ascii: "\n") {
                word.bytes.append(next)
                rest.removeFirst()
            }
        }
        return word
    }

    private mutating func quoted() throws(MasterFileFailure) -> Word {
        rest.removeFirst()
        var word = Word(isQuoted: true)
        while let byte = rest.popFirst(), byte != UInt8(ascii: "\n") {
            if byte == UInt8(ascii: "\"") { return word }
            word.bytes.append(byte)
            if byte == UInt8(ascii: "\\"), let next = rest.popFirst() { word.bytes.append(next) }
        }
        throw failure("a quoted text has no end")
    }

    private func failure(_ problem: String) -> MasterFileFailure { MasterFileFailure(line: number, problem: problem) }
}
