/// Values as YAML that every reader takes for the same: text that another reader could take for something else is quoted.
/// https://yaml.org/spec/1.2.2/#733-plain-style
enum YAMLText {
    /// A text as a value or a key, also inside `{}` and `[]`.
    static func scalar(_ text: String) -> String { isPlain(text) ? text : quoted(text) }

    /// `[a, b]`
    static func list(_ items: [String]) -> String { "[\(items.map(scalar).joined(separator: ", "))]" }

    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, last != UInt8(ascii: " "), last != UInt8(ascii: ":") else {
            return false
        }
        // What begins with a letter, / or _ is no number and no sign of YAML's; a version such as 1.2.3.4/24 has two dots.
        let isWord = isLetter(first) || first == UInt8(ascii: "/") || first == UInt8(ascii: "_")
        guard isWord || isAddress(text), !isTaken(text) else { return false }
        var previous: UInt8 = 0
        for byte in text.utf8 {
            guard byte >= 0x20, byte < 0x7F, !"{}[],\"'`".utf8.contains(byte) else { return false }
            if previous == UInt8(ascii: ":"), byte == UInt8(ascii: " ") { return false }
            if previous == UInt8(ascii: " "), byte == UInt8(ascii: "#") { return false }
            previous = byte
        }
        return true
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) }

    /// Dotted numbers, as `203.0.113.0/24`, and lengths of time, as `90d`: no reader takes them for a number.
    private static func isAddress(_ text: String) -> Bool {
        let isDigits = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") }
        if isDigits, text.utf8.count(where: { $0 == UInt8(ascii: ".") }) == 3 { return true }
        guard let unit = text.utf8.last, "dhmw".utf8.contains(unit) else { return false }
        return text.utf8.count > 1 && text.utf8.dropLast().allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Words that some version of YAML takes for a boolean, for null or for a number. https://yaml.org/type/bool.html
    private static func isTaken(_ text: String) -> Bool {
        ["true", "false", "yes", "no", "on", "off", "y", "n", "null"].contains(text.lowercased())
    }

    /// In double quotes. https://yaml.org/spec/1.2.2/#57-escaped-characters
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            default:
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                    let digits = String(scalar.value, radix: 16)
                    let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
                    quoted += "\\\(letter)\(String(repeating: "0", count: width - digits.count))\(digits)"
                default: quoted.unicodeScalars.append(scalar)
                }
            }
        }
        return quoted + "\""
    }
}
