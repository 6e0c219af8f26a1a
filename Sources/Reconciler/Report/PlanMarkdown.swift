/// A plan for a comment on a pull request. Whatever comes from outside stands inside fences, where no mention, no link and no markup
/// is one. https://github.github.com/gfm/#fenced-code-blocks
public struct PlanMarkdown {
    /// The longest comment that the forges take, in UTF-16 code units. https://docs.github.com/en/rest/issues/comments
    public static let limit = 65_536

    private let page: PlanPage

    /// - Parameter driftOnly: only what somebody changed in the account since the last apply.
    public init(_ plan: Plan, server: String, driftOnly: Bool = false) {
        page = PlanPage(plan, server: server, driftOnly: driftOnly)
    }

    /// The whole comment, with a line feed at its end. When it would be too long, changes are left out first, then what goes
    /// along with deletions, then deletions; each time it says how many.
    /// - Complexity: O(changes)
    public var text: String {
        let deletions = page.rows.filter { $0.sigil == .delete }
        let changes = page.rows.filter { $0.sigil != .delete }
        var sections = [Self.fenced(Section("", [page.title, page.summary]), room: .max)]
        sections.append(list("In the way", page.conflicts))
        sections.append(list("Refused", page.refusals))
        var room = Self.limit - 2048 - sections.reduce(0) { $0 + $1.utf16.count }
        let gone = Self.deletions(deletions, room: room)
        room -= gone.utf16.count
        let rest = [list("Allowed", page.consented, room: room / 8), list("Due", page.due, room: room / 8)]
        room -= rest.reduce(0) { $0 + $1.utf16.count }
        sections.append(gone)
        sections.append(Self.fenced(Section("Changes", changes.map(Self.lines)), room: room))
        return (sections + rest).filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// A heading and entries of one or more lines.
    private struct Section {
        var title: String
        var entries: [String]

        init(_ title: String, _ entries: [String]) {
            self.title = title
            self.entries = entries
        }
    }

    private func list(_ title: String, _ entries: [String], room: Int = .max) -> String {
        Self.fenced(Section(title, entries.map { "! \($0)" }), room: room)
    }

    /// Deletions as they are; if there is no room, without what goes along, as which they are counted.
    private static func deletions(_ rows: [PlanPage.Row], room: Int) -> String {
        let whole = fenced(Section("Deletions", rows.map(lines)), room: .max)
        if whole.utf16.count <= room { return whole }
        let names = rows.map { "- \($0.kind) \($0.name)" + ($0.fields.isEmpty ? "" : "  (with \($0.fields.count) aliases)") }
        return fenced(Section("Deletions", names), room: room)
    }

    private static func lines(_ row: PlanPage.Row) -> String {
        let mark =
            switch row.sigil {
            case .add: "+"
            case .delete: "-"
            case .change, .rename, .uncertain: "!"
            }
        let head = "\(mark) \(row.kind) \(row.name)" + (row.note.isEmpty ? "" : "  \(row.note)")
        return ([head] + row.fields.map { "    \($0.name)  \($0.value)" }).joined(separator: "\n")
    }

    /// The entries that fit, in a fence that none of them can close.
    private static func fenced(_ section: Section, room: Int) -> String {
        guard !section.entries.isEmpty else { return "" }
        var shown: [String] = []
        var used = 128
        for entry in section.entries {
            used += entry.utf16.count + 1
            guard used <= room else { break }
            shown.append(entry)
        }
        let left = section.entries.count - shown.count
        let fence = String(repeating: "`", count: max(3, shown.map(longestRun).max() ?? 0) + 1)
        let title = section.title.isEmpty ? "" : "**\(section.title)** (\(section.entries.count))\n\n"
        let more =
            left == 0
            ? "" : "\n\(left) more \(left == 1 ? "is" : "are") not shown here: `reconcile show` and `--format html` have them all.\n"
        return "\(title)\(fence)diff\n\(shown.joined(separator: "\n"))\n\(fence)\n\(more)"
    }

    private static func longestRun(_ text: String) -> Int {
        var longest = 0
        var run = 0
        for byte in text.utf8 {
            run = byte == UInt8(ascii: "`") ? run + 1 : 0
            longest = max(longest, run)
        }
        return longest
    }
}
