public import EmailConnect

/// What was applied, for a terminal or a log: two lines a commit, the latest first.
public enum HistoryText {
    /// The lines, with a line feed at their end.
    public static func render(_ records: [ApplyRecord]) -> String {
        guard !records.isEmpty else { return "Nothing was applied.\n" }
        return records.map { record in
            var parts = ["revision \(record.revision)", record.time.text, record.owner?.text ?? "(a plain request)"]
            parts.append("\(record.operations) \(record.operations == 1 ? "operation" : "operations")")
            if let digest = record.digest { parts.append("plan \(PlanDigest.short(digest))") }
            var by = ["  by \(Escaped.line(record.actor))"]
            if let sequence = record.sequence { by.append("sequence \(sequence)") }
            by += record.context.filter { $0.key != Sink.contextName }.sorted { $0.key < $1.key }.map {
                "\(Escaped.line($0.key)) \(Escaped.line($0.value))"
            }
            return parts.joined(separator: "  ") + "\n" + by.joined(separator: ", ") + "\n"
        }.joined()
    }

    /// As one JSON object and a line feed.
    public static func json(_ records: [ApplyRecord], exit: ExitStatus) -> String {
        var json = JSONWriter()
        json.object { json in
            json.member("format", PlanJSON.format)
            json.member("command", "history")
            json.array("applies") { json in for record in records { record.write(to: &json) } }
            json.array("errors") { _ in }
            exit.write(to: &json)
        }
        return json.text + "\n"
    }
}
