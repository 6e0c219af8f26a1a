import EmailConnect

/// A plan in a file: for a reviewer to look at, and for apply to hold itself to. Lines of JSON: the format and a checksum over
/// the rest; the account's header; what frames the changes; a line a change. It holds references to secrets, never values
/// nor fingerprints.
public struct SavedPlan: Equatable, Sendable {
    /// The format that this version writes; older ones stay readable.
    public static let format = 1

    /// The plan.
    public var plan: Plan
    /// The server, as people call it.
    public var server: String

    /// A plan to be saved.
    public init(_ plan: Plan, server: String) {
        self.plan = plan
        self.server = server
    }

    /// The file's bytes.
    /// - Complexity: O(changes)
    public var bytes: [UInt8] {
        var body = JSONWriter()
        plan.header.write(to: &body)
        frame(to: &body)
        Self.write(plan.webhooks, to: &body)
        Self.write(plan.domains, to: &body)
        Self.write(plan.aliases, to: &body)
        Self.write(plan.apiKeys, to: &body)
        var head = JSONWriter()
        head.object { json in
            json.member("format", Self.format)
            json.member("sha256", Hex.sha256(body.bytes))
        }
        head.endLine()
        return head.bytes + body.bytes
    }

    private func frame(to json: inout JSONWriter) {
        json.object { json in
            json.member("server", server)
            json.member("owner", plan.owner.text)
            json.member("owner_moved_from", plan.movedFrom?.text)
            json.member("repository_moved_from", plan.repositoryMovedFrom)
            json.member("digest", plan.digest.text)
            json.array("conflicts") { json in for conflict in plan.conflicts { conflict.write(to: &json) } }
            json.array("refusals") { json in for refusal in plan.refusals { refusal.write(to: &json) } }
            json.member("allowed", plan.consented)
            json.member("due", plan.due)
            if !plan.reported.isEmpty { json.member("reported", plan.reported) }
            json.object("unmanaged") { json in
                for kind in Kind.allCases { if let count = plan.unmanaged[kind] { json.member(kind.rawValue, count) } }
            }
            json.array("ensured") { json in
                for (name, reference) in plan.ensured {
                    json.object { json in
                        json.member("name", name)
                        reference.write("reference", to: &json)
                    }
                }
            }
            json.array("unavailable") { json in
                for reference in plan.unavailable.sorted() { json.object { reference.write("reference", to: &$0) } }
            }
            json.object("sinks") { json in
                for (key, sink) in plan.sinks.sorted(by: { $0.key < $1.key }) {
                    switch sink {
                    case .file(let path): json.object(key.text) { $0.member("file", path) }
                    case .ageFile(let path, let recipients):
                        json.object(key.text) { json in
                            json.member("age_file", path)
                            json.member("recipients", recipients.map(\.text))
                        }
                    case .command(let words): json.object(key.text) { $0.member("command", words) }
                    }
                }
            }
            json.member("written_down", plan.writtenDown.sorted().map { "\($0.kind.rawValue):\($0.name)" })
            json.array("lost") { json in
                for record in plan.lost.byName.values.sorted(by: { ($0.kind, $0.name) < ($1.kind, $1.name) }) {
                    json.object { json in
                        json.member("of", record.kind.rawValue)
                        json.member("id", record.id)
                        json.member("name", record.name)
                        json.member("applied", record.applied)
                    }
                }
            }
        }
        json.endLine()
    }

    private static func write<R: Resource>(_ changes: [Change<R>], to json: inout JSONWriter) {
        for change in changes {
            json.object { json in
                json.member("kind", R.kind.rawValue)
                switch change {
                case .create(let new):
                    json.member("op", "create")
                    json.object("new") { new.withoutFingerprints.write(new.worthWriting, to: &$0) }
                case .update(let old, let new, let differences):
                    json.member("op", "update")
                    write("old", old, to: &json)
                    json.object("new") { new.withoutFingerprints.write(new.worthWriting, to: &$0) }
                    json.array("differences") { json in
                        for difference in differences {
                            json.object { json in
                                json.member("field", difference.field)
                                difference.from.save("from", to: &json)
                                difference.to.save("to", to: &json)
                                json.member("certainty", difference.certainty.rawValue)
                            }
                        }
                    }
                case .delete(let old, let cascade):
                    json.member("op", "delete")
                    write("old", old, to: &json)
                    json.array("cascade") { json in
                        for alias in cascade { json.object { members(alias, to: &$0) } }
                    }
                }
            }
            json.endLine()
        }
    }

    private static func write<R: Resource>(_ name: String, _ record: Record<R>, to json: inout JSONWriter) {
        json.object(name) { members(record, to: &$0) }
    }

    private static func members<R: Resource>(_ record: Record<R>, to json: inout JSONWriter) {
        let value = record.value.withoutSecrets
        json.member("id", record.id)
        json.member("version", record.version)
        json.member("managed_by", record.owner?.text)
        if let applied = record.applied { json.member("applied", applied) }
        json.object("value") { value.write(value.worthWriting, to: &$0) }
    }
}

extension Shown {
    /// As a saved plan has it: a member that says what sort of value it is.
    fileprivate func save(_ name: String, to json: inout JSONWriter) {
        json.object(name) { json in
            switch self {
            case .text(let text): json.member("text", text)
            case .word(let word): json.member("word", word)
            case .boolean(let value): json.member("boolean", value)
            case .list(let items): json.member("list", items)
            case .secret(let label): json.member("secret", label)
            case .none: break
            }
        }
    }
}
