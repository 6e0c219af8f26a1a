import APIServer
import EmailConnect
import Reconciler

extension WorldRun {
    /// A plan writes nothing, shows no secret, is the same however the manifest is sorted, and comes back from its file.
    mutating func checkPlan(_ manifest: WorldManifest, _ secrets: Int) async throws {
        let before = try await state()
        let first = try await plan(manifest.yaml, secrets: secrets, agrees: false).plan
        let second = try await plan(manifest.yaml, secrets: secrets, agrees: false).plan
        let third = try await plan(manifest.yaml(shuffledBy: &shuffle), secrets: secrets, agrees: false).plan
        let forked = try await plan(manifest.yaml, secrets: nil, agrees: false).plan
        try expect(await state() == before, "a plan writes nothing")
        let text = Self.render(first)
        try expect(text == Self.render(second), "two plans are the same bytes", "\(text)\n\(Self.render(second))")
        try expect(text == Self.render(third), "the order of a manifest does not matter", "\(text)\n\(Self.render(third))")
        try expect(first.digest == forked.digest, "a plan without the secrets has the same digest", text + Self.render(forked))
        let bytes = SavedPlan(first, server: "s").bytes
        try expect(!(text + String(decoding: bytes, as: UTF8.self)).contains("canary"), "no plan shows a secret", text)
        do {
            let saved = try SavedPlan(bytes)
            try expect(saved.server == "s", "a saved plan comes back")
            try expect(saved.plan.digest == first.digest, "a saved plan has its digest")
            try expect(Self.render(saved.plan) == text, "a saved plan reads as it was", "\(text)\n\(Self.render(saved.plan))")
            try expect(SavedPlan(saved.plan, server: "s").bytes == bytes, "a saved plan is written as it was read")
        } catch let rejection as Rejection { throw fail("a saved plan comes back", "\(rejection)\n\(text)") }
    }

    /// The server counts what an account has without looking; the counts are what is there.
    func checkCounts() async throws {
        let state = try await state()
        let administration = try ServerAdministration(database: server.scratch.file("account.db"))
        let counts = try await administration.accounts().first?.counts ?? [:]
        await administration.close()
        let there: [Kind: Int] = [
            .webhook: state.webhooks.count, .domain: state.domains.count, .alias: state.aliases.count, .apiKey: state.apiKeys.count,
        ]
        for kind in Kind.allCases {
            try expect(counts[kind, default: 0] == there[kind], "an account's counts are what is there", "\(kind): \(counts) \(there)")
        }
    }

    /// After an apply there is nothing to do, and doing it again does nothing.
    func checkConverged(_ manifest: WorldManifest, _ secrets: Int) async throws {
        let rest = try await plan(manifest.yaml, secrets: secrets, sink: TestSink())
        try expect(rest.plan.isEmpty && rest.plan.conflicts.isEmpty, "an apply is followed by an empty plan", Self.text(rest.plan))
        let before = try await state()
        let prepared = try Pipeline.prepare(rest.planned, onLoopback: true, rest.effects)
        _ = try await apply(prepared, rest, to: client)
        let after = try await state()
        try expect(after.held == before.held && after.header.revision == before.header.revision, "to apply again does nothing")
    }

    // MARK: what was done

