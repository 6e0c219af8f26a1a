/// Goes over the lines of a message once, and hands each part over when it has ended.
///
/// There is no recursion: the multiparts around the current line stand in a list, and a line that begins with two hyphens is compared
/// with the boundary of each. https://www.rfc-editor.org/rfc/rfc2046#section-5.1.2
struct MessageReader: ~Copyable {
    /// What the current line is part of.
    private enum Place {
        case header(FieldReader)
        case body(PartHeader, start: Int)
        /// Before the first part.
        case preamble
        /// Behind the last part.
        case epilogue(start: Int)
    }

    /// The message's own header.
    private(set) var fields: Fields
    private(set) var content = Content()
    private(set) var problems = Problems()

    private let bytes: [UInt8]
    private let limits: MailLimits
    private var lines: Lines
    private var place: Place
    private var isPart = false
    private var open: [Multipart] = []
    private var partCount = 0
    private var decoder = TextDecoder()

    init(_ bytes: [UInt8], _ limits: MailLimits) {
        self.bytes = bytes
        self.limits = limits
        fields = Fields(bytes)
        lines = Lines(bytes)
        place = .header(FieldReader(bytes, at: 0, limits))
    }

    /// Reads everything.
    mutating func read() throws(MailFailure) {
        while let line = lines.next() {
            if let (level, delimiter) = delimiter(line) {
                guard pass(line, level, delimiter) else { return }
            } else if case .header(var header) = place {
                // The reader is taken out while it changes, so that its list of fields is not copied for each line.
                place = .preamble
                try take(line, &header)
            }
        }
        finishPlace(at: bytes.count)
        close(downTo: 0, at: bytes.count)
    }

    private func delimiter(_ line: Lines.Line) -> (level: Int, Multipart.Delimiter)? {
        guard !open.isEmpty, line.content.count > 2, bytes[line.content].starts(with: [0x2D, 0x2D]) else { return nil }
        let behind = bytes[line.content].dropFirst(2)
        for level in open.indices.reversed() {
            if let delimiter = open[level].delimiter(behind) { return (level, delimiter) }
        }
        return nil
    }

    private mutating func take(_ line: Lines.Line, _ header: inout FieldReader) throws(MailFailure) {
        guard !header.isTooLarge(line) else {
            guard isPart else { throw .headerTooLarge(limit: limits.headerBytes) }
            problems.add("a part's header of more than \(limits.headerBytes) bytes: its body begins there")
            return beginAgain(header.fields, at: line.content.lowerBound)
        }
        switch header.take(line, &problems) {
        case .more: place = .header(header)
        case .body(let start): beginAgain(header.fields, at: start)
        }
    }

    /// Goes over a line between parts; false when the rest is not read further.
    private mutating func pass(_ line: Lines.Line, _ level: Int, _ delimiter: Multipart.Delimiter) -> Bool {
        let end = lines.end(before: line, from: 0)
        finishPlace(at: end)
        close(downTo: level + 1, at: end)
        guard delimiter == .next else {
            if open[level].parts == 0 { close(downTo: level, at: end) } else { open.removeLast() }
            place = .epilogue(start: line.next)
            return true
        }
        open[level].parts += 1
        partCount += 1
        guard partCount <= limits.parts else {
            problems.add("more than \(limits.parts) parts: the rest is one attachment")
            content.attach(.rest, bytes[line.next...], in: [])
            return false
        }
        place = .header(FieldReader(bytes, at: line.next, limits))
        return true
    }

    /// Begins the body at a line that was taken for one of the header: it may be the first between the body's parts. No line is read
    /// more than three times so, for behind it there is no header until a delimiter comes.
    private mutating func beginAgain(_ fields: Fields, at start: Int) {
        begin(fields, at: start)
        lines.rewind(to: start)
    }

    /// Begins the body behind a header.
    private mutating func begin(_ fields: Fields, at start: Int) {
        if !isPart { self.fields = fields }
        isPart = true
        let standard = open.last?.kind == .digest ? ContentType.message : .plain
        var part = PartHeader(fields, standard: standard, &decoder, &problems)
        if part.contentType.type == "multipart" {
            if part.encoding != .none { problems.add("a multipart with a transfer encoding: it is taken as having none") }
            part.encoding = .none
            guard open.count < limits.depth else {
                problems.add("multiparts in each other more than \(limits.depth) deep: the innermost is an attachment")
                return place = .body(part, start: start)
            }
            if let boundary = boundary(of: part, at: start) {
                open.append(Multipart(part, boundary: boundary, start: start))
                return place = .preamble
            }
            part.contentType = part.contentType.asPlain()
        }
        place = .body(part, start: start)
    }

    /// The boundary that a multipart states, or else one that its body shows; nil when there is none.
    private mutating func boundary(of part: PartHeader, at start: Int) -> [UInt8]? {
        if let stated = part.contentType.parameters.octets("boundary") {
            let boundary = Array(stated[...].trimmed)
            if (1...250).contains(boundary.count) { return boundary }
        }
        if let found = BoundaryGuess.boundary(bytes, lines, from: start, outside: open) {
            problems.add("a multipart without a boundary: the first line that looks like one is taken")
            return found
        }
        problems.add("a multipart without a boundary: read as text")
        return nil
    }

    /// Ends what the current line is part of.
    private mutating func finishPlace(at end: Int) {
        if case .header(var header) = place {
            place = .preamble
            let start = header.finish(at: end, &problems)
            begin(header.fields, at: start)
        }
        switch place {
        case .body(let part, let start):
            content.add(part, bytes[min(start, end)..<end], in: &open, &decoder, &problems)
        case .epilogue(let start):
            if !bytes[min(start, end)..<end].allSatisfy(\.isSpace) { problems.add("text behind the last part: left out") }
        case .preamble, .header: break
        }
        place = .preamble
    }

    /// Ends multiparts that have no last line.
    private mutating func close(downTo level: Int, at end: Int) {
        while open.count > level, let multipart = open.popLast() {
            guard multipart.parts == 0 else {
                problems.add("a multipart without its last line: it ends with what is around it")
                continue
            }
            problems.add("a multipart without parts: read as text")
            var part = multipart.header
            part.contentType = part.contentType.asPlain()
            content.add(part, bytes[min(multipart.start, end)..<end], in: &open, &decoder, &problems)
        }
    }
}
