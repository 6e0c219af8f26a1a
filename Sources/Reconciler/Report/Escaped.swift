/// Text from outside, made harmless for where it is shown.
public enum Escaped {
    /// For one line of a terminal or a log: control characters, line breaks and everything that turns the direction of
    /// writing become visible. https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
    public static func line(_ text: String) -> String {
        if isPlain(text) { return text }
        var line = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": line += "\\n"
            case "\t": line += "\\t"
            case "\r": line += "\\r"
            default:
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                    line += "\\u{\(String(scalar.value, radix: 16))}"
                default:
                    // Letters and signs that draw nothing. https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point
                    let isBlank = scalar.properties.isDefaultIgnorableCodePoint || scalar == "\u{2800}"
                    if isBlank { line += "\\u{\(String(scalar.value, radix: 16))}" } else { line.unicodeScalars.append(scalar) }
                }
            }
        }
        return line
    }

    /// As ``line(_:)``, in double quotes.
    public static func quoted(_ text: String) -> String {
        if isPlain(text), !text.utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) { return "\"" + text + "\"" }
        let inner = line(text.replacing("\\", with: "\\\\")).replacing("\"", with: "\\\"")
        return "\"\(inner)\""
    }

    /// Whether all of it is ASCII that draws something, so that a byte is a column.
    static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } }
}
