import EmailConnect
@testable import Reconciler
import Testing

/// A manifest and an account that is equal to it, for tests that change one of the two.
struct World {
    var desired: DesiredState
    var state: AccountState

    static let owner = "acme/test"

    init(_ manifest: String, state lines: [String] = [], owners: String = "", caller: String = "key_me") throws {
        let (desired, diagnostics) = Manifest.decode(
            Array("version: 1\nmanifest: acme\nenvironment: test\n\(manifest)".utf8), file: "m")
        self.desired = try #require(desired, "\(diagnostics)")
        var decoder = StateDecoder(seenBy: self.desired.viewer)
        let header =
            #"{"format":1,"server_id":"srv","account_id":"acct","epoch":"e","revision":9,"kinds":[],"time":"2026-11-01T00:00:00Z","own_keys":["key_me"],"caller_key":"\#(caller)","owners":[\#(owners)]}"#
        let end = #"{"end":true,"records":\#(lines.count),"revision":9}"#
        try decoder.feed(Array(([header] + lines + [end]).joined(separator: "\n").utf8) + [0x0A])
        state = try decoder.finish()
    }

    func plan(_ secrets: Secrets = Secrets(), repository: String? = nil) -> Plan {
        Planner.plan(desired, state, secrets, repository: repository)
    }
    func rows(_ secrets: Secrets = Secrets()) -> [String] {
        PlanPage(plan(secrets), server: "s").rows.map { "\($0.sigil.rawValue) \($0.kind) \($0.name): \($0.note)" }
    }
    func text(_ secrets: Secrets = Secrets()) -> String { PlanText(.plain).render(plan(secrets), server: "https://api.example/v1") }
}

func record(_ kind: String, _ id: String, _ fields: String, owner: String? = World.owner) -> String {
    let owner = owner.map { "\"\($0)\"" } ?? "null"
    return "{\"kind\":\"\(kind)\",\"id\":\"\(id)\",\"version\":1,\"managed_by\":\(owner),\(fields)}"
}

extension Pipeline.Planned {
    /// A plan that was made already.
    init(made plan: Plan, for desired: DesiredState) {
        self.init(
            plan: plan, diagnostics: [], desired: desired, secrets: Secrets(), run: Run(), folder: ".", remake: { _ in plan })
    }
}
