/// An age file as text: strict PEM, of which a file has one form only but for the line ends and whitespace around it.
/// https://age-encryption.org/v1#ascii-armor https://www.rfc-editor.org/rfc/rfc7468#section-3
enum AgeArmor {
    static let begin = "-----BEGIN AGE ENCRYPTED FILE-----"
    static let end = "-----END AGE ENCRYPTED FILE-----"

    /// Whether the bytes start as an armored file does.
    static func isArmored(_ file: [UInt8]) -> Bool { Whitespace.trimmed(file[...]).starts(with: begin.utf8) }

    /// The text of a binary file, with a line feed at its end.
    /// - Complexity: O(*n*).
    static func encode(_ file: [UInt8]) -> [UInt8] {
        let digits = AgeBase64.encode(file, padded: true)
        var text = Array("\(begin)\n".utf8)
        for start in stride(from: 0, to: digits.count, by: AgeHeader.columns) {
            text += digits[start..<min(start + AgeHeader.columns, digits.count)]
            text.append(UInt8(ascii: "\n"))
        }
        return text + Array("\(end)\n".utf8)
    }

    /// The binary file of a text.
    /// - Throws: when the text is not what `encode` writes, but for the line ends and whitespace around it.
    /// - Complexity: O(*n*).
    static func decode(_ text: [UInt8]) throws(AgeFailure) -> [UInt8] {
        let trimmed = Whitespace.trimmed(text[...])
        // The line that a person sees in an editor.
        let first = text[..<trimmed.startIndex].count { $0 == UInt8(ascii: "\n") } + 1
        let lines = trimmed.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0
        }
        guard lines[0].elementsEqual(begin.utf8) else { throw .armor(line: first, "something follows \(begin)") }
        guard let last = lines.firstIndex(where: { $0.elementsEqual(end.utf8) }) else { throw .truncated }
        guard last == lines.count - 1 else { throw .armor(line: first + last + 1, "something follows \(end)") }
        guard last > 1 else { throw .armor(line: first + last, "there is nothing between the first line and the last") }
        var file: [UInt8] = []
        file.reserveCapacity(last * AgeHeader.columns / 4 * 3)
        for index in 1..<last {
            let isLast = index == last - 1
            guard isLast ? (1...AgeHeader.columns).contains(lines[index].count) : lines[index].count == AgeHeader.columns else {
                throw .armor(line: first + index, "each line but the last has 64 characters, and the last is not empty")
            }
            guard let bytes = AgeBase64.decode(lines[index], padded: isLast) else {
                throw .armor(line: first + index, "not base64 in its one form, with padding at the end")
            }
            file += bytes
        }
        return file
    }
}
