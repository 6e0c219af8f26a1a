public import EmailConnect

/// The API keys of an account: how old, when used last, when they end.
public struct KeyList: Sendable {
    /// One key.
    struct Row: Sendable {
        var name: String
        var owner: String
        var status: String
        var issuedAt: Timestamp?
        var lastUsedAt: Timestamp?
        var endsAt: Timestamp?
        var rotationAt: Timestamp?
        var scopes: [String]
        var id: String
        var isDue: Bool
    }

    let rows: [Row]
    private let now: Timestamp

    /// - Parameter owner: only this one's keys; all when nil.
    public init(_ state: AccountState, _ uses: [KeyUse], of owner: Owner? = nil) {
        let used = Dictionary(uses.map { ($0.id, $0) }) { first, _ in first }
        now = state.header.time
        rows = state.apiKeys.filter { owner == nil || $0.owner == owner }.map { record in
            let age = KeyAge(record, state)
            let isRevoked = state.revoked[record.id] != nil
            let status = isRevoked ? "revoked" : age.isOver ? "expired" : record.value.token == .delivered ? "active" : "undelivered"
            return Row(
                name: record.value.key?.text ?? record.value.name, owner: record.owner?.text ?? "(nobody)", status: status,
                issuedAt: age.issuedAt, lastUsedAt: used[record.id]?.lastUsedAt, endsAt: age.endsAt, rotationAt: age.rotationAt,
                scopes: record.value.scopes.list.map(\.rawValue), id: record.id, isDue: !isRevoked && age.isDue)
        }.sorted { ($0.owner, $0.name, $0.id) < ($1.owner, $1.name, $1.id) }
    }

    /// A table, with a line feed at its end.
    public func text(_ style: TextStyle) -> String {
        guard !rows.isEmpty else { return "No API keys.\n" }
        let head = ["KEY", "OWNER", "STATUS", "AGE", "LAST USED", "ENDS", "ROTATION", "SCOPES", "ID"]
        let cells = rows.map { row in
            [
                Escaped.line(row.name), row.owner, row.status, row.issuedAt.map(ago) ?? "-", row.lastUsedAt.map(ago) ?? "never",
                row.endsAt?.text ?? "never", row.isDue ? "due" : row.rotationAt?.text ?? "-", row.scopes.joined(separator: ","), row.id,
            ]
        }
        let widths = head.indices.map { column in ([head] + cells).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            var line = ""
            for (column, cell) in cells.enumerated() {
                line += column == cells.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count + 2)
            }
            return line + "\n"
        }
        return style.bold(line(head))
            + zip(rows, cells).map { row, cells in
                row.isDue || row.status != "active" ? style.paint(line(cells), .yellow) : line(cells)
            }.joined()
    }

    /// How long ago, in the largest unit that fits.
    private func ago(_ time: Timestamp) -> String {
        let seconds = max(0, now.seconds - time.seconds)
        return seconds >= 86_400 ? "\(seconds / 86_400)d" : seconds >= 3600 ? "\(seconds / 3600)h" : "\(seconds / 60)m"
    }

    /// As one JSON object and a line feed.
    public func json(exit: ExitStatus) -> String {
        var json = JSONWriter()
        json.object { json in
            json.member("format", PlanJSON.format)
            json.member("command", "keys list")
            json.array("keys") { json in
                for row in rows {
                    json.object { json in
                        json.member("name", row.name)
                        json.member("id", row.id)
                        json.member("owner", row.owner == "(nobody)" ? nil : row.owner)
                        json.member("status", row.status)
                        json.member("issued_at", row.issuedAt?.text)
                        json.member("last_used_at", row.lastUsedAt?.text)
                        json.member("ends_at", row.endsAt?.text)
                        json.member("rotation_at", row.rotationAt?.text)
                        json.member("rotation_due", row.isDue)
                        json.member("scopes", row.scopes)
                    }
                }
            }
            json.array("errors") { _ in }
            exit.write(to: &json)
        }
        return json.text + "\n"
    }
}
