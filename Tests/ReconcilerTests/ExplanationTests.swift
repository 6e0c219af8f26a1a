import EmailConnect
@testable import Reconciler
import TestSupport
import Testing

@Suite("An explanation")
struct ExplanationTests {
    private static let files = [
        "m.yaml": """
        version: 1
        manifest: acme
        environment: test
        extends: base.yaml
        domains:
          main: { name: acme.example, aliases: { support: { description: Ours } } }
        removed: [{ alias: old@acme.example }]
        """,
        "base.yaml": """
        webhooks: { hook: { url: https://a.example/, headers: { Authorization: { env: T }, X-Team: t } } }
        alias_sets: { roles: { abuse: hook } }
        domains:
          main: { use: [roles], aliases: { support: { description: Base, webhook: hook } } }
        """,
    ]

    private func explain(_ name: String) throws -> String {
        let loaded = Pipeline.load("m.yaml", .test(files: Self.files), isTraced: true)
        let desired = try #require(loaded.desired, "\(loaded.diagnostics)")
        let old = record("alias", "alias_1", #""domain":"acme.example","name":"old""#)
        let state = try World("", state: [old, record("domain", "dom_1", #""name":"acme.example""#)]).state
        let planned = Pipeline.Planned(made: Planner.plan(desired, state, Secrets()), for: desired)
        return try Explanation(ResourceName(name), loaded, planned).text(.plain)
    }

    @Test("says of each field where it stands and what it stands over, through files and alias sets")
    func places() throws {
        #expect(
            try explain("support@acme.example") == """
                alias support@acme.example
                  declared at m.yaml:6:42

                  description  "Ours"  m.yaml:6:66, over base.yaml:4:60
                  enabled      true    default
                  protected    false   default
                  webhook      hook    base.yaml:4:75

                  + alias support@acme.example  description "Ours", webhook hook

                """)
        #expect(try explain("abuse@acme.example").contains("webhook      hook   base.yaml:2:31\n"))
        let webhook = try explain("webhook:hook")
        #expect(webhook.contains("headers.Authorization  (secret, env T)       base.yaml:1:72\n"), "\(webhook)")
        #expect(webhook.contains("headers.X-Team         \"t\"                   base.yaml:1:92\n"), "each header for itself")
    }

    @Test("says what becomes of what is not declared, and that something is as it shall be")
    func others() throws {
        let old = try explain("old@acme.example")
        #expect(old.contains("not declared") && old.contains("- alias old@acme.example") && old.contains("under removed: at m.yaml:7:"))
        #expect(try explain("acme.example").hasSuffix("  No change: the account has it like this.\n"))
        let error = #expect(throws: Rejection.self) { try explain("suport@acme.example") }
        #expect(error?.remedy == "did you mean support@acme.example?")
    }
}
