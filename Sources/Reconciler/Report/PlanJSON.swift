import EmailConnect

/// A plan for programs: versioned, the same bytes for the same plan, no secret.
public enum PlanJSON {
    /// The format that this version writes.
    public static let format = 1

    /// The plan as one JSON object and a line feed.
    /// - Complexity: O(changes)
    public static func render(_ plan: Plan, server: String, command: String, applied: Applied? = nil, exit: ExitStatus) -> String {
        var json = JSONWriter()
        json.object { json in
            json.member("format", format)
            json.member("command", command)
            json.member("owner", plan.owner.text)
            json.member("server", server)
            json.member("server_id", plan.header.serverID)
            json.member("account", plan.header.accountID)
            json.member("epoch", plan.header.epoch)
            json.member("revision", plan.header.revision)
            json.member("digest", plan.digest.text)
            json.array("changes") { json in
                add(plan.webhooks, to: &json)
                add(plan.domains, to: &json)
                add(plan.aliases, to: &json)
                add(plan.apiKeys, to: &json)
            }
            json.array("conflicts") { json in
                for conflict in plan.conflicts {
                    json.object { json in
                        json.member("kind", conflict.kind.rawValue)
                        json.member("name", conflict.name)
                        json.member("problem", conflict.problem)
                        json.member("remedy", conflict.remedy)
                    }
                }
            }
            json.member("due", plan.due)
            json.object("summary") { json in
                let counts = plan.counts
                json.member("add", counts.add)
                json.member("change", counts.change)
                json.member("delete", counts.delete)
                json.member("uncertain", counts.uncertain)
                json.object("unmanaged") { json in
                    for kind in Kind.allCases { if let count = plan.unmanaged[kind] { json.member(kind.plural, count) } }
                }
            }
            if let applied {
                json.object("applied") { json in
                    json.member("revision", applied.revision)
                    json.member("delivered", applied.delivered)
                    json.member("undelivered", applied.undelivered)
                }
            }
            exit.write(to: &json)
        }
        return json.text + "\n"
    }

    private static func add<R: Resource>(_ changes: [Change<R>], to json: inout JSONWriter) {
        for change in changes {
            json.object { json in
                switch change {
                case .create(let new):
                    json.member("op", "create")
                    identity(R.kind, change.name?.description, nil, &json)
                    json.object("fields") { json in
                        let rows = new.rowsWorthWriting.filter { R.fields[$0].name != "token" }
                        for (field, value) in new.shown(rows) { value.write(field, to: &json) }
                    }
                case .update(let old, _, let differences):
                    json.member("op", "update")
                    identity(R.kind, change.name?.description, old.id, &json)
                    json.array("fields") { json in
                        for difference in differences {
                            json.object { json in
                                json.member("name", difference.field)
                                difference.from.write("from", to: &json)
                                difference.to.write("to", to: &json)
                                json.member("certainty", difference.certainty.rawValue)
                            }
                        }
                    }
                case .delete(let old, let cascade):
                    json.member("op", "delete")
                    identity(R.kind, change.name?.description, old.id, &json)
                    json.member("cascade", cascade.compactMap { $0.value.naturalKey?.description }.sorted())
                }
            }
        }
    }

    private static func identity(_ kind: Kind, _ name: String?, _ id: String?, _ json: inout JSONWriter) {
        json.member("kind", kind.rawValue)
        json.member("name", name)
        if let id { json.member("id", id) }
    }
}

extension Shown {
    func write(_ name: String, to json: inout JSONWriter) {
        switch self {
        case .text(let text), .word(let text): json.member(name, text)
        case .boolean(let value): json.member(name, value)
        case .list(let items): json.member(name, items)
        case .none: json.null(name)
        case .secret(let label): json.object(name) { $0.member("secret", label) }
        }
    }
}
