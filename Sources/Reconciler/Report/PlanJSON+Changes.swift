import EmailConnect

extension PlanJSON {
    static func add<R: Resource>(_ changes: [Change<R>], of plan: Plan, _ driftOnly: Bool, to json: inout JSONWriter) {
        for change in changes {
            let reason = plan.reason(change)
            if driftOnly, reason?.isDrift != true { continue }
            json.object { json in
                switch change {
                case .create(let new):
                    json.member("op", "create")
                    identity(R.kind, change, reason, &json)
                    json.object("fields") { json in
                        for (row, difference) in new.differences(from: R(), with: Secrets()) where R.fields[row].name != "headers" {
                            difference.to.write(difference.field, to: &json)
                        }
                        guard let webhook = new as? Webhook, !webhook.headers.values.isEmpty else { return }
                        json.object("headers") { json in
                            for difference in webhook.headers.differences(from: Headers(), named: "headers", with: Secrets()) {
                                difference.to.write(String(difference.field.dropFirst("headers.".count)), to: &json)
                            }
                        }
                    }
                case .update(_, _, let differences):
                    json.member("op", "update")
                    identity(R.kind, change, reason, &json)
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
                case .delete(_, let cascade):
                    json.member("op", "delete")
                    identity(R.kind, change, reason, &json)
                    json.member("cascade", cascade.compactMap { $0.value.naturalKey?.description }.sorted())
                }
            }
        }
    }

    private static func identity<R: Resource>(_ kind: Kind, _ change: Change<R>, _ reason: Reason?, _ json: inout JSONWriter) {
        json.member("kind", kind.rawValue)
        json.member("name", change.name?.description)
        if let id = change.id { json.member("id", id) }
        if let former = change.formerName { json.member("renamed_from", former.description) }
        switch change.transfer {
        case .adopt: json.member("owner_change", "adopt")
        case .takeOver: json.member("owner_change", "take_over")
        case .release: json.member("owner_change", "release")
        case nil: break
        }
        if let reason { json.member("reason", reason.rawValue) }
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

extension Conflict {
    /// As a program reads it, in a plan's JSON and in a saved plan.
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("kind", kind?.rawValue ?? "owner")
            json.member("name", name)
            json.member("problem", problem)
            json.member("remedy", remedy)
        }
    }
}

extension Refusal {
    /// As a program reads it, in a plan's JSON and in a saved plan.
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("guard", guarded)
            json.member("count", count)
            json.member("problem", problem)
            json.member("remedy", remedy)
        }
    }
}
