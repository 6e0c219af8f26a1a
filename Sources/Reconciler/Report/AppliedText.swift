/// What became of an apply, for a terminal or a log.
public enum AppliedText {
    /// A few lines, with a line feed at their end.
    public static func render(_ applied: Applied, _ plan: Plan) -> String {
        let counts = plan.counts
        var text = "Applied as revision \(applied.revision): \(counts.add) added, \(counts.change) changed, \(counts.delete) deleted.\n"
        for line in applied.delivered { text += "Delivered \(line).\n" }
        for failure in applied.undelivered {
            text += "Not delivered: api key \(failure.key): \(Escaped.line(failure.problem)); the next apply issues it again.\n"
        }
        return text
    }
}
