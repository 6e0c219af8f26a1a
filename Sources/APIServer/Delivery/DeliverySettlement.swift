import EmailConnect

/// Writes down what came of an attempt: for the log, for the email, and for the webhook's health.
struct DeliverySettlement: Sendable {
    let job: DeliveryJob
    let attempt: Attempt
    let excerpt: String?
    let retries: RetrySchedule
    let startedAt: Timestamp
    /// 0 up to 1.
    let jitter: Double
    /// Of the log's row.
    let id: String

    /// Attempts without success after which a webhook may be suspended.
    private static let failureLimit = 10
    /// For how long they have to have failed, in seconds: a day, so that an evening's trouble takes nobody out.
    private static let failureTime = 86_400

    /// 410: the webhook wants no more. https://www.rfc-editor.org/rfc/rfc9110#section-15.5.11
    private var isGone: Bool { attempt.status == 410 }

    private var pause: Int? {
        guard !isGone else { return nil }
        let wish = if case .success(let answer) = attempt.result { answer.retryAfter } else { nil as Int? }
        return retries.pause(after: job.attempt, wish: wish, jitter: jitter)
    }

    /// Writes it.
    /// - Returns: what became of the email; nil when it is tried again.
    func write(at time: Timestamp, in transaction: Transaction) throws -> EmailStatus? {
        let next = attempt.isDelivered ? nil : pause.map { Timestamp(seconds: time.seconds + $0) }
        try transaction.run(
            """
            INSERT INTO deliveries (id, account_id, email_id, webhook_id, attempt, started_at, milliseconds, delivered, response_code,
                failure, excerpt, next_attempt_at) SELECT ?, account_id, id, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM emails WHERE id = ?
            """,
            [
                .text(id), .text(job.webhookID), .integer(job.attempt), .text(startedAt.text), .integer(attempt.milliseconds),
                .integer(attempt.isDelivered ? 1 : 0), attempt.status.map(RowValue.integer) ?? .null,
                RowValue(attempt.failure?.rawValue), RowValue(excerpt), RowValue(next?.text), .text(job.emailID),
            ])
        try transaction.run("UPDATE emails SET attempts = ? WHERE place = ?", [.integer(job.attempt), .integer(job.place)])
        if attempt.isDelivered {
            try DeliveryQueue.finish(job, .delivered, nil, at: time, in: transaction)
        } else if let next {
            try transaction.run(
                "UPDATE emails SET next_attempt_at = ?, claimed_until = NULL WHERE place = ?", [.text(next.text), .integer(job.place)])
        } else {
            try DeliveryQueue.finish(job, .failed, isGone ? .gone : .attemptsFailed, at: time, in: transaction)
        }
        try transaction.run(
            "INSERT OR IGNORE INTO webhook_health (webhook_id, account_id) SELECT id, account_id FROM webhooks WHERE id = ?",
            [.text(job.webhookID)])
        try attempt.isDelivered ? noteSuccess(at: time, in: transaction) : noteFailure(at: time, in: transaction)
        return attempt.isDelivered ? .delivered : next == nil ? .failed : nil
    }

    private func noteSuccess(at time: Timestamp, in transaction: Transaction) throws {
        try transaction.run(
            """
            UPDATE webhook_health SET failures = 0, failing_since = NULL, probe_at = NULL, last_delivered_at = ? WHERE webhook_id = ?
            """, [.text(time.text), .text(job.webhookID)])
        try WebhookHealth.resume(job.webhookID, at: time, in: transaction)
    }

    private func noteFailure(at time: Timestamp, in transaction: Transaction) throws {
        try transaction.run(
            """
            UPDATE webhook_health SET failures = failures + 1, failing_since = coalesce(failing_since, ?1), last_failed_at = ?1
            WHERE webhook_id = ?2
            """, [.text(time.text), .text(job.webhookID)])
        let hasFailedLong = try transaction.first(
            "SELECT 1 FROM webhook_health WHERE webhook_id = ? AND failures >= \(Self.failureLimit) AND failing_since <= ?",
            [.text(job.webhookID), .text(Timestamp(seconds: time.seconds - Self.failureTime).text)]
        ) { _ in true }
        guard isGone || hasFailedLong == true else { return }
        try WebhookHealth.suspend(job.webhookID, at: time, in: transaction)
    }
}

/// Whether a webhook is called at all.
enum WebhookHealth {
    /// Stops to call it, but for one attempt an hour.
    static func suspend(_ id: String, at time: Timestamp, in transaction: Transaction) throws {
        let isNew = try transaction.run(
            "UPDATE webhooks SET suspended_at = ? WHERE id = ? AND suspended_at IS NULL", [.text(time.text), .text(id)])
        guard isNew > 0 else { return }
        try transaction.run(
            "UPDATE webhook_health SET probe_at = ? WHERE webhook_id = ?",
            [.text(Timestamp(seconds: time.seconds + DeliveryQueue.probePause).text), .text(id)])
    }

    /// Calls it again; what has waited is due now.
    static func resume(_ id: String, at time: Timestamp, in transaction: Transaction) throws {
        let wasSuspended = try transaction.run(
            "UPDATE webhooks SET suspended_at = NULL WHERE id = ? AND suspended_at IS NOT NULL", [.text(id)])
        guard wasSuspended > 0 else { return }
        try transaction.run(
            "UPDATE webhook_health SET failures = 0, failing_since = NULL, probe_at = NULL WHERE webhook_id = ?", [.text(id)])
        try transaction.run(
            "UPDATE emails SET next_attempt_at = ? WHERE webhook_id = ? AND next_attempt_at IS NOT NULL AND claimed_until IS NULL",
            [.text(time.text), .text(id)])
    }
}
