/// How a server is spoken to.
public enum ServerDialect: String, CaseIterable, Sendable {
    /// What EmailConnect documents, with the state and the batches that a reconciler needs.
    case v1
    /// What EmailConnect's own clients speak, under `/api`: whole lists, and one change a call.
    case app

    /// Fields that it has no place for, by kind, whatever the server.
    public var untold: [Kind: Set<String>] {
        switch self {
        case .v1: [:]
        case .app: [.webhook: ["protected", "headers", "signing_secret"], .domain: ["protected"], .alias: ["protected"]]
        }
    }
}

/// How long a batch takes where each operation is a call, and calls are counted.
public struct CallEstimate: Equatable, Sendable {
    /// How many calls.
    public var calls: Int
    /// How many calls the account allows in ``window``.
    public var limit: Int
    /// How long calls are counted before the count begins anew, in seconds.
    public var window: Int
    /// The longest that it takes, in seconds, as long as nobody else calls.
    public var seconds: Int

    /// How long a batch takes.
    public init(calls: Int, limit: Int, window: Int, seconds: Int) {
        self.calls = calls
        self.limit = limit
        self.window = window
        self.seconds = seconds
    }

    /// For people: `203 calls, at 100 an hour: about 2 h 2 min`.
    public var text: String {
        let each =
            switch window {
            case ...60: "a minute"
            case ...3600: "an hour"
            default: "a day"
            }
        return "\(calls) \(calls == 1 ? "call" : "calls"), at \(limit) \(each): \(Self.text(seconds: seconds))"
    }

    /// A time as people say it: `about 2 h 2 min`.
    public static func text(seconds: Int) -> String {
        if seconds == 0 { return "no wait" }
        let minutes = (seconds + 59) / 60
        if minutes < 2 { return "about a minute" }
        if minutes < 60 { return "about \(minutes) min" }
        return "about \(minutes / 60) h" + (minutes % 60 == 0 ? "" : " \(minutes % 60) min")
    }
}

/// What an apply was to do that did not come to its end.
public struct UnfinishedApply: Equatable, Sendable {
    /// The plan's digest, whole.
    public var digest: String
    /// ``Batch/steps`` of the plan that was approved.
    public var steps: Set<String>

    /// What an apply was to do.
    public init(digest: String, steps: Set<String>) {
        self.digest = digest
        self.steps = steps
    }
}
