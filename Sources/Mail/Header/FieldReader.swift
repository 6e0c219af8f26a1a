/// Reads the fields of one header, line by line, until the body begins. https://www.rfc-editor.org/rfc/rfc5322#section-2.2
struct FieldReader {
    /// What a line was.
    enum Step {
        case more
        /// The body begins there, which may be before the line.
        case body(at: Int)
    }

    private(set) var fields: Fields
    private let start: Int
    private let limits: MailLimits
    /// Whether a folded line continues the last field, not something that was left out.
    private var continuesField = false
    /// A line that is no field: the next one shows whether the body begins there.
    private var doubtful: Lines.Line?

    /// A header that begins at a place.
    init(_ bytes: [UInt8], at start: Int, _ limits: MailLimits) {
        fields = Fields(bytes)
        self.start = start
        self.limits = limits
    }

    /// Whether the header with this line would exceed its limit.
    func isTooLarge(_ line: Lines.Line) -> Bool { line.next - start > limits.headerBytes }

    /// Takes the next line.
    mutating func take(_ line: Lines.Line, _ problems: inout Problems) -> Step {
        let content = fields.bytes[line.content]
        let name = Self.name(of: content)
        if let before = doubtful {
            guard let name, fields.first(name) == nil, Self.isUsual(name) else {
                problems.add("no empty line between header and body: the body begins at the first line that is no field")
                return .body(at: before.content.lowerBound)
            }
            problems.add("a line in the header that is no field: left out")
            doubtful = nil
        }
        guard let first = content.first else { return .body(at: line.next) }
        if first.isBlank {
            continueField(with: line, &problems)
        } else if let name {
            add(name, content, &problems)
        } else if Self.isPostmark(content) {
            if !fields.isEmpty { problems.add("a mailbox's From line in the header: left out") }
            continuesField = false
        } else if first == UInt8(ascii: ":") {
            problems.add("a header field without a name: left out")
            continuesField = false
        } else {
            doubtful = line
        }
        return .more
    }

    /// Where the body begins when no line follows.
    mutating func finish(at end: Int, _ problems: inout Problems) -> Int {
        guard let doubtful else { return end }
        problems.add("no empty line between header and body: the body begins at the first line that is no field")
        return doubtful.content.lowerBound
    }

    private mutating func add(_ name: ArraySlice<UInt8>, _ content: ArraySlice<UInt8>, _ problems: inout Problems) {
        continuesField = fields.count < limits.headerCount
        guard continuesField else {
            problems.add("more than \(limits.headerCount) fields in a header: the rest of them is left out")
            return
        }
        // Blanks between name and colon are an obsolete form. https://www.rfc-editor.org/rfc/rfc5322#section-4.5
        let colon = content.firstIndex(from: name.endIndex) { $0 == UInt8(ascii: ":") }
        fields.append(name: name.indices, value: (colon + 1)..<content.endIndex)
    }

    private mutating func continueField(with line: Lines.Line, _ problems: inout Problems) {
        if continuesField {
            fields.extendLast(to: line.content.upperBound)
        } else if line.content.lowerBound == start {
            problems.add("a folded line before the first header field: left out")
        }
    }

    /// The name of the field that a line begins; nil when it begins none.
    private static func name(of line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let end = line.firstIndex(from: line.startIndex) { !$0.isFieldName }
        let colon = line.firstIndex(from: end) { !$0.isBlank }
        guard end > line.startIndex, colon < line.endIndex, line[colon] == UInt8(ascii: ":") else { return nil }
        return line[..<end]
    }

    /// The line that an mbox file has before each message. https://www.rfc-editor.org/rfc/rfc4155#appendix-A
    private static func isPostmark(_ line: ArraySlice<UInt8>) -> Bool {
        line.beginsWithWord("from ") || line.beginsWithWord(">from ")
    }

    /// Whether a field behind a stray line shows that the header goes on: text has "note:" at a line's start, but hardly these.
    private static func isUsual(_ name: ArraySlice<UInt8>) -> Bool {
        let usual: [StaticString] = [
            "from", "to", "cc", "subject", "date", "message-id", "sender", "reply-to", "mime-version", "received", "return-path",
            "in-reply-to", "references", "dkim-signature", "content-type", "content-transfer-encoding", "content-disposition",
        ]
        return usual.contains { name.isWord($0) }
    }
}
