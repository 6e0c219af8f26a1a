/// When a request is sent again: a function of what went wrong, and nothing else. Every request of the client can be sent
/// again: reads change nothing, a batch has an idempotency key, an acknowledgement says the same twice.
public enum RetryPolicy {
    /// What went wrong, as far as trying again is concerned.
    public enum Trouble: Equatable, Sendable {
        /// No connection: nothing was sent. A server that restarts is back soon; one that is not there is not waited for.
        case notConnected
        /// The server said that it did nothing and when to come back, in seconds: 429 and 503.
        /// https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
        case busy(retryAfter: Int?)
        /// The connection broke, the answer was cut off or came from something on the way: nobody knows what was done.
        case broken
        /// It would go wrong again.
        case final
    }

    /// How often a request is sent again at most.
    public static func attempts(_ trouble: Trouble) -> Int {
        switch trouble {
        case .notConnected: 3
        case .busy: 20
        case .broken: 5
        case .final: 0
        }
    }

    /// How long to wait before trying again; nil to give up.
    /// - Parameters:
    ///   - attempt: how often the request was sent again already, from 0.
    ///   - elapsed: the time since it was sent first.
    ///   - limit: the longest time after which it may still be sent.
    ///   - jitter: 0 up to 1, so that clients that failed together do not come back together.
    public static func pause(
        after trouble: Trouble, attempt: Int, elapsed: Duration, limit: Duration, jitter: Double
    ) -> Duration? {
        guard attempt < attempts(trouble) else { return nil }
        let doubled = Duration.milliseconds(250 << min(attempt, 5))
        var pause = doubled * (0.5 + jitter / 2)
        if case .busy(let seconds?) = trouble { pause = max(pause, .seconds(max(0, seconds))) }
        return elapsed + pause <= limit ? pause : nil
    }
}
