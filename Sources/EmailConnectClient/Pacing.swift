import Glibc

/// How the client waits between tries; tests let time pass by itself.
public struct Pacing: Sendable {
    /// The longest time after which a request is still sent again.
    public var limit: Duration
    /// The time since some start.
    public var now: @Sendable () -> Duration
    /// Waits; throws when it is not worth waiting any more.
    public var sleep: @Sendable (Duration) async throws -> Void
    /// The seconds since 1970, by which a server says when calls are counted anew.
    public var epoch: @Sendable () -> Int
    /// 0 up to 1.
    public var jitter: @Sendable () -> Double
    /// Is told why and how long before each wait.
    public var waiting: @Sendable (_ problem: String, _ pause: Duration) -> Void

    /// A way to wait.
    public init(
        limit: Duration = .seconds(60), now: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        epoch: (@Sendable () -> Int)? = nil, jitter: @escaping @Sendable () -> Double,
        waiting: @escaping @Sendable (String, Duration) -> Void
    ) {
        self.limit = limit
        self.now = now
        self.sleep = sleep
        self.epoch = epoch ?? { time(nil) }
        self.jitter = jitter
        self.waiting = waiting
    }

    /// The machine's clock, and nobody is told.
    public static let system: Pacing = {
        let start = ContinuousClock.now
        return Pacing(
            now: { ContinuousClock.now - start }, sleep: { try await Task.sleep(for: $0) }, jitter: { Double.random(in: 0..<1) },
            waiting: { _, _ in })
    }()
}
