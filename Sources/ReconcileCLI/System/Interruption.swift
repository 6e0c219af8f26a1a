import Synchronization
import UnixSignals

/// What Ctrl-C does. While nothing can have been written, it ends the run at once. While something is being written, the first
/// one lets that come to its end, and the second one stops at once.
final class Interruption: Sendable {
    private struct State {
        var isWriting = false
        var isRequested = false
        var cleanups: [@Sendable () -> Void] = []
    }

    /// What a signal comes to.
    enum Effect {
        /// Nothing was written.
        case endsClean
        /// What is being written comes to its end first.
        case endsSoon
        /// Nobody waits any more.
        case endsNow
    }

    private let state = Mutex(State())

    /// Whether the run shall end after what is being written.
    var isRequested: Bool { state.withLock { $0.isRequested } }

    /// Something is being written as long as `body` runs.
    func whileWriting<T>(_ body: () async throws -> T) async rethrows -> T {
        state.withLock { $0.isWriting = true }
        defer { state.withLock { $0.isWriting = false } }
        return try await body()
    }

    /// What has to be taken away when the run ends at once.
    func onExit(_ cleanup: @escaping @Sendable () -> Void) { state.withLock { $0.cleanups.append(cleanup) } }

    /// Does what `onExit` was given.
    func cleanUp() {
        let cleanups = state.withLock { state in
            defer { state.cleanups = [] }
            return state.cleanups
        }
        for cleanup in cleanups { cleanup() }
    }

    /// Waits for SIGINT and SIGTERM, and says what each comes to.
    func listen(_ react: @Sendable (Effect) -> Void) async {
        for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
            let effect = state.withLock { state -> Effect in
                guard state.isWriting else { return .endsClean }
                defer { state.isRequested = true }
                return state.isRequested ? .endsNow : .endsSoon
            }
            react(effect)
        }
    }
}
