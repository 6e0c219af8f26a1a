import EmailConnect

/// Files of recipients and of identities: a key a line, blank lines and lines that start with `#`.
enum AgeKeyFile {
    private static let limit = 1 << 20
    /// How many lines are reported.
    private static let shown = 10

    /// Reads each line that holds a key.
    /// - Throws: everything that is wrong, each with its line; also when there is no key at all.
    static func read<Key>(
        _ file: [UInt8], _ kind: AgeKeyKind, _ key: (String) throws(Rejection) -> Key
    ) throws(Rejection) -> [Key] {
        if AgeArmor.isArmored(file) || file.starts(with: AgeHeader.intro.utf8) {
            throw Rejection("the file of keys is encrypted itself", "decrypt it first: age -d")
        }
        guard file.count <= limit, String(validating: file, as: UTF8.self) != nil, !file.contains(0) else {
            throw Rejection("this is no file of keys", "give the text file that holds them")
        }
        var keys: [Key] = []
        var rejections: [Rejection] = []
        let lines = file.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            // Editors add spaces and carriage returns at the ends, and some a mark at the start of the file.
            let bytes = index == 0 && line.starts(with: [0xEF, 0xBB, 0xBF]) ? line.dropFirst(3) : line
            let text = Whitespace.trimmed(bytes)
            guard let first = text.first, first != UInt8(ascii: "#") else { continue }
            do throws(Rejection) { keys.append(try key(String(decoding: text, as: UTF8.self))) } catch {
                let column = text.startIndex - line.startIndex + 1
                var rejection = error
                rejection.position = Position(line: Int32(clamping: index + 1), column: Int32(clamping: column))
                rejections.append(rejection)
                // The lines of one SSH key are one mistake, and so are those of a wrong file.
                if rejections.count == shown || text.starts(with: "-----".utf8) { break }
            }
        }
        if var first = rejections.first {
            first.others += rejections.dropFirst()
            throw first
        }
        guard !keys.isEmpty else {
            throw Rejection(
                "the file has no key", kind == .recipient ? "write one recipient a line (age1...)" : "make one with age-keygen")
        }
        return keys
    }
}
