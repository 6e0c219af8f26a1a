import EmailConnect

/// Diagnostics as a compiler prints them.
public struct DiagnosticText {
    private let style: TextStyle

    /// How many are shown; who has more has one cause for many.
    private static let limit = 200

    /// Plain, or with colour.
    public init(_ style: TextStyle) { self.style = style }

    /// All of them, sorted, each with its source line.
    /// - Parameter sources: the bytes of each file, by the name that diagnostics have for it.
    public func render(_ diagnostics: [Diagnostic], sources: [String: [UInt8]]) -> String {
        let shown = diagnostics.sorted().prefix(Self.limit)
        var excerpts: [String: SourceExcerpt] = [:]
        for (file, bytes) in sources {
            let positions = Set(shown.filter { $0.file == file }.compactMap(\.position))
            if !positions.isEmpty { excerpts[file] = SourceExcerpt(bytes, at: positions) }
        }
        let text = shown.map { render($0, excerpts[$0.file]) }.joined(separator: "\n")
        let rest = diagnostics.count - shown.count
        return rest > 0 ? "\(text)\n... and \(rest) more\n" : text
    }

    private func render(_ diagnostic: Diagnostic, _ excerpt: SourceExcerpt?) -> String {
        let place = diagnostic.position.map { ":\($0.line):\($0.column)" } ?? ""
        let word = style.paint(diagnostic.severity.rawValue, diagnostic.severity == .error ? .red : .yellow)
        var text = "\(style.bold("\(Escaped.line(diagnostic.file))\(place):")) \(word): \(diagnostic.problem)\n"
        if let position = diagnostic.position, let line = excerpt?.line(at: position, hidden: diagnostic.hidesValue) {
            let number = String(position.line)
            let margin = String(repeating: " ", count: number.count)
            // A tab is one column to libyaml and to the caret.
            let source = Escaped.line(line.text.replacing("\t", with: " "))
            let indent = String(repeating: " ", count: line.mark.lowerBound)
            let carets = String(repeating: "^", count: min(line.mark.count, 80))
            text += " \(number) | \(source)\n \(margin) | \(indent)\(style.paint(carets, .red))\n"
        }
        if !diagnostic.remedy.isEmpty { text += "   = \(diagnostic.remedy)\n" }
        return text
    }
}
