import Synchronization

/// What the server has counted of mail since it was started.
final class MailCounts: Sendable {
    private struct Memory {
        var emails: [EmailStatus: Int] = [:]
        var attempts: [String: Int] = [:]
        var refusals: [SMTPRefusal: Int] = [:]
    }

    private let memory = Mutex(Memory())

    /// Every outcome that an attempt can have: the class of what was answered, or why nothing was.
    private static let outcomes = ["2xx", "3xx", "4xx", "5xx", "other"] + DeliveryFailure.allCases.map(\.rawValue)

    /// Some emails have come to a status.
    func note(_ status: EmailStatus, _ count: Int = 1) { memory.withLock { $0.emails[status, default: 0] += count } }

    /// An attempt was made.
    func note(_ attempt: Attempt) {
        let outcome =
            attempt.failure?.rawValue ?? attempt.status.flatMap { (200..<600).contains($0) ? "\($0 / 100)xx" : nil } ?? "other"
        memory.withLock { $0.attempts[outcome, default: 0] += 1 }
    }

    /// Mail was refused by SMTP.
    func note(_ refusal: SMTPRefusal) { memory.withLock { $0.refusals[refusal, default: 0] += 1 } }

    /// What Prometheus reads.
    /// - Parameter queue: what waits now; left out when the database does not say.
    func families(_ queue: MailQueue?) -> [MetricFamily] {
        let memory = memory.withLock { $0 }
        var families = [
            MetricFamily(
                "reconcile_emails_total", .counter, "How often an email, for one recipient, came to a status; replays count again.",
                EmailStatus.allCases.map { ("status", $0.rawValue, memory.emails[$0, default: 0]) }),
            MetricFamily(
                "reconcile_delivery_attempts_total", .counter, "Attempts to deliver, by what was answered or why nothing was.",
                Self.outcomes.map { ("outcome", $0, memory.attempts[$0, default: 0]) }),
            MetricFamily(
                "reconcile_smtp_refusals_total", .counter, "Recipients and messages that were refused by SMTP, which no log of mail has.",
                SMTPRefusal.allCases.map { ("reason", $0.rawValue, memory.refusals[$0, default: 0]) }),
        ]
        guard let queue else { return families }
        families += [
            MetricFamily("reconcile_email_queue_length", .gauge, "Emails that wait for an attempt.", queue.length),
            MetricFamily(
                "reconcile_email_queue_oldest_seconds", .gauge, "How long the oldest of them has waited; 0 if there is none.", queue.oldest),
            MetricFamily("reconcile_webhooks_suspended", .gauge, "Webhooks that are suspended.", queue.suspended),
        ]
        return families
    }
}

/// A counter or a gauge, with a row for each value of its label.
struct MetricFamily: Sendable {
    enum Kind: String { case counter, gauge }

    /// The text that Prometheus reads.
    let lines: [String]

    init(_ name: String, _ kind: Kind, _ about: String, _ rows: [(label: String, value: String, count: Int)]) {
        lines = Self.head(name, kind, about) + rows.map { "\(name){\($0.label)=\"\($0.value)\"} \($0.count)" }
    }

    init(_ name: String, _ kind: Kind, _ about: String, _ count: Int) { lines = Self.head(name, kind, about) + ["\(name) \(count)"] }

    private static func head(_ name: String, _ kind: Kind, _ about: String) -> [String] {
        ["# HELP \(name) \(about)", "# TYPE \(name) \(kind.rawValue)"]
    }
}
