import EmailConnect

extension DesiredState {
    /// What the manifest asks for and the account's dialect has no place for; nil when there is nothing of the kind. Such a field can be
    /// neither compared nor written, and a plan without it would promise what nobody keeps.
    func untold(by header: StateHeader) -> AccountFailure? {
        let found = untold(header.dialect, header.untold).map { what, position in
            let place = position.flatMap { position in
                files.indices.contains(Int(position.file)) ? " (\(files[Int(position.file)]):\(position.line))" : nil
            }
            return Escaped.line(what) + (place ?? "")
        }
        guard let first = found.first else { return nil }
        let shown = found.prefix(20) + (found.count > 20 ? ["and \(found.count - 20) more"] : [])
        return AccountFailure(
            .refused(Problem(.invalid, "", items: shown.map { Problem.Item(pointer: "", code: .invalid, detail: $0) })),
            found.count == 1
                ? "the account is managed through /api, which has no place for \(first)"
                : "the account is managed through /api, which has no place for \(found.count) things in the manifest",
            "remove them from the manifest, or use a server with /v1; nothing was written")
    }

    /// The same where the manifest itself pins the dialect, as mistakes of the manifest.
    var untoldByPin: [Diagnostic] {
        guard let dialect = pins.dialect else { return [] }
        return untold(dialect, dialect.untold).map { what, position in
            let file = position.map { Int($0.file) } ?? 0
            return Diagnostic(
                .error, files.indices.contains(file) ? files[file] : "", at: position,
                "server.dialect is app, which has no place for \(Escaped.line(what))", "remove it, or the pin if the server has /v1")
        }
    }

    private func untold(_ dialect: ServerDialect, _ fields: [Kind: Set<String>]) -> [(what: String, position: Position?)] {
        guard dialect == .app else { return [] }
        var found: [(what: String, position: Position?)] = []
        if pins.account != nil { found.append(("server.account: nothing tells which account answers", pins.position)) }
        if let movedFrom {
            found.append(("manifest_moved_from: \(movedFrom.text) has an inventory; move that, and change its line owner", nil))
        }
        if policy.unmanaged[.apiKey] != nil { found.append(("policy.unmanaged.api_keys: nothing tells which keys there are", nil)) }
        for key in apiKeys { found.append(("api key \(key.value.key?.text ?? ""): keys are managed by hand", key.position)) }
        for webhook in webhooks {
            found += stated(webhook, fields)
            // A URL is told to whoever lists webhooks.
            if webhook.value.url?.sensitive != nil {
                found.append(("webhook \(webhook.value.key?.text ?? "").url: by reference", webhook.position))
            }
        }
        for domain in domains { found += stated(domain, fields) }
        for alias in aliases { found += stated(alias, fields) }
        return found
    }

    private func stated<R: Resource>(_ desired: Desired<R>, _ fields: [Kind: Set<String>]) -> [(what: String, position: Position?)] {
        guard let untold = fields[R.kind], let name = desired.value.naturalKey else { return [] }
        let ignored = options.isEmpty ? [] : options[ResourceName(R.kind, name)]?.ignored ?? []
        return Stated(desired.value, rows: desired.value.worthWriting).rows.compactMap { row in
            let field = R.fields[row].name
            guard untold.contains(field), !ignored.contains(where: { $0.split(separator: ".").first == field[...] }) else { return nil }
            return ("\(R.kind.word) \(name).\(field)", desired.position)
        }
    }

    /// Where the account keeps no keys of the manifest, a webhook that nobody manages is known by its name: found, it may be adopted.
    func findingByName(in state: AccountState) -> (desired: DesiredState, conflicts: [Conflict]) {
        guard state.header.dialect == .app else { return (self, []) }
        let ours = Set(state.webhooks.filter { $0.owner == owner }.compactMap(\.value.key))
        let adopted = Set(options.values.compactMap(\.adopts))
        let external = Set(externalWebhooks.compactMap(\.id))
        var loose: [String: [String]] = [:]
        for record in state.webhooks where record.owner == nil && !adopted.contains(record.id) && !external.contains(record.id) {
            loose[record.value.name, default: []].append(record.id)
        }
        guard !loose.isEmpty else { return (self, []) }
        var copy = self
        var conflicts: [Conflict] = []
        for webhook in webhooks {
            guard let key = webhook.value.key, !ours.contains(key), let ids = loose[webhook.value.name] else { continue }
            let name = ResourceName(.webhook, key)
            guard options[name]?.adopts == nil else { continue }
            if ids.count == 1 {
                copy.options[name, default: EntryOptions()].found = ids[0]
            } else {
                conflicts.append(
                    Conflict(
                        kind: .webhook, name: key.text,
                        problem: "\(ids.count) webhooks have the name \(webhook.value.name), and nobody manages them: "
                            + Conflicts.shortened(ids),
                        remedy: "say which one it is with adopt: { id: \(ids.sorted()[0]) }, or give them other names"))
            }
        }
        return (copy, conflicts)
    }
}

extension Plan {
    /// A word for each change, by which a later run knows what is left of a plan that was approved.
    var steps: [String] {
        func words<R: Resource>(_ changes: [Change<R>]) -> [String] {
            changes.flatMap { change -> [String] in
                switch change {
                case .create:
                    var json = JSONWriter()
                    PlanDigest.write(change, to: &json)
                    return [Self.word(json)]
                // Fields change one by one, and what goes along with a deletion goes one by one: some of it may be done already.
                case .update(let old, _, let differences):
                    return differences.map { difference in
                        var json = JSONWriter()
                        json.object { json in
                            json.member(old.id, difference.field)
                            difference.from.write("from", to: &json)
                            difference.to.write("to", to: &json)
                        }
                        return Self.word(json)
                    }
                case .delete(let record, let cascade): return ["delete \(record.id)"] + cascade.map { "delete \($0.id)" }
                }
            }
        }
        return words(webhooks) + words(domains) + words(aliases) + words(apiKeys)
    }

    private static func word(_ json: JSONWriter) -> String { String(Hex.sha256(json.text).prefix(16)) }

    /// Whether it is what is left of an apply that did not come to its end.
    func isRest(of unfinished: UnfinishedApply) -> Bool { unfinished.steps.isSuperset(of: steps) }
}
