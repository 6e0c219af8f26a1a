import EmailConnect

/// What waits to be delivered, in all accounts together.
struct MailQueue: Sendable {
    /// Emails.
    let length: Int
    /// How long the oldest has waited, in seconds.
    let oldest: Int
    /// Webhooks that are suspended.
    let suspended: Int

    static let waiting = "SELECT count(*), min(queued_at) FROM emails INDEXED BY emails_queue WHERE next_attempt_at IS NOT NULL"
    static let suspendedWebhooks = "SELECT count(*) FROM webhooks WHERE suspended_at IS NOT NULL"

    /// Reads it, from two indices that have nothing else.
    static func read(at time: Timestamp, in transaction: Transaction) throws -> MailQueue {
        let waiting = try transaction.first(waiting) { row in
            (length: row.integer(0), oldest: try row.optionalText(1).map { max(0, time.seconds - (try Timestamp($0)).seconds) })
        }
        let suspended = try transaction.first(suspendedWebhooks) { $0.integer(0) }
        return MailQueue(length: waiting?.length ?? 0, oldest: waiting?.oldest ?? 0, suspended: suspended ?? 0)
    }
}
