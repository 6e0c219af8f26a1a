/// When an attempt that failed is tried again: soon at first, then ever later, over more than a day.
/// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability
enum RetrySchedule {
    /// Seconds after each attempt.
    private static let delays = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600]

    /// How often a delivery is tried at most.
    static let attemptLimit = delays.count + 1

    /// How long a webhook's `Retry-After` is obeyed, in seconds.
    private static let longestWish = 3600

    /// How long a message waits at most, for a webhook that is suspended or disabled, in seconds: 7 days.
    static let patience = 7 * 86_400

    /// How long to wait after an attempt, in seconds; nil when it was the last one.
    /// - Parameters:
    ///   - attempt: from 1.
    ///   - wish: what the webhook asked for.
    ///   - jitter: 0 up to 1, so that what failed together does not come back together.
    static func pause(after attempt: Int, wish: Int?, jitter: Double) -> Int? {
        guard delays.indices.contains(attempt - 1) else { return nil }
        let delay = Double(delays[attempt - 1]) * (1 + 0.2 * jitter)
        return max(Int(delay.rounded()), min(wish ?? 0, longestWish))
    }
}
