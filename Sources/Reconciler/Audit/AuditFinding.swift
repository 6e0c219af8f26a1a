import EmailConnect

/// How much a finding matters.
public enum AuditSeverity: String, CaseIterable, Sendable, Comparable {
    case low
    case medium
    case high

    /// The worse is the greater.
    public static func < (left: AuditSeverity, right: AuditSeverity) -> Bool {
        let order = allCases
        return (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
    }
}

/// What an audit looks for.
public enum AuditCheck: String, CaseIterable, Sendable {
    case keyFull = "key_full"
    case keyNeverEnds = "key_never_ends"
    case keyOld = "key_old"
    case keyUnused = "key_unused"
    case keyTooWide = "key_too_wide"
    case keyAnywhere = "key_anywhere"
    case keyOver = "key_over"
    case webhookPlain = "webhook_plain_http"
    case webhookUnsigned = "webhook_unsigned"
    case webhookUnused = "webhook_unused"
    case webhookSuspended = "webhook_suspended"
    case webhookUnverified = "webhook_unverified"
    case domainUnverified = "domain_unverified"
    case aliasNowhere = "alias_nowhere"
    case unmanaged = "unmanaged"

    /// How much it matters.
    public var severity: AuditSeverity {
        switch self {
        case .keyFull, .webhookPlain, .webhookSuspended: .high
        case .keyNeverEnds, .keyOld, .keyUnused, .aliasNowhere, .webhookUnsigned, .domainUnverified: .medium
        case .keyTooWide, .keyAnywhere, .keyOver, .webhookUnused, .webhookUnverified, .unmanaged: .low
        }
    }

    /// For people, in a line.
    public var about: String {
        switch self {
        case .keyFull: "A key may do everything."
        case .keyNeverEnds: "A key never ends."
        case .keyOld: "A token is older than its rotation, or than 90 days."
        case .keyUnused: "A key was not used for 90 days."
        case .keyTooWide: "A key may do what it never did."
        case .keyAnywhere: "A key may be used from anywhere."
        case .keyOver: "A key has ended and is still there."
        case .webhookPlain: "A webhook is not https."
        case .webhookUnsigned: "A webhook has no signing secret that its receiver could know."
        case .webhookUnused: "Nothing uses a webhook."
        case .webhookSuspended: "The server has stopped to call a webhook."
        case .webhookUnverified: "A webhook's endpoint has not said that it wants to be called."
        case .domainUnverified: "A domain's DNS records are not known to be there."
        case .aliasNowhere: "Mail goes nowhere."
        case .unmanaged: "No manifest manages it."
        }
    }
}

/// One thing that an audit found.
public struct AuditFinding: Equatable, Sendable {
    /// What was looked for.
    public var check: AuditCheck
    /// What it is about, for people.
    public var subject: String
    /// What it is about, if it has a name in a manifest.
    public var resource: ResourceName?
    /// What is wrong.
    public var problem: String
    /// What to do.
    public var remedy: String
}
