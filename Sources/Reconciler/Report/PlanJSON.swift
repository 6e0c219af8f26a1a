public import EmailConnect

/// A plan for programs: versioned, the same bytes for the same plan, no secret.
public enum PlanJSON {
    /// The format that this version writes.
    public static let format = 1

    /// The plan as one JSON object and a line feed.
    /// - Complexity: O(changes)
    public static func render(
        _ plan: Plan, server: String, command: String, driftOnly: Bool = false, applied: Applied? = nil, already: ApplyRecord? = nil,
        explanations: [Explanation] = [], errors: [Failure] = [], exit: ExitStatus
    ) -> String {
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
            if let movedFrom = plan.movedFrom { json.member("owner_moved_from", movedFrom.text) }
            json.array("changes") { json in
                add(plan.webhooks, of: plan, driftOnly, to: &json)
                add(plan.domains, of: plan, driftOnly, to: &json)
                add(plan.aliases, of: plan, driftOnly, to: &json)
                add(plan.apiKeys, of: plan, driftOnly, to: &json)
            }
            json.array("conflicts") { json in for conflict in plan.conflicts { conflict.write(to: &json) } }
            json.array("refusals") { json in for refusal in plan.refusals { refusal.write(to: &json) } }
            json.member("allowed", plan.consented)
            json.member("due", plan.due)
            json.member("reported", plan.reported)
            json.object("summary") { json in
                let counts = plan.counts
                json.member("add", counts.add)
                json.member("change", counts.change)
                json.member("rename", counts.rename)
                json.member("adopt", counts.adopt)
                json.member("take_over", counts.takeOver)
                json.member("release", counts.release)
                json.member("delete", counts.delete)
                json.member("uncertain", counts.uncertain)
                json.object("unmanaged") { json in
                    for kind in Kind.allCases { if let count = plan.unmanaged[kind] { json.member(kind.plural, count) } }
                }
            }
            if !explanations.isEmpty { json.array("explained") { json in for each in explanations { each.write(to: &json) } } }
            if let already { json.member("already_applied_as", already.revision) }
            if let applied {
                json.object("applied") { json in
                    json.member("revision", applied.revision)
                    json.member("delivered", applied.delivered)
                    json.member("delivered_elsewhere", applied.elsewhere)
                    json.array("undelivered") { json in
                        for failure in applied.undelivered {
                            json.object { json in
                                json.member("key", failure.key)
                                json.member("problem", failure.problem)
                            }
                        }
                    }
                    if let rest = applied.rest {
                        json.member("done", rest.done)
                        json.member("left", rest.left)
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
}
