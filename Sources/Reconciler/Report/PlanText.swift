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
            let kindWidth = page.rows.map(\.kind.count).max() ?? 0
            let nameWidth = min(page.rows.map(\.name.count).max() ?? 0, 40)
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
        text += "  \(style.paint(row.sigil.rawValue, colour)) \(Self.padded(row.kind, kindWidth)) "
        let used = 4 + kindWidth + 1 + max(row.name.count, nameWidth) + 2
        if row.parts.count > 1, row.note.count > width - used {
            text += "\(row.name)\n" + row.parts.map { "      \($0)\n" }.joined()
        } else {
            text += row.note.isEmpty ? "\(row.name)\n" : "\(Self.padded(row.name, nameWidth))  \(row.note)\n"
        }
        let width = row.fields.map(\.name.count).max() ?? 0
        for field in row.fields { text += "      \(Self.padded(field.name, width))  \(field.value)\n" }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        let missing = width - text.count
        return missing > 0 ? text + String(repeating: " ", count: missing) : text
    }
}
