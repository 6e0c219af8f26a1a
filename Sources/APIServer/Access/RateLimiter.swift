import EmailConnect
import HTTPTypes
import Synchronization

/// Counts the requests of each account, and of each address that shows no valid key, in windows of the clock. What is refused is
/// not counted.
final class RateLimiter: Sendable {
    /// Who is counted.
    enum Subject: Hashable, Sendable {
        case account(String)
        case address([UInt8]?)
    }

    /// How many requests since when, for each window.
    struct Count: Sendable {
        var started: [RequestWindow: Int] = [:]
        var number: [RequestWindow: Int] = [:]

        mutating func enter(_ window: RequestWindow, at now: Int) {
            let start = now - now % window.seconds
            // A clock that went back does not give a fresh quota.
            guard start > started[window, default: -1] else { return }
            started[window] = start
            number[window] = 0
        }
    }

    private struct Memory {
        var counts: [Subject: Count] = [:]
        var changed: Set<String> = []
    }

    private let memory = Mutex(Memory())
    private let clock: Clock
    /// More addresses than this are not told apart: an attacker has plenty of them.
    private static let addressLimit = 10_000

    /// - Parameter counts: what the accounts had used before.
    init(_ counts: [String: Count], clock: Clock) {
        self.clock = clock
        memory.withLock { memory in for (account, count) in counts { memory.counts[.account(account)] = count } }
    }

    /// Counts a request.
    /// - Returns: what is left; a refused one has `retryAfter`.
    func admit(_ subject: Subject, _ limits: AccountLimits) -> Quota {
        let now = clock.now().seconds
        return memory.withLock { memory in
            if case .address = subject, memory.counts[subject] == nil, memory.counts.count > Self.addressLimit { Self.forget(&memory, now) }
            var count = memory.counts[subject, default: Count()]
            for window in RequestWindow.allCases { count.enter(window, at: now) }
            let full = RequestWindow.allCases.last { count.number[$0, default: 0] >= limits.requests[$0, default: 0] }
            if full == nil {
                for window in RequestWindow.allCases { count.number[window, default: 0] += 1 }
                if case .account(let account) = subject { memory.changed.insert(account) }
            }
            memory.counts[subject] = count
            return Quota(limits, count, refusedBy: full, now: now)
        }
    }

    /// What an account has left, without counting.
    func quota(of account: String, _ limits: AccountLimits) -> Quota {
        let now = clock.now().seconds
        return memory.withLock { memory in
            var count = memory.counts[.account(account), default: Count()]
            for window in RequestWindow.allCases { count.enter(window, at: now) }
            return Quota(limits, count, refusedBy: nil, now: now)
        }
    }

    /// How many are counted.
    var subjects: Int { memory.withLock { $0.counts.count } }

    /// The accounts whose counts have moved since the last call.
    func takeChanges() -> [String: Count] {
        memory.withLock { memory in
            defer { memory.changed = [] }
            return memory.changed.reduce(into: [:]) { $0[$1] = memory.counts[.account($1)] }
        }
    }

    /// Their counts could not be written down.
    func giveBack(_ accounts: some Sequence<String>) { memory.withLock { $0.changed.formUnion(accounts) } }

    /// Forgets the addresses whose day is over; all of them if that is not enough.
    private static func forget(_ memory: inout Memory, _ now: Int) {
        func drop(_ isOver: (Count) -> Bool) {
            memory.counts = memory.counts.filter { subject, count in
                if case .address = subject { !isOver(count) } else { true }
            }
        }
        drop { $0.started[.day, default: 0] + RequestWindow.day.seconds <= now }
        if memory.counts.count > addressLimit { drop { _ in true } }
    }
}

/// What is left of the windows, as the answers' headers say it.
struct Quota: Sendable {
    /// One window.
    struct Window: Sendable {
        var window: RequestWindow
        var limit: Int
        var remaining: Int
        /// When it begins anew, in seconds since 1970.
        var reset: Int
    }

    let windows: [Window]
    /// The window that refused the request.
    let refusal: Window?
    private let now: Int

    init(_ limits: AccountLimits, _ count: RateLimiter.Count, refusedBy full: RequestWindow?, now: Int) {
        let windows = RequestWindow.allCases.map { window in
            let limit = limits.requests[window, default: 0]
            return Window(
                window: window, limit: limit, remaining: max(0, limit - count.number[window, default: 0]),
                reset: count.started[window, default: 0] + window.seconds)
        }
        self.windows = windows
        self.now = now
        refusal = full.flatMap { full in windows.first { $0.window == full } }
    }

    /// The refusal.
    var problem: Problem? {
        refusal.map { window in
            Problem(
                .rateLimited, "more than \(window.limit) requests in this \(window.window.rawValue); a batch counts as one",
                retryAfter: max(1, window.reset - now))
        }
    }

    /// `X-RateLimit-*` for the window that refused, else for the hour; beside them every window in the fields of
    /// https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
    func write(to headers: inout HTTPFields) {
        guard let shown = refusal ?? windows.first(where: { $0.window == .hour }) else { return }
        headers[.rateLimit] = String(shown.limit)
        headers[.rateRemaining] = String(shown.remaining)
        headers[.rateReset] = String(shown.reset)
        headers[.ratePolicy] = windows.map { #""\#($0.window.rawValue)";q=\#($0.limit);w=\#($0.window.seconds)"# }.joined(separator: ", ")
        headers[.rateDraft] = windows.map { #""\#($0.window.rawValue)";r=\#($0.remaining);t=\#(max(0, $0.reset - now))"# }
            .joined(separator: ", ")
    }
}
