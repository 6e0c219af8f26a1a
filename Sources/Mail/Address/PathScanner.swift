/// Reads a path by the grammar of SMTP. https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2
struct PathScanner {
    private let text: ArraySlice<UInt8>
    private let allowsUTF8: Bool
    private var index: Int

    /// What a path may have, its angle brackets included. https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1
    private static let (pathLimit, localLimit, domainLimit) = (256, 64, 255)

    init(_ text: ArraySlice<UInt8>, allowsUTF8: Bool) {
        self.text = text
        self.allowsUTF8 = allowsUTF8
        index = text.startIndex
    }

    /// The mailbox, and what stands behind the path.
    mutating func path() throws(SMTPPath.Failure) -> (AddrSpec?, ArraySlice<UInt8>) {
        guard take("<") else { throw SMTPPath.Failure(description: "the path does not begin with <") }
        if take(">") { return (nil, try rest()) }
        if peek == UInt8(ascii: "@") { try skipRoute() }
        let local = peek == UInt8(ascii: "\"") ? try quoted() : try dotString()
        guard local.utf8.count <= Self.localLimit else { throw SMTPPath.Failure(description: "the local part is longer than 64 octets") }
        if take(">") {
            guard local.lowercased() == "postmaster" else { throw SMTPPath.Failure(description: "the address has no domain") }
            return (AddrSpec(localPart: local, domain: ""), try rest())
        }
        guard take("@") else { throw SMTPPath.Failure(description: "the local part has a character that is not allowed") }
        let domain = try domain()
        guard take(">") else { throw SMTPPath.Failure(description: "the path does not end with >") }
        guard index - text.startIndex <= Self.pathLimit else { throw SMTPPath.Failure(description: "the path is longer than 256 octets") }
        return (AddrSpec(localPart: local, domain: domain), try rest())
    }

    private func rest() throws(SMTPPath.Failure) -> ArraySlice<UInt8> {
        guard index == text.endIndex || text[index] == 0x20 else { throw SMTPPath.Failure(description: "something follows the path") }
        return text[index...]
    }

    private var peek: UInt8? { index < text.endIndex ? text[index] : nil }

    private mutating func take(_ mark: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: mark) else { return false }
        index += 1
        return true
    }

    /// A source route is accepted and ignored. https://www.rfc-editor.org/rfc/rfc5321#appendix-C
    private mutating func skipRoute() throws(SMTPPath.Failure) {
        repeat {
            guard take("@") else { throw SMTPPath.Failure(description: "the source route is malformed") }
            _ = try domain()
        } while take(",")
        guard take(":") else { throw SMTPPath.Failure(description: "the source route does not end with a colon") }
    }

    private mutating func dotString() throws(SMTPPath.Failure) -> String {
        let start = index
        var isAtom = false
        while let byte = peek, byte == UInt8(ascii: ".") ? isAtom : isAllowed(byte) && byte.isAtomText {
            isAtom = byte != UInt8(ascii: ".")
            index += 1
        }
        guard isAtom else { throw SMTPPath.Failure(description: "the local part is empty or has a dot at an end or beside another one") }
        return try string(text[start..<index])
    }

    private mutating func quoted() throws(SMTPPath.Failure) -> String {
        index += 1
        var content: [UInt8] = []
        while let byte = peek, byte != UInt8(ascii: "\"") {
            if byte == UInt8(ascii: "\\") { index += 1 }
            guard let plain = peek, isAllowed(plain) else {
                throw SMTPPath.Failure(description: "the quoted local part has a character that is not allowed")
            }
            content.append(plain)
            index += 1
        }
        guard take("\"") else { throw SMTPPath.Failure(description: "the quoted local part is not closed") }
        return try string(content[...])
    }

    private mutating func domain() throws(SMTPPath.Failure) -> String {
        let start = index
        if take("[") {
            while let byte = peek, byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "["), byte != UInt8(ascii: "]"),
                byte != UInt8(ascii: "\\")
            {
                index += 1
            }
            guard index > start + 1, take("]") else { throw SMTPPath.Failure(description: "the address in brackets is malformed") }
        } else {
            while let byte = peek, isOfDomain(byte) { index += 1 }
            for label in text[start..<index].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
                let hyphen = UInt8(ascii: "-")
                guard !label.isEmpty, label.count <= 63 || allowsUTF8, label.first != hyphen, label.last != hyphen else {
                    throw SMTPPath.Failure(description: "the domain is malformed")
                }
            }
        }
        guard index - start <= Self.domainLimit else { throw SMTPPath.Failure(description: "the domain is longer than 255 octets") }
        return try string(text[start..<index])
    }

    private func isOfDomain(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte >= 0x80 && allowsUTF8
    }

    /// No controls; beyond ASCII only with SMTPUTF8.
    private func isAllowed(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F && (byte < 0x80 || allowsUTF8) }

    private func string(_ bytes: ArraySlice<UInt8>) throws(SMTPPath.Failure) -> String {
        guard let string = String(validating: bytes, as: UTF8.self) else { throw SMTPPath.Failure(description: "the address is not UTF-8") }
        return string
    }
}
