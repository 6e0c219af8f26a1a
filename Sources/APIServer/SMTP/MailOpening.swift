import ServiceLifecycle
import Synchronization

/// The moment at which mail is listened for. Others wait for it, so that a server that cannot listen at both its addresses has announced
/// none, and has nothing to take back.
final class MailOpening: Sendable {
    private let known = Mutex(0)
    private let (moments, source) = AsyncStream<Void>.makeStream()

    /// Where mail is listened for; 0 before it is.
    var port: Int { known.withLock { $0 } }

    func open(at port: Int) {
        known.withLock { $0 = port }
        source.finish()
    }

    /// Comes back when mail is listened for.
    /// - Returns: false when the server ends before that.
    func wait() async -> Bool {
        for await _ in moments.cancelOnGracefulShutdown() {}
        return port != 0
    }
}

/// A service that begins when mail is listened for.
struct AfterMail<Base: Service>: Service {
    let opening: MailOpening
    let service: Base

    func run() async throws { if await opening.wait() { try await service.run() } }
}
