import EmailConnect

/// What became of an apply, for a terminal or a log.
public enum AppliedText {
    /// A few lines, with a line feed at their end.
    public static func render(_ applied: Applied, _ plan: Plan) -> String {
        if let rest = applied.rest { return render(rest) }
        let counts = applied.counts
        var parts = ["\(counts.add) added", "\(counts.change) changed", "\(counts.delete) deleted"]
        let rest = [
            (counts.rename, "renamed"), (counts.adopt, "adopted"), (counts.takeOver, "taken over"), (counts.release, "released"),
        ]
        parts += rest.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        var text = "Applied as revision \(applied.revision): \(parts.joined(separator: ", ")).\n"
        if let movedFrom = plan.movedFrom { text += "\(movedFrom.text) is \(plan.owner.text) now.\n" }
        for key in applied.elsewhere { text += "Delivered by another run at the same moment: \(key).\n" }
        for line in applied.delivered { text += "Delivered \(line).\n" }
        for failure in applied.undelivered {
            text += "Not delivered: api key \(failure.key): \(Escaped.line(failure.problem)); the next apply issues it again.\n"
        }
        return text
    }

    private static func render(_ rest: Applied.Rest) -> String {
        let all = rest.done.count + rest.left.count
        var text = "Applied in part: \(rest.done.count) of \(all) \(all == 1 ? "operation" : "operations").\n"
        for name in rest.done { text += "  done  \(name)\n" }
        for name in rest.left { text += "  left  \(name)\n" }
        return text
    }
}
