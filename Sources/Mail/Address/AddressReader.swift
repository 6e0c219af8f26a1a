/// Reads the addresses of one field; groups are flattened. https://www.rfc-editor.org/rfc/rfc5322#section-3.4
struct AddressReader: ~Copyable {
    /// A word of a name or an address, or its `@`.
    private struct Piece {
        enum Kind { case word, quoted, at, literal }
        let kind: Kind
        let bytes: ArraySlice<UInt8>
        let isSpaced: Bool
    }

    private var addresses: [MailAddress] = []
    /// Words without `@`: a mailbox of the sending host, but only in a field that has no whole address.
    private var locals: [MailAddress] = []
    /// What stands before the angle bracket.
    private var phrase: [Piece] = []
    /// What stands in angle brackets; nil when there are none.
    private var angle: [Piece]?
    private var isInAngle = false
    private var comment: [UInt8] = []

    /// All addresses of a field, in order. What is no address is left out and is a problem.
    static func addresses(_ raw: ArraySlice<UInt8>, _ decoder: inout TextDecoder, _ problems: inout Problems) -> [MailAddress] {
        var reader = AddressReader()
        var scanner = AddressScanner(raw)
        while let (token, isSpaced) = scanner.next(&problems) { reader.take(token, isSpaced, &decoder, &problems) }
        reader.finish(&decoder, &problems)
        guard reader.addresses.isEmpty else {
            if !reader.locals.isEmpty { problems.add(notAnAddress) }
            return reader.addresses
        }
        return reader.locals
    }

    private init() {}

    private mutating func take(
        _ token: AddressScanner.Token, _ isSpaced: Bool, _ decoder: inout TextDecoder, _ problems: inout Problems
    ) {
        switch token {
        case .word(let bytes): append(Piece(kind: .word, bytes: bytes, isSpaced: isSpaced))
        case .quoted(let bytes): append(Piece(kind: .quoted, bytes: bytes[...], isSpaced: isSpaced))
        case .literal(let bytes): append(Piece(kind: .literal, bytes: bytes, isSpaced: isSpaced))
        case .comment(let bytes): if !bytes.isEmpty { comment = bytes }
        case .mark(UInt8(ascii: "@")): append(Piece(kind: .at, bytes: [UInt8(ascii: "@")], isSpaced: isSpaced))
        case .mark(UInt8(ascii: "<")):
            // Some programs put brackets around brackets.
            if let angle, !(isInAngle && angle.isEmpty) { finish(&decoder, &problems) }
            angle = []
            isInAngle = true
        case .mark(UInt8(ascii: ">")): isInAngle = false
        case .mark(UInt8(ascii: ":")):
            // In angle brackets a source route ends here, elsewhere the name of a group.
            if isInAngle { angle = [] } else { phrase = [] }
        default:
            // A source route has commas. https://www.rfc-editor.org/rfc/rfc5322#section-4.4
            if isInAngle, angle?.first.map({ $0.kind == .at }) ?? true { return }
            finish(&decoder, &problems)
        }
    }

    private mutating func append(_ piece: Piece) {
        if isInAngle { angle?.append(piece) } else if angle == nil { phrase.append(piece) }
    }

    /// Makes an address of what was read since the last one.
    private mutating func finish(_ decoder: inout TextDecoder, _ problems: inout Problems) {
        defer { (phrase, angle, isInAngle, comment) = ([], nil, false, []) }
        if isInAngle { problems.add("an angle bracket among addresses that is not closed: the address ends at the comma") }
        if let angle {
            if angle.isEmpty, phrase.isEmpty { return }
            add(angle[...], name: phrase[...], &decoder, &problems)
        } else if let at = phrase.firstIndex(where: { $0.kind == .at }) {
            let start = Self.startOfLocal(phrase, before: at)
            add(phrase[start...], name: phrase[..<start], &decoder, &problems)
        } else if phrase.contains(where: { !$0.bytes.isEmpty }) {
            add(phrase[...], name: [], &decoder, &problems)
        }
    }

    private mutating func add(
        _ pieces: ArraySlice<Piece>, name: ArraySlice<Piece>, _ decoder: inout TextDecoder, _ problems: inout Problems
    ) {
        guard let address = Self.address(pieces) else { return problems.add(Self.notAnAddress) }
        let words = Self.joined(name)
        // A name in a comment is the oldest form. https://www.rfc-editor.org/rfc/rfc5322#section-3.4
        let text = HeaderText.decode(words.isEmpty ? comment[...] : words[...], &decoder, &problems)
        let whole = MailAddress(name: text, address: address)
        if address.domain.isEmpty { locals.append(whole) } else { addresses.append(whole) }
    }

    /// Where the local part before an `@` begins: words before it that no dot connects are a name without its angle brackets.
    private static func startOfLocal(_ pieces: [Piece], before at: Int) -> Int {
        var start = at
        while start > 0 {
            let isConnected = start == at || isDotted(pieces[start - 1], pieces[start])
            guard isConnected else { break }
            start -= 1
        }
        return start
    }

    /// An address of words with one `@`, or of one word; nil when it is none.
    private static func address(_ pieces: ArraySlice<Piece>) -> AddrSpec? {
        let at = pieces.firstIndex { $0.kind == .at } ?? pieces.endIndex
        guard let local = part(pieces[..<at]), !local.isEmpty else { return nil }
        guard at < pieces.endIndex else { return AddrSpec(localPart: local, domain: "") }
        guard let domain = part(pieces[(at + 1)...]), !domain.isEmpty, !domain.utf8.contains(0x20) else {
            return nil
        }
        return AddrSpec(localPart: local, domain: domain)
    }

    /// Words that dots connect, with or without space at the dots; nil when something else stands between them.
    private static func part(_ pieces: ArraySlice<Piece>) -> String? {
        var bytes: [UInt8] = []
        for (index, piece) in zip(pieces.indices, pieces) {
            if piece.kind == .at || index > pieces.startIndex && !isDotted(pieces[index - 1], piece) { return nil }
            bytes += piece.bytes
        }
        guard !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func isDotted(_ left: Piece, _ right: Piece) -> Bool {
        let dot = UInt8(ascii: ".")
        return left.kind == .word && left.bytes.last == dot || right.kind == .word && right.bytes.first == dot
    }

    private static func joined(_ pieces: ArraySlice<Piece>) -> [UInt8] {
        var bytes: [UInt8] = []
        for piece in pieces {
            if piece.isSpaced, !bytes.isEmpty { bytes.append(0x20) }
            bytes += piece.bytes
        }
        return bytes
    }

    private static let notAnAddress = "words among addresses that are no address: left out"
}
