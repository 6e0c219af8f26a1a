public import EmailConnect

/// A plan for programs: versioned, the same bytes for the same plan, no secret.
public enum PlanJSON {
    /// The format that this version writes.
    public static let format = 1

    /// The plan as one JSON object and a line feed.
    /// - Complexity: O(changes)
    public static func render(
        _ plan: Plan, server: String, command: String, applied: Applied? = nil, errors: [Failure] = [], exit: ExitStatus
    )
        -> String
    {
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
                    json.array("undelivered") { json in
                        for failure in applied.undelivered {
                            json.object { json in
                                json.member("key", failure.key)
                                json.member("problem", failure.problem)
                            }
                        }
                    }
                }
            }
            Failure.write(errors, to: &json)
            exit.write(to: &json)
        }
        return json.text + "\n"
    }

    /// What a program gets when there is no plan.
    public static func render(_ errors: [Failure], command: String, exit: ExitStatus) -> String {
        var json = JSONWriter()
        json.object { json in
            json.member("format", format)
            json.member("command", command)
            Failure.write(errors, to: &json)
            exit.write(to: &json)
        }
        return json.text + "\n"
    }

    /// One thing that went wrong, for a program.
    public struct Failure: Equatable, Sendable {
        /// What is wrong.
        public var problem: String
        /// What to do.
        public var remedy: String
        /// Where in a manifest.
        public var file: String?
        /// Where in the file.
        public var position: Position?

        /// Something that went wrong outside a manifest.
        public init(_ problem: String, _ remedy: String) {
            self.problem = problem
            self.remedy = remedy
        }

        /// A mistake in a manifest.
        public init(_ diagnostic: Diagnostic) {
            self.init(diagnostic.problem, diagnostic.remedy)
            file = diagnostic.file
            position = diagnostic.position
        }

        static func write(_ failures: [Failure], to json: inout JSONWriter) {
            json.array("errors") { json in
                for failure in failures {
                    json.object { json in
                        if let file = failure.file { json.member("file", file) }
                        if let position = failure.position {
                            json.member("line", Int(position.line))
                            json.member("column", Int(position.column))
                        }
                        json.member("problem", failure.problem)
                        json.member("remedy", failure.remedy)
                    }
                }
            }
        }
    }

    private static func add<R: Resource>(_ changes: [Change<R>], to json: inout JSONWriter) {
        for change in changes {
            json.object { json in
                switch change {
                case .create(let new):
                    json.member("op", "create")
                    identity(R.kind, change.name?.description, nil, &json)
                    json.object("fields") { json in
                        for (row, difference) in new.differences(from: R(), with: Secrets()) where R.fields[row].name != "headers" {
                            difference.to.write(difference.field, to: &json)
                        }
                        guard let webhook = new as? Webhook, !webhook.headers.values.isEmpty else { return }
                        json.object("headers") { json in
                            for difference in webhook.headers.differences(from: Headers(), named: "headers", with: Secrets()) {
                                difference.to.write(difference.field, to: &json)
                            }
                        }
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
