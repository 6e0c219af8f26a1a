/// Reads a header line by line, and takes nothing but what the grammar says.
/// https://age-encryption.org/v1#abnf-definition-of-file-header
struct AgeHeaderReader {
    private let bytes: ArraySlice<UInt8>
    private var next: Int
    private var line = 0

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        next = bytes.startIndex
    }

    /// The header, and what follows it.
    /// - Throws: when this is no header of version 1.
    /// - Complexity: O(*n*) in the header's length.
    static func read(_ file: [UInt8]) throws(AgeFailure) -> (header: AgeHeader, rest: ArraySlice<UInt8>) {
        guard file.starts(with: AgeHeader.intro.utf8) else { throw .notAge }
        var reader = AgeHeaderReader(file.prefix(AgeHeader.limit))
        do throws(AgeFailure) {
            let header = try reader.header()
            return (header, file[reader.next...])
        } catch {
            // The limit cuts as the end of the file does.
            guard error == .truncated, file.count > AgeHeader.limit else { throw error }
            throw .header(line: reader.line, "a header has at most 64 KiB")
        }
    }

    private mutating func header() throws(AgeFailure) -> AgeHeader {
        let version = try text().dropFirst(AgeHeader.intro.utf8.count)
        guard version.elementsEqual("v1".utf8) else { throw .unsupportedVersion }
        var stanzas: [AgeStanza] = []
        while true {
            let start = next
            let text = try text()
            if text.starts(with: "-> ".utf8) {
                guard stanzas.count < AgeHeader.stanzaLimit else { throw fault("a header has at most 1,000 stanzas") }
                stanzas.append(try stanza(text.dropFirst(3)))
            } else if text.starts(with: "---".utf8) {
                guard !stanzas.isEmpty else { throw fault("a header has at least one stanza") }
                guard text.dropFirst(3).first == UInt8(ascii: " "), let code = AgeBase64.decode(text.dropFirst(4)), code.count == 32 else {
                    throw fault("--- is followed by a space and base64 of 32 bytes")
                }
                return AgeHeader(stanzas: stanzas, covered: bytes[..<(start + 3)], code: code)
            } else {
                throw fault("a stanza starts with ->, and the last line with ---")
            }
        }
    }

    private mutating func stanza(_ text: ArraySlice<UInt8>) throws(AgeFailure) -> AgeStanza {
        let first = line
        var arguments: [String] = []
        for argument in text.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false) {
            guard !argument.isEmpty, argument.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw fault("the arguments of a stanza are visible characters with one space between them")
            }
            arguments.append(String(decoding: argument, as: UTF8.self))
        }
        var body: [UInt8] = []
        while true {
            let digits = try self.text()
            guard digits.count <= AgeHeader.columns else { throw fault("a line of a stanza has at most 64 characters") }
            guard let decoded = AgeBase64.decode(digits) else { throw fault("not base64 in its one form") }
            body += decoded
            if digits.count < AgeHeader.columns { return AgeStanza(arguments, body, line: first) }
        }
    }

    /// The next line, without its line feed.
    private mutating func text() throws(AgeFailure) -> ArraySlice<UInt8> {
        line += 1
        let rest = bytes[next...]
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { throw .truncated }
        next = end + 1
        let line = rest[..<end]
        guard line.last != UInt8(ascii: "\r") else { throw fault("it ends with a carriage return, as if it had been copied as text") }
        return line
    }

    private func fault(_ problem: String) -> AgeFailure { .header(line: line, problem) }
}
