import EmailConnect

/// How a command ends.
public enum ExitStatus: Int32, Sendable, Equatable {
    case done = 0
    case failed = 1
    case changesPending = 2
    case stale = 3
    case refused = 4
    case conflict = 5
    case partly = 6
    case usage = 64
    case interrupted = 130

    /// The status in one word, for JSON.
    public var reason: String {
        switch self {
        case .done: "done"
        case .failed: "failed"
        case .changesPending: "changes_pending"
        case .stale: "stale"
        case .refused: "refused"
        case .conflict: "conflict"
        case .partly: "applied_in_part"
        case .usage: "usage"
        case .interrupted: "interrupted"
        }
    }

    func write(to json: inout JSONWriter) {
        json.object("exit") { json in
            json.member("code", Int(rawValue))
            json.member("reason", reason)
        }
    }
}
