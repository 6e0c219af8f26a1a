/// A plan for a terminal or a log. No line begins with text from outside.
public struct PlanText {
    private let style: TextStyle
    private let width: Int

    /// Plain, or with colour.
    /// - Parameter width: how many characters a line of the terminal has; a log has no width.
    public init(_ style: TextStyle, width: Int? = nil) {
        self.style = style
        self.width = width ?? .max
    }

    /// The whole plan, with a line feed at its end.
    /// - Complexity: O(changes)
    /// - Parameter driftOnly: only what somebody changed in the account since the last apply.
    public func render(_ plan: Plan, server: String, driftOnly: Bool = false) -> String {
        let page = PlanPage(plan, server: server, driftOnly: driftOnly)
        var text = page.title + "\n"
        if !page.rows.isEmpty {
            text += "\n"
            let kindWidth = page.rows.lazy.map { Self.columns($0.kind) }.max() ?? 0
            let nameWidth = min(page.rows.lazy.map { Self.columns($0.name) }.max() ?? 0, 40)
            for row in page.rows { append(row, kindWidth, nameWidth, to: &text) }
        }
        if !page.conflicts.isEmpty {
            text += "\nIn the way:\n"
            for conflict in page.conflicts { text += "  \(style.paint("!", .red)) \(conflict)\n" }
        }
        if !page.refusals.isEmpty {
            text += "\nRefused:\n"
            for refusal in page.refusals { text += "  \(style.paint("!", .red)) \(refusal)\n" }
        }
        if !page.consented.isEmpty {
            text += "\n"
            for consent in page.consented { text += "Allowed: \(consent)\n" }
        }
        if !page.due.isEmpty {
            text += "\n"
            for due in page.due { text += "Due: \(due)\n" }
        }
        if !page.reported.isEmpty {
            text += "\n"
            for line in page.reported { text += "Reported: \(line)\n" }
        }
        return text + "\n" + style.bold(page.summary) + "\n"
    }

    private func append(_ row: PlanPage.Row, _ kindWidth: Int, _ nameWidth: Int, to text: inout String) {
        let colour: TextStyle.Colour =
            switch row.sigil {
            case .add: .green
            case .change, .rename: .yellow
            case .delete: .red
            case .uncertain: .cyan
            }
        text += "  "
        text += style.paint(row.sigil.rawValue, colour)
        text += " "
        text += Self.padded(row.kind, kindWidth)
        text += " "
        let used = 4 + kindWidth + 1 + max(Self.columns(row.name), nameWidth) + 2
        if row.parts.count > 1, width < .max, Self.columns(row.note) > width - used {
            text += "\(row.name)\n" + row.parts.map { "      \($0)\n" }.joined()
        } else {
            text += row.note.isEmpty ? row.name : Self.padded(row.name, nameWidth)
            if !row.note.isEmpty { text += "  " }
            text += row.note
            text += "\n"
        }
        let width = row.fields.map(\.name.count).max() ?? 0
        for field in row.fields { text += "      \(Self.padded(field.name, width))  \(field.value)\n" }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        let missing = width - columns(text)
        return missing > 0 ? text + String(repeating: " ", count: missing) : text
    }

    /// How many characters a text has; of most, that is how many bytes.
    private static func columns(_ text: String) -> Int { Escaped.isPlain(text) ? text.utf8.count : text.count }
}
