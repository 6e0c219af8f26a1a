public import EmailConnect

/// What a manifest may not do, whoever wrote it. Policies are only ever tightened, never loosened.
public struct Policy: Equatable, Sendable {
    /// What may be required of a manifest.
    public enum Requirement: String, CaseIterable, Sendable, Comparable {
        case httpsWebhooks = "https_webhooks"
        case keyExpiry = "key_expiry"
        case keyRotation = "key_rotation"
        case keyIPAllowlist = "key_ip_allowlist"
        case protectedDomains = "protected_domains"

        /// By name.
        public static func < (left: Requirement, right: Requirement) -> Bool { left.rawValue < right.rawValue }
    }

    /// What is done about what nobody manages; the later, the tighter.
    public enum Unmanaged: String, CaseIterable, Sendable, Comparable {
        /// The plan names each.
        case report
        /// The plan is refused.
        case forbid

        /// The tighter is the greater.
        public static func < (left: Unmanaged, right: Unmanaged) -> Bool { left == .report && right == .forbid }
    }

    /// Lists of names; of each list a domain has to match one. A list for each file that says so.
    public var domains: [[DomainPattern]] = []
    /// What is required.
    public var require: Set<Requirement> = []
    /// What no key may do.
    public var forbiddenScopes: Set<Scope> = []
    /// What is done about what nobody manages, by kind; what is not named is counted.
    public var unmanaged: [Kind: Unmanaged] = [:]
    /// No plan deletes more that is not written down, whatever is agreed to.
    public var mostDeletes: Int?
    /// No plan moves the mail of more addresses, whatever is agreed to.
    public var mostMailMoves: Int?

    /// Everything is allowed.
    public init() {}

    /// What both allow.
    public func tightened(by other: Policy) -> Policy {
        var both = self
        both.domains += other.domains.filter { !domains.contains($0) }
        both.require.formUnion(other.require)
        both.forbiddenScopes.formUnion(other.forbiddenScopes)
        both.unmanaged.merge(other.unmanaged) { max($0, $1) }
        both.mostDeletes = Self.smaller(mostDeletes, other.mostDeletes)
        both.mostMailMoves = Self.smaller(mostMailMoves, other.mostMailMoves)
        return both
    }

    /// The fields of an API key that it looks at.
    var keyFields: [String] {
        var fields: [String] = []
        if require.contains(.keyExpiry) { fields += ["expires_after", "expires_at"] }
        if require.contains(.keyRotation) { fields.append("rotate_every") }
        if require.contains(.keyIPAllowlist) { fields.append("allowed_ips") }
        if !forbiddenScopes.isEmpty { fields += ["scopes", "grants"] }
        return fields
    }

    /// The same, and nothing may be there that nobody manages.
    public var forbiddingUnmanaged: Policy {
        var copy = self
        for kind in Kind.allCases { copy.unmanaged[kind] = .forbid }
        return copy
    }

    private static func smaller(_ first: Int?, _ second: Int?) -> Int? {
        guard let first, let second else { return first ?? second }
        return min(first, second)
    }
}

/// `acme.example`, or `*.acme.example` for everything below it.
public struct DomainPattern: Hashable, Sendable {
    /// The domain.
    public var name: DomainName
    /// Whether it stands for what is below the domain.
    public var isBelow: Bool

    /// Reads a pattern.
    /// - Throws: when it is none.
    public init(_ written: String) throws(Rejection) {
        isBelow = written.hasPrefix("*.")
        let bare = isBelow ? String(written.dropFirst(2)) : written
        guard !bare.contains("*") else { throw Rejection("* stands alone before the first dot", "write acme.example or *.acme.example") }
        name = try DomainName(bare)
    }

    /// Whether a domain matches.
    public func matches(_ domain: DomainName) -> Bool { isBelow ? domain.text.hasSuffix(".\(name.text)") : domain == name }
    /// As it is written.
    public var text: String { isBelow ? "*.\(name.text)" : name.text }
}
