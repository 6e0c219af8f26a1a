import Synchronization

/// Wakes whoever waits for something to do.
final class Bell: Sendable {
    private let listener = Mutex<AsyncStream<Void>.Continuation?>(nil)

    /// Says that there is something to do.
    func ring() { listener.withLock { _ = $0?.yield() } }

    /// The rings from now on; many at once are one. There is one listener at a time.
    func rings() -> AsyncStream<Void> {
        let (rings, listener) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.listener.withLock { $0 = listener }
        return rings
    }
}
