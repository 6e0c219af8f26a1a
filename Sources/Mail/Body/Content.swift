/// Sorts the parts of a message into text, HTML and attachments.
struct Content {
    private(set) var text: String?
    private(set) var html: String?
    private(set) var attachments: [MailAttachment] = []

    /// Takes a part that is no multipart.
    /// - Parameter open: the multiparts around it, from the outermost.
    mutating func add(
        _ part: PartHeader, _ body: ArraySlice<UInt8>, in open: inout [Multipart], _ decoder: inout TextDecoder, _ problems: inout Problems
    ) {
        let type = part.contentType
        guard type.isPlain || type.isHTML, isText(part, in: open), choose(type, in: &open) else {
            return attach(part, part.encoding.decode(body, &problems), in: open)
        }
        let label = type.parameters.octets("charset").map { String(decoding: $0[...].trimmed, as: UTF8.self) }
        var decoded = decoder.text(part.encoding.decode(body, &problems), label: label, &problems)
        // A byte order mark is no text.
        if decoded.unicodeScalars.first == "\u{FEFF}" { decoded.unicodeScalars.removeFirst() }
        if type.isPlain { decoded = Self.withPlainLines(decoded) }
        if type.isPlain { Self.join(decoded, to: &text) } else { Self.join(decoded, to: &html) }
    }

    /// Takes what is not read further as a file.
    mutating func attach(_ part: PartHeader, _ bytes: ArraySlice<UInt8>, in open: [Multipart]) {
        let isInline: Bool
        switch part.disposition {
        case .inline: isInline = true
        case .attachment: isInline = false
        // A picture in the HTML, or a form of the text that was not chosen.
        case .unstated:
            isInline = part.contentID != nil || open.last?.kind == .alternative || part.contentType.type == "text" && part.name == nil
        }
        attachments.append(
            MailAttachment(
                name: part.name, contentType: part.contentType.name, contentID: part.contentID,
                disposition: isInline ? .inline : .attachment, bytes: Array(bytes)))
    }

    /// Whether plain text or HTML is there to be read, as mail clients see it. A text with a file name is a file, unless nothing came before
    /// it: some programs name the body, too.
    private func isText(_ part: PartHeader, in open: [Multipart]) -> Bool {
        if part.disposition == .attachment { return false }
        if let last = open.last, last.kind == .related, last.parts > 1, part.contentID != nil { return false }
        return part.name == nil || text == nil && html == nil && attachments.isEmpty
    }

    /// Whether no alternative of the same type was taken before.
    private func choose(_ type: ContentType, in open: inout [Multipart]) -> Bool {
        let slot = type.isPlain ? \Multipart.textPart : \Multipart.htmlPart
        let alternatives = open.indices.filter { open[$0].kind == .alternative }
        guard alternatives.allSatisfy({ open[$0][keyPath: slot] ?? open[$0].parts == open[$0].parts }) else { return false }
        for index in alternatives { open[index][keyPath: slot] = open[index].parts }
        return true
    }

    /// Begins what comes later on a new line. Nothing else refers to the text meanwhile, so that what is there is not copied.
    private static func join(_ next: String, to whole: inout String?) {
        guard let last = whole?.utf8.last else { return whole = (whole ?? "") + next }
        if last != UInt8(ascii: "\n"), !next.isEmpty { whole?.append("\n") }
        whole?.append(next)
    }

    /// With LF at each line's end. It is done on text, for octets may be halves of characters.
    private static func withPlainLines(_ text: String) -> String {
        let (cr, lf) = (UInt8(ascii: "\r"), UInt8(ascii: "\n"))
        guard text.utf8.contains(cr) else { return text }
        var octets: [UInt8] = []
        octets.reserveCapacity(text.utf8.count)
        var previous: UInt8 = 0
        for octet in text.utf8 {
            if octet != lf || previous != cr { octets.append(octet == cr ? lf : octet) }
            previous = octet
        }
        return String(decoding: octets, as: UTF8.self)
    }
}
