public import EmailConnect

/// Why something changes: because the manifest did, because somebody edited the account since the last apply, or both.
public enum Reason: String, Sendable, Equatable {
    case manifest
    case server
    case both

    /// For people.
    public var words: String {
        switch self {
        case .manifest: "manifest changed"
        case .server: "server drifted"
        case .both: "manifest changed and server drifted"
        }
    }

    /// Whether the account is not as it was applied last.
    public var isDrift: Bool { self != .manifest }
}

extension Plan {
    /// Whether anything changes because somebody edited the account since the last apply.
    public var hasDrift: Bool {
        func drifts<R>(_ changes: [Change<R>]) -> Bool { changes.contains { reason($0)?.isDrift ?? false } }
        return drifts(webhooks) || drifts(domains) || drifts(aliases) || drifts(apiKeys)
    }

    /// Why a change is there; nil for what is only made sure of.
    public func reason<R: Resource>(_ change: Change<R>) -> Reason? {
        switch change {
        case .create(let new):
            guard !lost.byName.isEmpty, let name = new.naturalKey, let lost = lost.byName[ResourceName(R.kind, name)] else {
                return .manifest
            }
            return lost.applied.prefix(16) == new.configuration ? .server : .both
        case .update(let old, let new, let differences):
            guard differences.contains(where: { $0.certainty == .changed && $0.field != "token" }) else {
                // What cannot be compared, and somebody has changed.
                return old.applied == nil || differences.allSatisfy { $0.field == "token" } ? nil : .server
            }
            guard let applied = old.applied, change.transfer == nil else { return .manifest }
            return applied.prefix(16) == new.configuration ? .server : .both
        case .delete(let old, _):
            if lost.ids.contains(old.id) { return .server }
            return old.applied == nil ? .manifest : .both
        }
    }
}

extension Change {
    /// How its owner changes; nil when it does not.
    public var transfer: Transfer? {
        guard case .update(let old, _, let differences) = self, let last = differences.last, last.field == Self.ownerField else {
            return nil
        }
        if last.to == .none { return .release }
        return old.owner.map(Transfer.takeOver) ?? .adopt
    }

    /// The resource's name until now, if it gets another one.
    public var formerName: R.Name? {
        guard case .update(let old, let new, _) = self, let name = old.value.naturalKey, name != new.naturalKey else { return nil }
        return name
    }

    /// What a difference of the owner is called; it stands last.
    static var ownerField: String { "managed_by" }

    static func transfer(from old: Owner?, to new: Owner?) -> Difference {
        Difference(ownerField, from: old.map { .word($0.text) } ?? .none, to: new.map { .word($0.text) } ?? .none)
    }
}
