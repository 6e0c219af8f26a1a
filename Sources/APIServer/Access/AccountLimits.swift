public import EmailConnect

/// What an account pays for; the names are the service's.
public enum AccountPlan: String, CaseIterable, Sendable {
    case free
    case pro
    case enterprise
}

/// How much an account may hold and how often it may ask.
public struct AccountLimits: Equatable, Sendable {
    /// Requests in a minute, an hour and a day.
    public var requests: [RequestWindow: Int]
    /// Resources of each kind; nil for as many as it likes.
    public var resources: [Kind: Int]

    /// What a plan comes with. The requests are the service's; it says nothing of resources, so these numbers are ours and far from
    /// what a team has. An enterprise account sets its own, and has Pro's requests until it does.
    public init(_ plan: AccountPlan) {
        let factor = plan == .free ? 1 : 2
        requests = [.minute: 100 * factor, .hour: 1000 * factor, .day: 10_000 * factor]
        switch plan {
        case .free: resources = [.domain: 10_000, .alias: 1_000_000, .webhook: 10_000, .apiKey: 1000]
        case .pro: resources = [.domain: 100_000, .alias: 10_000_000, .webhook: 100_000, .apiKey: 10_000]
        case .enterprise: resources = [:]
        }
    }

    /// A plan's limits with an account's own in place of some.
    /// - Parameter own: by name, as in ``names``.
    init(_ plan: AccountPlan, own: [String: Int]) {
        self.init(plan)
        for window in RequestWindow.allCases { if let number = own[window.rawValue] { requests[window] = number } }
        for kind in Kind.allCases { if let number = own[kind.plural] { resources[kind] = number } }
    }

    /// What an account may set for itself: `minute`, `hour`, `day`, `domains`, ...
    public static var names: [String] { RequestWindow.allCases.map(\.rawValue) + Kind.allCases.map(\.plural) }

    /// An account's own limits, as its row has them.
    static func own(_ json: String) throws(Rejection) -> [String: Int] {
        guard json != "{}" else { return [:] }
        var reader = JSONReader(Array(json.utf8))
        var own: [String: Int] = [:]
        for member in try reader.node().members("limits") { own[member.key.text] = try member.value.integer() }
        return own
    }
}

/// How long requests are counted before the count begins anew.
public enum RequestWindow: String, CaseIterable, Sendable {
    case minute
    case hour
    case day

    /// Its length.
    public var seconds: Int {
        switch self {
        case .minute: 60
        case .hour: 3600
        case .day: 86_400
        }
    }
}
