import EmailConnect

/// How much mail came and how its deliveries went, hour by hour or day by day, up to now.
struct MailSeries: Sendable {
    /// How far back it goes.
    enum Span: String, CaseIterable, Sendable {
        case day
        case month

        /// Seconds of one step.
        var step: Int { self == .day ? 3600 : 86_400 }
        var count: Int { self == .day ? 24 : 30 }
        /// How much of a moment's text says in which step it is.
        fileprivate var letters: Int { self == .day ? 13 : 10 }
    }

    /// One hour or day.
    struct Step: Sendable {
        /// When it begins, UTC.
        let start: Timestamp
        /// What became of what came then.
        var emails: [EmailStatus: Int] = [:]
        /// Attempts that a webhook answered with 2xx, and the others.
        var delivered = 0
        var failed = 0
    }

    let span: Span
    let steps: [Step]

    /// How many emails of each status came in each step.
    static func emails(_ span: Span) -> String {
        """
        SELECT substr(received_at, 1, \(span.letters)), status, count(*) FROM emails
        WHERE account_id = ? AND received_at >= ? GROUP BY 1, 2
        """
    }

    /// How many attempts were made in each step, delivered and not.
    static func attempts(_ span: Span) -> String {
        """
        SELECT substr(started_at, 1, \(span.letters)), delivered, count(*) FROM deliveries
        WHERE account_id = ? AND started_at >= ? GROUP BY 1, 2
        """
    }

    /// Reads it; the last step is the one that is not over yet. Both queries are answered from an index alone.
    static func read(_ span: Span, of account: String, at time: Timestamp, in transaction: Transaction) throws -> MailSeries {
        let last = time.seconds / span.step * span.step
        var steps = (0..<span.count).map { Step(start: Timestamp(seconds: last - (span.count - 1 - $0) * span.step)) }
        let places = Dictionary(uniqueKeysWithValues: steps.enumerated().map { ($1.start.text.prefix(span.letters), $0) })
        let since = RowValue.text(steps.first?.start.text ?? time.text)
        try transaction.each(emails(span), [.text(account), since]) { row in
            if let place = places[row.text(0)[...]], let status = EmailStatus(rawValue: row.text(1)) {
                steps[place].emails[status] = row.integer(2)
            }
            return true
        }
        try transaction.each(attempts(span), [.text(account), since]) { row in
            guard let place = places[row.text(0)[...]] else { return true }
            if row.boolean(1) { steps[place].delivered = row.integer(2) } else { steps[place].failed = row.integer(2) }
            return true
        }
        return MailSeries(span: span, steps: steps)
    }
}
