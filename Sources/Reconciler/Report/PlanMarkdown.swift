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

    /// The whole comment, with a line feed at its end. When it would be too long, changes are shortened and left out first, then
    /// deletions, then what is in the way; each time it says how many.
    /// - Complexity: O(changes)
    public var text: String {
        let head = Self.fenced("", [Entry(Self.cut(page.title, 600)), Entry(Self.cut(page.summary, 1000))], room: Self.limit)
        let conflicts = list("In the way", page.conflicts, room: Self.limit / 3)
        let refusals = list("Refused", page.refusals, room: Self.limit / 10)
        let allowed = list("Allowed", page.consented, room: Self.limit / 16)
        let due = list("Due", page.due, room: Self.limit / 16)
        let reported = list("Reported", page.reported, room: Self.limit / 16)
        var room = Self.limit - 64 - [head, conflicts, refusals, allowed, due, reported].reduce(0) { $0 + $1.utf16.count + 1 }
        let (gone, changed) = (page.rows.filter { $0.sigil == .delete }, page.rows.filter { $0.sigil != .delete })
        // Something of what changes is always seen.
        let deletions = Self.fenced("Deletions", gone.map(Entry.init), room: room - (changed.isEmpty ? 0 : 6000))
        room -= deletions.utf16.count + 1
        let changes = Self.fenced("Changes", changed.map(Entry.init), room: room)
        return [head, conflicts, refusals, deletions, changes, allowed, due, reported].filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private func list(_ title: String, _ entries: [String], room: Int) -> String {
        Self.fenced(title, entries.map { Entry("! \(Self.cut($0, 600))") }, room: room)
    }

    /// What stands in a fence: whole, or its first line alone when there is no room.
    private struct Entry {
        var whole: String
        var short: String

        init(_ line: String) { (whole, short) = (line, line) }

        init(_ row: PlanPage.Row) {
            let mark =
                switch row.sigil {
                case .add: "+"
                case .delete: "-"
                case .change, .rename, .uncertain: "!"
                }
            let head = "\(mark) \(row.kind) \(cut(row.name, 400))"
            short = head + (row.note.isEmpty ? "" : "  \(cut(row.note, 120))")
            var lines = [head + (row.note.isEmpty ? "" : "  \(cut(row.note, 600))")]
            lines += row.fields.prefix(50).map { "    \($0.name)  \(cut($0.value, 300))" }
            if row.fields.count > 50 { lines.append("    and \(row.fields.count - 50) more") }
            whole = lines.joined(separator: "\n")
        }
    }

    /// The entries that fit, in a fence that none of them can close.
    private static func fenced(_ title: String, _ entries: [Entry], room: Int) -> String {
        guard !entries.isEmpty else { return "" }
        var shown: [String] = []
        var used = 256
        var longest = 3
        for entry in entries {
            let candidates = [entry.whole, entry.short].map { (text: $0, run: max(longest, longestRun($0) + 1)) }
            guard let fitting = candidates.first(where: { used + $0.text.utf16.count + 1 + 2 * $0.run <= room }) else { continue }
            shown.append(fitting.text)
            used += fitting.text.utf16.count + 1
            longest = fitting.run
        }
        let left = entries.count - shown.count
        let fence = String(repeating: "`", count: longest + 1)
        let heading = title.isEmpty ? "" : "**\(title)** (\(entries.count))\n\n"
        let block = shown.isEmpty ? "" : "\(fence)diff\n\(shown.joined(separator: "\n"))\n\(fence)\n"
        let more =
            left == 0
            ? "" : "\n\(left) more \(left == 1 ? "is" : "are") not shown here: `reconcile show` and `--format html` have them all.\n"
        return heading + block + more
    }

    private static func cut(_ text: String, _ room: Int) -> String {
        guard text.utf16.count > room else { return text }
        let shown = String(text.prefix(room / 2))
        return "\(shown)... (\(text.count - shown.count) more characters)"
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
