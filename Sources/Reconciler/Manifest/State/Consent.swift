public import EmailConnect

/// What the manifest, or whoever runs the command, agrees to beyond what a plan may do by itself.
public struct Consent: Equatable, Sendable {
    /// Exactly so many deletions.
    public var deletes: Int?
    /// Exactly so many routes of mail that change.
    public var mailMoves: Int?
    /// What may be adopted though nobody manages it.
    public var adopt: Set<ResourceName> = []
    /// Whether everything that is declared may be adopted.
    public var adoptsAll = false
    /// What may be taken over, and from whom.
    public var takeOver: [Owner: Set<ResourceName>] = [:]
    /// Where it stands in the manifest.
    public var position: Position?

    /// Nothing is agreed to.
    public init() {}

    /// What both agree to; a number of the other one stands in the place of this one's.
    public func adding(_ other: Consent) -> Consent {
        var sum = self
        sum.deletes = other.deletes ?? deletes
        sum.mailMoves = other.mailMoves ?? mailMoves
        sum.adopt.formUnion(other.adopt)
        sum.adoptsAll = adoptsAll || other.adoptsAll
        sum.takeOver.merge(other.takeOver) { $0.union($1) }
        return sum
    }

    func adopts(_ name: ResourceName) -> Bool { adoptsAll || adopt.contains(name) }
    func takesOver(_ name: ResourceName, from owner: Owner) -> Bool { takeOver[owner]?.contains(name) ?? false }
}

/// A deletion that is written down, or a resource that is let go.
public struct Removal: Equatable, Sendable {
    /// What goes.
    public var name: ResourceName
    /// Whether it stays on the server, managed by nobody.
    public var keeps: Bool
    /// Where it stands in the manifest.
    public var position: Position
}

/// What few entries state beside their fields; kept apart, so that the many pay nothing for it.
public struct EntryOptions: Equatable, Sendable {
    /// The alias's address until now.
    public var movedFrom: Address?
    /// The id of what nobody manages yet and shall be this.
    public var adopts: String?
    /// The id of what has its name and nobody manages, where an account knows no keys; adopted only with consent.
    var found: String?
    /// Fields that are left to others: a field's name, or `headers.NAME`.
    public var ignored: [String] = []

    /// The day on which somebody decided to have a revoked key again.
    public var reissue: Timestamp?

    var isEmpty: Bool { movedFrom == nil && adopts == nil && ignored.isEmpty && reissue == nil }
}
