import EmailConnect

/// The deliveries that are due, in the database: who takes one says so there, so that nobody else does, and what a process leaves behind
/// that was killed is taken again.
enum DeliveryQueue {
    /// How long an attempt is nobody else's, in seconds: longer than it can take.
    private static let claimTime = 120
    /// How many are looked at at once, and how often in one transaction.
    private static let (roundSize, roundLimit) = (100, 10)
    /// How long a disabled webhook's mail is left alone before it is looked at again, in seconds.
    private static let disabledPause = 60
    /// How often a suspended webhook is tried, in seconds.
    static let probePause = 3600

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
    static func take(_ room: DeliveryRoom, at time: Timestamp, in transaction: Transaction) throws -> Taken {
        var (taken, room, probed) = (Taken(), room, Set<String>())
        var hasMoved = false
        for _ in 0..<roundLimit {
            let due = try due(beside: room, at: time, in: transaction)
            for due in due where !room.isFull {
                if !due.isThere {
                    try finish(due.job, .failed, .webhookDeleted, at: time, in: transaction)
                    taken.givenUp += 1
                } else if due.queuedAt.seconds + RetrySchedule.patience <= time.seconds {
                    try finish(due.job, .failed, .expired, at: time, in: transaction)
                    taken.givenUp += 1
                } else if !due.isEnabled {
                    try put(off: due.job, to: Timestamp(seconds: time.seconds + disabledPause), in: transaction)
                } else if due.isSuspended, let probe = due.probeAt, probe > time {
                    try put(off: due.job, to: probe, in: transaction)
                } else if due.isSuspended, probed.contains(due.job.webhookID) {
                    try put(off: due.job, to: Timestamp(seconds: time.seconds + probePause), in: transaction)
                } else if room.enter(due.job) {
                    if due.isSuspended { probed.insert(due.job.webhookID) }
                    try claim(due, at: time, in: transaction)
                    taken.jobs.append(due.job)
                } else {
                    continue
                }
                hasMoved = true
            }
            // Who has enough now is not looked at again in the next round: there may be others behind.
            if room.isFull || due.count < roundSize { return taken }
        }
        taken.isMore = hasMoved
        return taken
    }

    /// What is due first, of those who have not enough to do.
    private static func due(beside room: DeliveryRoom, at time: Timestamp, in transaction: Transaction) throws -> [Due] {
        try transaction.all(
            """
            SELECT e.place, e.id, e.account_id, e.webhook_id, e.attempts, e.size, e.queued_at, w.id IS NOT NULL, coalesce(w.enabled, 0),
                w.suspended_at IS NOT NULL, h.probe_at
            FROM emails e LEFT JOIN webhooks w ON w.id = e.webhook_id LEFT JOIN webhook_health h ON h.webhook_id = e.webhook_id
            WHERE e.next_attempt_at <= ?1 AND coalesce(e.claimed_until, '') <= ?1
            AND e.webhook_id NOT IN (SELECT value FROM json_each(?2)) AND e.account_id NOT IN (SELECT value FROM json_each(?3))
            ORDER BY e.next_attempt_at, e.place LIMIT \(roundSize)
            """, [.text(time.text), list(room.busyWebhooks), list(room.busyAccounts)]
        ) { row in
            Due(
                job: DeliveryJob(
                    place: row.integer(0), emailID: row.text(1), accountID: row.text(2), webhookID: row.text(3),
                    attempt: row.integer(4) + 1, size: row.integer(5)),
                queuedAt: try Timestamp(row.text(6)), isThere: row.boolean(7), isEnabled: row.boolean(8), isSuspended: row.boolean(9),
                probeAt: try row.optionalText(10).map { try Timestamp($0) })
        }
    }

    private static func list(_ ids: [String]) -> RowValue {
        var json = JSONWriter()
        json.array { json in for id in ids { json.item(id) } }
        return .text(json.text)
    }

    private static func claim(_ due: Due, at time: Timestamp, in transaction: Transaction) throws {
        if due.isSuspended {
            try transaction.run(
                "UPDATE webhook_health SET probe_at = ? WHERE webhook_id = ?",
                [.text(Timestamp(seconds: time.seconds + probePause).text), .text(due.job.webhookID)])
        }
        try transaction.run(
            "UPDATE emails SET claimed_until = ? WHERE place = ?",
            [.text(Timestamp(seconds: time.seconds + claimTime).text), .integer(due.job.place)])
    }

    /// What a process had taken that was killed is due again after a pause, and one attempt the nearer to its end: should the attempt be
    /// what ends the process, it is not the first thing that happens after each start. The last attempt is made, however often.
    static func release(at time: Timestamp, _ retries: RetrySchedule, in transaction: Transaction) throws {
        let taken = try transaction.all("SELECT place, attempts FROM emails WHERE claimed_until IS NOT NULL") {
            (place: $0.integer(0), attempts: $0.integer(1))
        }
        for (place, attempts) in taken {
            let pause = min(retries.pause(after: attempts + 1, wish: nil, jitter: 0) ?? claimTime, claimTime)
            try transaction.run(
                "UPDATE emails SET claimed_until = NULL, attempts = ?, next_attempt_at = ? WHERE place = ?",
                [
                    .integer(max(attempts, min(attempts + 1, retries.attemptLimit - 1))),
                    .text(Timestamp(seconds: time.seconds + pause).text), .integer(place),
                ])
        }
    }

    /// What was taken and not sent is due as before.
    static func giveBack(_ job: DeliveryJob, in transaction: Transaction) throws {
        try transaction.run("UPDATE emails SET claimed_until = NULL WHERE place = ?", [.integer(job.place)])
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