    /// What was written is what the plan says, by the history and by the account.
    func checkApplied(_ plan: Plan, from before: AccountState, _ revision: Int?) async throws {
        let (old, after) = (before.held, try await state())
        let new = after.held
        let said = Said(plan)
        let written = try await server.changes(revision: revision ?? before.header.revision + 1)
        let logged = Set(
            written.map { change in
                if change.kind == "owner" { return "rename \(change.before?["name"] ?? "") to \(change.after?["name"] ?? "")" }
                if change.before == nil { return "create \(change.title)" }
                return change.after == nil ? "delete \(change.id)" : "update \(change.kind) \(change.id)"
            })
        try expect(
            logged == said.changes && written.count == logged.count, "the history has what the plan says",
            "only in the plan: \(said.changes.subtracting(logged).sorted())\nonly in the history: \(logged.subtracting(said.changes).sorted())\n"
                + Self.text(plan))
        let ours = [plan.owner, plan.movedFrom]
        for held in old.values {
            let now = new[held.id]
            try expect(!held.isProtected || now != nil, "no apply deletes what is protected", "\(held.title)\n\(Self.text(plan))")
            guard let now, ours.contains(held.owner) || said.transferred.contains(held.id) else {
                guard held.owner.map(ours.contains) != true, !said.transferred.contains(held.id) else { continue }
                try expect(
                    now == held, "an apply touches nobody else's resources",
                    "\(held)\n\(now.map { "\($0)" } ?? "gone")\n\(Self.text(plan))")
                continue
            }
            if !said.ids.contains(held.id), plan.movedFrom == nil {
                try expect(now.fields == held.fields, "an apply changes nothing beside its plan", "\(held)\n\(now)\n\(Self.text(plan))")
            }
        }
        for held in new.values where old[held.id] == nil {
            try expect(held.owner == plan.owner, "what an apply makes is its owner's", "\(held)\n\(Self.text(plan))")
        }
        let others = { (state: AccountState) in state.lost.filter { !ours.contains($0.owner) } }
        try expect(others(before) == others(after), "what others have lost stays noted", Self.text(plan))
    }

    /// The changes that a plan says, as the history has them.
    private struct Said {
        var changes: Set<String> = []
        var ids: Set<String> = []
        var transferred: Set<String> = []

        init(_ plan: Plan) {
            add(plan.webhooks)
            add(plan.domains)
            add(plan.aliases)
            add(plan.apiKeys)
            if let former = plan.movedFrom { changes.insert("rename \(former) to \(plan.owner)") }
        }

        private mutating func add<R: Resource>(_ list: [Change<R>]) {
            for change in list {
                switch change {
                case .create(let new): changes.insert("create \(R.kind.rawValue):\(new.naturalKey?.description ?? "")")
                case .update(let old, _, _):
                    ids.insert(old.id)
                    if change.isCertain { changes.insert("update \(R.kind.rawValue) \(old.id)") }
                    if change.transfer != nil { transferred.insert(old.id) }
                case .delete(let old, let cascade):
                    for id in [old.id] + cascade.map(\.id) {
                        ids.insert(id)
                        changes.insert("delete \(id)")
                    }
                }
            }
        }
    }

    // MARK: reasons

    /// Nothing was edited since the owner's last apply: whatever changes, the manifest changed.
    func checkReasons(_ plan: Plan, _ manifest: WorldManifest) throws {
        guard let last = known[manifest.owner], !last.isEdited else { return }
        let wrong = Self.reasons(plan).filter { $0.reason != .manifest }
        try expect(wrong.isEmpty, "without hand edits it is the manifest that changed", "\(wrong)\n\(Self.render(plan))")
    }

    /// Everybody plans what they applied last: whatever changes, the account drifted.
    func checkDrift() async throws {
        for (_, last) in known.sorted(by: { $0.key < $1.key }) where last.isEdited && !last.isUnsure {
            let ready = try await plan(last.manifest.yaml, secrets: last.secrets, agrees: false)
            let (plan, options) = (ready.plan, ready.desired.options)
            // What was applied is known as a hash over every field. Fields that are left to others are in it as well: a hand
            // edit of these shows as the manifest's change.
            var unsure = Set(options.filter { !$0.value.ignored.isEmpty }.keys.map { "\($0.kind.rawValue):\($0.name)" })
            // A moved_from that has done its work does it again when the new name is taken away by hand.
            for (name, option) in options {
                if let source = option.movedFrom { unsure.formUnion(["alias:\(name.name)", "alias:\(source)"]) }
            }
            // And what somebody has renamed to the name of something else that was applied has the hash of its old name.
            let renamed = Set(try await state().lost.map(\.id))
            let wrong = Self.reasons(plan, except: renamed).filter { $0.reason != .server && !unsure.contains($0.name) }
            try expect(
                wrong.isEmpty, "with the manifest as it was applied it is the account that drifted",
                "\(wrong)\n\(Self.render(plan))\n\(last.manifest.yaml)")
        }
    }

