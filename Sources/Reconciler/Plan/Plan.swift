public import EmailConnect

/// One change of one resource. In a box, since lists of changes are gone through more often than they are made.
public indirect enum Change<R: Resource>: Equatable, Sendable {
    case create(R)
    case update(old: Record<R>, new: R, differences: [Difference])
    /// With the aliases that go along.
    case delete(Record<R>, cascade: [Record<Alias>])

    /// The resource's id; nil for what is new.
    public var id: String? {
        switch self {
        case .create: nil
        case .update(let old, _, _), .delete(let old, _): old.id
        }
    }

    /// The resource's name after the change.
    public var name: R.Name? {
        switch self {
        case .create(let new), .update(_, let new, _): new.naturalKey
        case .delete(let old, _): old.value.naturalKey
        }
    }

    /// What the resource shall be; nil for what goes.
    public var new: R? {
        switch self {
        case .create(let new), .update(_, let new, _): new
        case .delete: nil
        }
    }

    /// Whether something is known to change; otherwise it only makes sure of secrets, or could not compare them.
    public var isCertain: Bool {
        guard case .update(_, _, let differences) = self else { return true }
        return differences.contains { $0.certainty == .changed }
    }

    /// Whether there is anything to send.
    public var isSendable: Bool {
        guard case .update(_, _, let differences) = self else { return true }
        return differences.contains { $0.certainty != .unavailable }
    }
}

/// Why a plan may not be applied because of who owns what.
public struct Conflict: Equatable, Sendable, Comparable {
    /// The resource's kind; nil for the owner itself.
    public var kind: Kind?
    /// Its name.
    public var name: String
    /// What is in the way.
    public var problem: String
    /// The ways out.
    public var remedy: String

    /// What a person reads of the resource.
    public var title: String { "\(kind?.word ?? "owner") \(Escaped.line(name))" }

    /// By kind and name.
    public static func < (left: Conflict, right: Conflict) -> Bool {
        guard left.kind == right.kind else {
            guard let first = left.kind, let second = right.kind else { return left.kind == nil }
            return first < second
        }
        return left.name < right.name
    }
}

/// What apply would do: a value, sorted when it is made. It holds references to secrets, never values.
public struct Plan: Equatable, Sendable {
    /// Who plans.
    public var owner: Owner
    /// The account that the plan was made for.
    public var header: StateHeader
    /// The webhooks.
    public var webhooks: [Change<Webhook>]
    /// The domains.
    public var domains: [Change<Domain>]
    /// The aliases.
    public var aliases: [Change<Alias>]
    /// The API keys.
    public var apiKeys: [Change<APIKey>]
    /// What is in the way; the plan is shown and not applied.
    public var conflicts: [Conflict]
    /// What nobody manages, by kind.
    public var unmanaged: [Kind: Int]
    /// What nobody manages, by name, as far as the policy wants to see it; not in the digest.
    public var reported: [String] = []
    /// Every field that is given by reference, compared or not: `webhook helpdesk Authorization` and the reference.
    public var ensured: [(name: String, reference: SecretReference)]
    /// The keys whose tokens are due for rotation or end soon; no changes, and not in the digest.
    public var due: [String]
    /// Where new tokens go; shown, and not in the digest.
    public var sinks: [Slug: Sink]
    /// The references whose values are not at hand; shown, and not in the digest.
    public var unavailable: Set<SecretReference>
    /// What a reviewer approves; made once, when everything else is there.
    public internal(set) var digest = PlanDigest.none

    /// The owner's name until now, if apply gives it the new one.
    public var movedFrom: Owner?
    /// The repository that the owner was used from until now, if apply notes the new one.
    public var repositoryMovedFrom: String?
    /// What a guard refuses; the plan is shown and not applied.
    public var refusals: [Refusal]
    /// What was agreed to and is needed, in words; shown, and not in the digest.
    public var consented: [String]
    /// The deletions that are written down.
    public var writtenDown: Set<ResourceName>
    /// What others took away since the last apply, by name and by id; not in the digest.
    public var lost: Lost

    /// Whether there is nothing to do and nothing that could not be compared.
    public var isEmpty: Bool {
        movedFrom == nil && repositoryMovedFrom == nil && webhooks.isEmpty && domains.isEmpty && aliases.isEmpty && apiKeys.isEmpty
    }

    /// What others took away.
    public struct Lost: Equatable, Sendable {
        var byName: [ResourceName: LostRecord] = [:]
        var ids: Set<String> = []

        /// What a state says of one owner.
        public init(_ records: [LostRecord], of owner: Owner) {
            for record in records where record.owner == owner {
                byName[ResourceName(record.kind, record.name)] = record
                ids.insert(record.id)
            }
        }
    }

    /// Whether both are the same.
    public static func == (left: Plan, right: Plan) -> Bool {
        left.owner == right.owner && left.header == right.header && left.webhooks == right.webhooks
            && left.domains == right.domains && left.aliases == right.aliases && left.apiKeys == right.apiKeys
            && left.conflicts == right.conflicts && left.unmanaged == right.unmanaged && left.reported == right.reported
            && left.due == right.due
            && left.ensured.elementsEqual(right.ensured) { $0 == $1 } && left.sinks == right.sinks
            && left.unavailable == right.unavailable && left.movedFrom == right.movedFrom
            && left.repositoryMovedFrom == right.repositoryMovedFrom && left.refusals == right.refusals
            && left.consented == right.consented && left.writtenDown == right.writtenDown && left.lost == right.lost
    }
}
