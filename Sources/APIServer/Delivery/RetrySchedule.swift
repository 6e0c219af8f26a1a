public import EmailConnect

/// When an attempt that failed is tried again: soon at first, then ever later, over more than a day.
/// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability
public struct RetrySchedule: Equatable, Sendable {
    /// Seconds after each attempt.
    private let pauses: [Int]

    /// The most pauses that a schedule has.
    private static let pauseLimit = 20
    /// The longest pause, in seconds: a day. A message waits for 7 days at most.
    private static let longestPause = 86_400

    private init(seconds: [Int]) { pauses = seconds }

    /// 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h.
    public static let standard = RetrySchedule(seconds: [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600])

    /// A schedule from how long to wait after each attempt.
    /// - Throws: when there are too many pauses, or one is too long.
    public init(_ pauses: [TimeSpan]) throws(Rejection) {
        guard pauses.count <= Self.pauseLimit else { throw Rejection("at most \(Self.pauseLimit) pauses") }
        guard pauses.allSatisfy({ $0.seconds <= Self.longestPause }) else { throw Rejection("a pause is 24h at most") }
        self.init(seconds: pauses.map(\.seconds))
    }

    /// How often a delivery is tried at most.
    var attemptLimit: Int { pauses.count + 1 }

    /// How long a webhook's `Retry-After` is obeyed, in seconds.
    private static let longestWish = 3600

    /// How long a message waits at most, for a webhook that is suspended or disabled, in seconds: 7 days.
    static let patience = 7 * 86_400

    /// How long to wait after an attempt, in seconds; nil when it was the last one.
    /// - Parameters:
    ///   - attempt: from 1.
    ///   - wish: what the webhook asked for.
    ///   - jitter: 0 up to 1, so that what failed together does not come back together.
    func pause(after attempt: Int, wish: Int?, jitter: Double) -> Int? {
        guard pauses.indices.contains(attempt - 1) else { return nil }
        let delay = Double(pauses[attempt - 1]) * (1 + 0.2 * jitter)
        return max(Int(delay.rounded()), min(wish ?? 0, Self.longestWish))
    }
}
