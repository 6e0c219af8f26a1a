import EmailConnect
import EmailConnectClient
import Reconciler

extension WorldRun {
    /// What is exported is a manifest, and planned right after it shows adoptions and no changed field: for somebody new, and for who
    /// manages something already.
    func checkExport() async throws {
        for owner in ["export/test"] + known.keys.sorted().prefix(1) {
            let owner = try Owner(owner)
            let state = try await client.state(of: Kind.allCases, seenBy: owner)
            let text = try Exporter.export(state, Exporter.Options(owner: owner)).text.replacing(
                "manifest: mail", with: "manifest: \(owner.text.prefix { $0 != "/" })")
            try expect(!text.contains("canary"), "an export has no secret", text)
            let effects = Effects.test(files: ["m.yaml": text])
            try expect(Formatted.read("m.yaml", effects).isCanonical, "an export has the canonical layout", text)
            let loaded = Pipeline.load("m.yaml", effects)
            guard let desired = loaded.desired else { throw fail("an export is a manifest", "\(loaded.diagnostics)\n\(text)") }
            let plan = try await Pipeline.plan(desired, file: "m.yaml", from: client, effects).plan
            let detail = "\(text)\n\(Self.text(plan))"
            try expect(plan.conflicts.isEmpty && plan.refusals.isEmpty, "an export can be applied", detail)
            try check(plan.webhooks, detail)
            try check(plan.domains, detail)
            try check(plan.aliases, detail)
            try check(plan.apiKeys, detail)
        }
    }

    private func check<R: Resource>(_ changes: [Change<R>], _ detail: String) throws {
        for change in changes {
            guard case .update(_, _, let differences) = change else { throw fail("an export is followed by adoptions only", detail) }
            let changed = differences.filter { $0.certainty == .changed && !["managed_by", "key", "token"].contains($0.field) }
            try expect(changed.isEmpty, "an export changes no field", detail)
        }
    }
}
