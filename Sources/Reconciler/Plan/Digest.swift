import Crypto
import EmailConnect

/// What a reviewer approves: SHA-256 over server, account, epoch, owner and the operations with old and new values. Not
/// over commit, manifest bytes, revision, tokens or what falls due. Every secret field counts as "ensure REFERENCE",
/// compared or not, so that a run that has the secrets and one that has not agree.
public struct PlanDigest: Equatable, Sendable {
    /// 64 hexadecimal digits.
    public let text: String

    /// What a plan prints: `7f3a-91c2-0b4d-88ef`.
    public var short: String { Self.short(text) }

    static func short(_ text: String) -> String {
        stride(from: 0, to: 16, by: 4).map { start in
            String(text.dropFirst(start).prefix(4))
        }.joined(separator: "-")
    }

    /// Before there is one.
    static let none = PlanDigest(text: "")

    private init(text: String) { self.text = text }

    /// As a saved plan says it is.
    init(saved text: String) { self.text = text }

    init(of plan: Plan) {
        var hasher = SHA256()
        var json = JSONWriter()
        json.object { json in
            json.member("format", 1)
            json.member("server", plan.header.serverID)
            json.member("account", plan.header.accountID)
            json.member("epoch", plan.header.epoch)
            json.member("owner", plan.owner.text)
            if let movedFrom = plan.movedFrom { json.member("owner_moved_from", movedFrom.text) }
            if let repository = plan.repositoryMovedFrom { json.member("repository_moved_from", repository) }
            // Where new tokens go: whoever can read that place has the key.
            json.array("sinks") { json in
                for change in plan.apiKeys where change.makesToken {
                    guard let key = change.name, let sink = plan.sinks[key] else { continue }
                    json.array { json in for part in [key.text, sink.identity] { json.item(part) } }
                }
            }
            json.array("ensure") { json in
                for (name, reference) in plan.ensured {
                    json.array { json in for part in [name, reference.identity, reference.prefix] { json.item(part) } }
                }
            }
        }
        hasher.update(data: json.bytes)
        Self.add(plan.webhooks, to: &hasher)
        Self.add(plan.domains, to: &hasher)
        Self.add(plan.aliases, to: &hasher)
        Self.add(plan.apiKeys, to: &hasher)
        text = Hex.text(hasher.finalize())
    }

    private static func add<R: Resource>(_ changes: [Change<R>], to hasher: inout SHA256) {
        var json = JSONWriter()
        for change in changes {
            guard change.isReviewed else { continue }
            json.removeAll()
            write(change, to: &json)
            hasher.update(data: json.bytes)
        }
    }

    /// What the digest covers of one change.
    static func write<R: Resource>(_ change: Change<R>, to json: inout JSONWriter) {
        json.object { json in
            json.member("kind", R.kind.rawValue)
            switch change {
            case .create(let new):
                json.object("create") { new.write(new.worthWriting, to: &$0) }
            case .update(let old, let new, let differences):
                json.member("update", old.id)
                json.member("name", new.naturalKey?.description)
                json.object("fields") { json in
                    for difference in differences where !difference.isSecret && difference.field != "token" {
                        json.object(difference.field) { json in
                            difference.from.write("from", to: &json)
                            difference.to.write("to", to: &json)
                        }
                    }
                }
            case .delete(let old, let cascade):
                json.member("delete", old.id)
                json.member("name", old.value.naturalKey?.description)
                json.member("cascade", cascade.map(\.id))
            }
        }
    }
}

extension Change {
    /// Whether it is a change that a reviewer approves. What only makes sure of secrets counts among the ensured ones, and a
    /// token that was not delivered is part of the approval that made the key.
    var isReviewed: Bool {
        guard case .update(_, _, let differences) = self else { return true }
        return !differences.allSatisfy { $0.isSecret || $0.field == "token" }
    }
}

extension Difference {
    /// Whether both sides are secrets: such a field counts among the ensured ones.
    var isSecret: Bool {
        if case .secret = to, case .secret = from { return true }
        return false
    }
}
