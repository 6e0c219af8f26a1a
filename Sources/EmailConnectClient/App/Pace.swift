import EmailConnect

/// How many calls the account still takes, as its answers say.
actor Pace {
    /// Calls that are counted together.
    struct Window: Equatable, Sendable {
        /// How many there may be.
        var limit: Int
        /// Its length, in seconds.
        var length: Int
        /// How many are left.
        var remaining: Int
        /// When they are counted anew, in seconds since 1970.
        var reset: Int
    }

    private(set) var windows: [Window] = []
    private var known: [Window] = []

    /// What the service's plan Free allows, for as long as no answer has said anything: calls an hour.
    static let usual = Window(limit: 100, length: 3600, remaining: 100, reset: 0)
    /// The longest that is waited at a time, in seconds: no window is longer than a day.
    static let longest = 90_000

    /// Takes what an answer says: every window in `RateLimit-Policy` and `RateLimit`, or the one in `X-RateLimit-*`.
    /// https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
    func note(at now: Int, _ header: (_ name: String) -> String?) {
        let policies = Self.items(header("RateLimit-Policy"))
        let counts = Self.items(header("RateLimit"))
        let told = policies.compactMap { name, policy -> Window? in
            guard let limit = policy["q"], let length = policy["w"], let remaining = counts[name]?["r"], let rest = counts[name]?["t"]
            else { return nil }
            return Window(limit: limit, length: length, remaining: remaining, reset: now + min(rest, Self.longest))
        }
        if !told.isEmpty { return windows = told.sorted { $0.length < $1.length } }
        func number(_ name: String) -> Int? { header("X-RateLimit-\(name)").flatMap { Int($0) } }
        guard let limit = number("Limit"), limit > 0, let remaining = number("Remaining"), let reset = number("Reset") else { return }
        // It does not say how long it counts: for at least as long as it still does, or did before.
        let guess = [60, 3600].first { reset - now <= $0 } ?? 86_400
        let length = max(guess, known.first { $0.limit == limit }?.length ?? 0)
        windows = [Window(limit: limit, length: length, remaining: max(0, remaining), reset: min(reset, now + Self.longest))]
        known = windows
    }

    /// How long to wait before the next call, in seconds; nil when it may be made now.
    func pause(at now: Int) -> Int? {
        let full = windows.filter { $0.remaining <= 0 && $0.reset > now }.map { $0.reset - now }.max()
        // What was waited for once is not waited for again: the next answer says more.
        if full != nil { windows = [] }
        return full
    }

    /// How long so many calls take at most, if nobody else makes any.
    func estimate(_ calls: Int, at now: Int) -> CallEstimate {
        let all = windows.isEmpty ? [Self.usual] : windows
        let each = all.map { window -> CallEstimate in
            let even = Int((Double(calls) * Double(window.length) / Double(max(1, window.limit))).rounded(.up))
            let rest = calls - window.remaining
            let waited = rest <= 0 ? 0 : max(0, window.reset - now) + (rest - 1) / max(1, window.limit) * window.length
            return CallEstimate(calls: calls, limit: window.limit, window: window.length, seconds: rest <= 0 ? 0 : max(even, waited))
        }
        return each.max { $0.seconds < $1.seconds } ?? CallEstimate(calls: calls, limit: 0, window: 0, seconds: 0)
    }

    /// `"hour";q=1000;w=3600, "minute";q=100;w=60`, by name. https://www.rfc-editor.org/rfc/rfc9651#section-3.1
    private static func items(_ header: String?) -> [String: [String: Int]] {
        guard let header, header.utf8.count <= 1024 else { return [:] }
        var found: [String: [String: Int]] = [:]
        for item in header.split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\"" } }
            guard let name = parts.first else { continue }
            var numbers: [String: Int] = [:]
            for part in parts.dropFirst() {
                let sides = part.split(separator: "=", maxSplits: 1)
                // Numbers that no window has would only lead to overflows.
                if sides.count == 2, let number = Int(sides[1]), (0...1_000_000_000).contains(number) { numbers[String(sides[0])] = number }
            }
            found[String(name)] = numbers
        }
        return found
    }
}
