import EmailConnect

/// The deliveries that are due, in the database: who takes one says so there, so that nobody else does, and what a process leaves behind
/// that was killed is taken again.
enum DeliveryQueue {
    /// How long an attempt is nobody else's, in seconds: longer than it can take.
    private static let claim = 120
    /// How long a disabled webhook's mail is left alone before it is looked at again, in seconds.
    private static let disabledPause = 60
    /// How often a suspended webhook is tried, in seconds.
    static let probePause = 3600

    /// How much may be taken.
    struct Room: Sendable {
        var jobs: Int
        /// Of messages together; one is taken anyway when nothing else is under way.
        var bytes: Int
        var isIdle: Bool
        /// Webhooks that have enough to do.
        var busy: [String] { counts.filter { $0.value >= perWebhook }.keys.sorted() }
        /// Attempts at a time for one webhook.
        var perWebhook: Int
        /// How many each webhook has.
        var counts: [String: Int]
    }

    /// What was taken.
    struct Taken: Sendable {
        var jobs: [DeliveryJob] = []
        /// Whether there may be more.
        var isMore = false
        /// How many are never tried again.
        var givenUp = 0
    }

    private struct Due {
        var job: DeliveryJob
        var queuedAt: Timestamp
        var isThere: Bool
        var isEnabled: Bool
        var isSuspended: Bool
        var probeAt: Timestamp?
    }

    /// Whether anything is due at all: a read, so that an idle server writes nothing.
    static func isDue(at time: Timestamp, in transaction: Transaction) throws -> Bool {
        try transaction.first("SELECT 1 FROM emails WHERE next_attempt_at <= ?1 AND coalesce(claimed_until, '') <= ?1", [.text(time.text)])
        {
            _ in true
        } ?? false
    }

    /// Takes what is due. What cannot be sent now is put off, what never can is given up.
    static func take(_ room: Room, at time: Timestamp, in transaction: Transaction) throws -> Taken {
        var busy = JSONWriter()
        busy.array { json in for id in room.busy { json.item(id) } }
        let limit = 100
        let due = try transaction.all(
            """
            SELECT e.place, e.id, e.account_id, e.webhook_id, e.attempts, e.size, e.queued_at, w.id IS NOT NULL, coalesce(w.enabled, 0),
                w.suspended_at IS NOT NULL, h.probe_at
            FROM emails e LEFT JOIN webhooks w ON w.id = e.webhook_id LEFT JOIN webhook_health h ON h.webhook_id = e.webhook_id
            WHERE e.next_attempt_at <= ?1 AND coalesce(e.claimed_until, '') <= ?1
            AND e.webhook_id NOT IN (SELECT value FROM json_each(?2)) ORDER BY e.next_attempt_at, e.place LIMIT \(limit)
            """, [.text(time.text), .text(busy.text)]
        ) { row in
            Due(
                job: DeliveryJob(
                    place: row.integer(0), emailID: row.text(1), accountID: row.text(2), webhookID: row.text(3),
                    attempt: row.integer(4) + 1, size: row.integer(5)),
                queuedAt: try Timestamp(row.text(6)), isThere: row.boolean(7), isEnabled: row.boolean(8), isSuspended: row.boolean(9),
                probeAt: try row.optionalText(10).map { try Timestamp($0) })
        }
        var (jobs, bytes, isFull): ([DeliveryJob], Int, Bool) = ([], 0, false)
        var givenUp = 0
        var probed: Set<String> = []
        var counts = room.counts
        for due in due {
            if !due.isThere {
                try finish(due.job, .failed, .webhookDeleted, at: time, in: transaction)
                givenUp += 1
            } else if due.queuedAt.seconds + RetrySchedule.patience <= time.seconds {
                try finish(due.job, .failed, .expired, at: time, in: transaction)
                givenUp += 1
            } else if !due.isEnabled {
                try put(off: due.job, to: Timestamp(seconds: time.seconds + disabledPause), in: transaction)
            } else if due.isSuspended, let probe = due.probeAt, probe > time {
                try put(off: due.job, to: probe, in: transaction)
            } else if due.isSuspended, probed.contains(due.job.webhookID) {
                try put(off: due.job, to: Timestamp(seconds: time.seconds + probePause), in: transaction)
            } else if counts[due.job.webhookID, default: 0] >= room.perWebhook {
                isFull = true
            } else if jobs.count < room.jobs, bytes + due.job.size <= room.bytes || room.isIdle && jobs.isEmpty {
                if due.isSuspended {
                    probed.insert(due.job.webhookID)
                    try transaction.run(
                        "UPDATE webhook_health SET probe_at = ? WHERE webhook_id = ?",
                        [.text(Timestamp(seconds: time.seconds + probePause).text), .text(due.job.webhookID)])
                }
                try transaction.run(
                    "UPDATE emails SET claimed_until = ? WHERE place = ?",
                    [.text(Timestamp(seconds: time.seconds + claim).text), .integer(due.job.place)])
                jobs.append(due.job)
                counts[due.job.webhookID, default: 0] += 1
                bytes += due.job.size
            } else {
                isFull = true
            }
        }
        return Taken(jobs: jobs, isMore: due.count == limit && !isFull, givenUp: givenUp)
    }

    /// What a process had taken that is not there any more is due again.
    static func release(in transaction: Transaction) throws {
        try transaction.run("UPDATE emails SET claimed_until = NULL WHERE claimed_until IS NOT NULL")
    }

    private static func put(off job: DeliveryJob, to time: Timestamp, in transaction: Transaction) throws {
        try transaction.run(
            "UPDATE emails SET next_attempt_at = ?, claimed_until = NULL WHERE place = ?", [.text(time.text), .integer(job.place)])
    }

    /// Settles what became of it.
    static func finish(
        _ job: DeliveryJob, _ status: EmailStatus, _ reason: EmailReason?, at time: Timestamp, in transaction: Transaction
    ) throws {
        try transaction.run(
            """
            UPDATE emails SET status = ?, reason = ?, next_attempt_at = NULL, claimed_until = NULL, finished_at = ? WHERE place = ?
            """, [.text(status.rawValue), RowValue(reason?.rawValue), .text(time.text), .integer(job.place)])
    }
}
