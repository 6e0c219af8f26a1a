public import APIServer
import EmailConnect
import Synchronization

/// A clock that stands until a test moves it.
public final class SettableClock: Sendable {
    private let time = Mutex(Timestamp(seconds: 1_800_000_000))

    /// A clock at some day in 2027.
    public init() {}

    /// Lets time pass.
    public func advance(seconds: Int) { time.withLock { $0 = Timestamp(seconds: $0.seconds + seconds) } }

    /// The seconds since 1970.
    public var seconds: Int { time.withLock { $0.seconds } }

    /// The clock as the server takes it.
    public var clock: Clock { Clock { self.time.withLock { $0 } } }
}
