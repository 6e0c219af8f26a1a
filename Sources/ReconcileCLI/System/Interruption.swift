import Synchronization
import UnixSignals

/// What Ctrl-C does. While nothing can have been written, it ends the run at once. While something is being written, the first
/// one lets that come to its end, and the second one stops at once. What was written is reported in any case.
final class Interruption: Sendable {
    private enum Phase {
        /// Nothing was written.
        case reading
        /// Something is on its way.
        case writing
        /// It is known what was done; the run ends by itself.
        case written
        /// A signal ends the run.
        case ending
    }

    private struct State {
        var phase = Phase.reading
        var isRequested = false
        var cleanups: [@Sendable () -> Void] = []
    }

    /// What a signal comes to.
    enum Effect {
        /// Nothing was written.
        case endsClean
        /// What is being written comes to its end first.
        case endsSoon
        /// Nobody waits any more, and nobody knows.
        case endsNow
        /// The run ends by itself.
        case nothing
    }

    private let state = Mutex(State())

    /// Whether the run shall end after what is being written.
    var isRequested: Bool { state.withLock { $0.isRequested } }

    /// Something is being written as long as `body` runs.
    /// - Throws: `CancellationError` when a signal has ended the run before.
    func whileWriting<T>(_ body: () async throws -> T) async throws -> T {
        let mayWrite = state.withLock { state in
            guard state.phase != .ending else { return false }
            state.phase = .writing
            return true
        }
        guard mayWrite else { throw CancellationError() }
        defer { state.withLock { if $0.phase == .writing { $0.phase = .written } } }
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
                defer { state.isRequested = true }
                switch state.phase {
                case .reading:
                    state.phase = .ending
                    return .endsClean
                case .writing where state.isRequested:
                    state.phase = .ending
                    return .endsNow
                case .writing: return .endsSoon
                case .written, .ending: return .nothing
                }
            }
            react(effect)
        }
    }
}
