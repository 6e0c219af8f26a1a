import EmailConnect
import HTTPTypes
import HummingbirdCore
import Synchronization

/// One large body at a time for each account: what is read into memory stays bounded.
final class LargeBodies: Sendable {
    private let accounts = Mutex<Set<String>>([])

    /// Does `body` while no other large one of the account is being done.
    /// - Throws: ``Problem`` when there is one already.
    func one<T: Sendable>(_ call: Call, _ body: () async throws -> T) async throws -> T {
        if let length = call.request.headers[.contentLength].flatMap(Int.init), length <= Call.bodyLimit { return try await body() }
        let account = call.caller.accountID
        guard accounts.withLock({ $0.insert(account).inserted }) else {
            throw Problem(.unavailable, "another large batch of this account is being done", retryAfter: 2)
        }
        defer { accounts.withLock { _ = $0.remove(account) } }
        return try await body()
    }
}