    /// Every change that has a reason. What changes hands is left out: that is never the server's doing.
    private static func reasons(_ plan: Plan, except renamed: Set<String> = []) -> [(name: String, reason: Reason)] {
        func list<R>(_ changes: [Change<R>]) -> [(name: String, reason: Reason)] {
            changes.filter { change in
                guard case .update(let old, _, _) = change else { return true }
                return !renamed.contains(old.id) && change.transfer == nil
            }.compactMap { change in
                plan.reason(change).map { ("\(R.kind.rawValue):\(change.name.map { "\($0)" } ?? change.id ?? "")", $0) }
            }
        }
        return list(plan.webhooks) + list(plan.domains) + list(plan.aliases) + list(plan.apiKeys)
    }
}

/// How hand edits and a plan stand to each other.
struct Touched {
    /// What was edited.
    var names: Set<String> = []
    /// Whether nothing that the plan looks at was edited.
    var isUnrelated = true
    /// Whether something that its owner declares was edited, so that the plan has to change.
    var isRelated = false
    /// Whether something that its batch updates was edited, so that the batch cannot be done.
    var isWritten = false

    init(_ before: AccountState, _ after: AccountState, _ plan: Plan, _ desired: DesiredState) {
        let (old, new) = (before.held, after.held)
        var declared = Set(desired.domains.compactMap { $0.value.naturalKey.map { "domain:\($0)" } })
        declared.formUnion(desired.aliases.compactMap { $0.value.naturalKey.map { "alias:\($0)" } })
        let slugs = Set(
            desired.webhooks.compactMap { $0.value.key.map { "webhook:\($0)" } }
                + desired.apiKeys.compactMap { $0.value.key.map { "api_key:\($0)" } })
        let external = desired.externalDomains.map { "domain:\($0.name.text)" }
        let sources = desired.options.values.compactMap { $0.movedFrom.map { "alias:\($0)" } }
        let domains = Set(
            desired.domains.compactMap(\.value.name?.text) + desired.externalDomains.map(\.name.text)
                + before.domains.filter { $0.owner == plan.owner }.compactMap(\.value.name?.text))
        let named = declared.union(external).union(sources)
        let webhooks = Set(before.webhooks.filter { $0.owner == plan.owner }.map(\.id) + desired.externalWebhooks.compactMap(\.id))
        let others = Set(desired.externalWebhooks.map(\.reference.text))
        let ours = [plan.owner, plan.movedFrom]
        var updated: Set<String> = []
        for case .update(let record, _, _) in plan.domains { updated.insert(record.id) }
        for case .update(let record, _, _) in plan.aliases { updated.insert(record.id) }
        for id in Set(old.keys).union(new.keys) where old[id] != new[id] {
            let sides = [old[id], new[id]].compactMap { $0 }
            names.formUnion(sides.map(\.title))
            for side in sides {
                let isOurs = side.owner.map { ours.contains($0) } ?? false
                let domain = side.name?.split(separator: "@").last.map(String.init) ?? ""
                let below = side.kind == .alias && domains.contains(domain)
                let points = side.webhook.map(webhooks.contains) ?? false
                let isUsed = side.kind == .webhook && (!others.isEmpty || !desired.consent.takeOver.isEmpty || !desired.options.isEmpty)
                if isOurs || below || points || isUsed || named.contains(side.title) { isUnrelated = false }
            }
            guard let was = old[id], was.owner == plan.owner else { continue }
            if updated.contains(id) { isWritten = true }
            guard declared.contains(was.title) || slugs.contains(was.title) else { continue }
            let ignored = ResourceIgnoring(desired, was.title)
            let isChanged = new[id].map { ignored.fields($0) != ignored.fields(was) } ?? true
            if isChanged { isRelated = true }
        }
    }
}

/// The fields of a resource that its manifest decides on for certain.
private struct ResourceIgnoring {
    private var ignored: Set<String> = ["protected", "url", "headers", "signing_secret", "webhook"]

    init(_ desired: DesiredState, _ title: String) {
        for (name, options) in desired.options where "\(name.kind.rawValue):\(name.name)" == title { ignored.formUnion(options.ignored) }
    }

    func fields(_ held: Held) -> [String: String] { held.fields.filter { !ignored.contains($0.key) } }
}
