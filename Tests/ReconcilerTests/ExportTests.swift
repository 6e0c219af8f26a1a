import EmailConnect
@testable import Reconciler
import TestSupport
import Testing

@Suite("An export")
struct ExportTests {
    private static let account = [
        record(
            "webhook", "wh_1",
            #""key":null,"name":"Help Desk","url":"https://a.example/in","headers":{"X-Team":"yes"},"secret_headers":{"Authorization":true}"#,
            owner: nil),
        record("webhook", "wh_2", #""key":"archive","name":"archive","url":"http://b.example/in""#, owner: "web/test"),
        record("webhook", "wh_3", #""key":null,"name":"Help desk!","secret_url":true,"signing_secret":true"#, owner: nil),
        record("domain", "dom_1", #""name":"acme.example","description":"null","webhook_id":"wh_1""#, owner: nil),
        record("domain", "dom_2", #""name":"their.example""#, owner: "web/test"),
        record("alias", "alias_1", ##""domain":"acme.example","name":"*","webhook_id":"wh_1","description":"a: b #c""##, owner: nil),
        record("alias", "alias_2", #""domain":"acme.example","name":"on","webhook_id":"wh_2""#, owner: nil),
        record("alias", "alias_3", #""domain":"their.example","name":"ours""#, owner: nil),
        record("alias", "alias_4", #""domain":"their.example","name":"theirs""#, owner: "web/test"),
        record("api_key", "key_9", #""key":null,"name":"Zapier","scopes":["full"],"token":"delivered""#, owner: nil),
        record("api_key", "key_me", #""key":null,"name":"me","scopes":["full"],"token":"delivered""#, owner: nil),
    ]

    private func export(_ change: (inout Exporter.Options) throws -> Void = { _ in }) throws -> String {
        let world = try World("", state: Self.account)
        var options = Exporter.Options(owner: world.desired.owner)
        try change(&options)
        return try Exporter.export(world.state, options).text
    }

    @Test("is a manifest in the order of the tables, with secrets by reference and what others manage left to them")
    func whole() throws { try Snapshot.expect(try export(), at: "Tests/ReconcilerTests/Snapshots/export.yaml") }

    @Test("of one domain is refused where a manifest with it alone would delete the rest")
    func rest() throws {
        let more = Self.account + [record("alias", "alias_9", #""domain":"acme.example","name":"mine""#)]
        let world = try World("", state: more)
        var options = Exporter.Options(owner: world.desired.owner)
        options.domains = [try DomainName("their.example")]
        let error = #expect(throws: Rejection.self) { try Exporter.export(world.state, options) }
        #expect(error?.problem.hasPrefix("acme/test manages more than that: alias mine@acme.example") == true)
        options.domains = [try DomainName("acme.example")]
        #expect(try Exporter.export(world.state, options).text.contains("mine: {}"))
    }

    @Test("of one domain has what that domain uses, and nothing else")
    func domain() throws {
        let text = try export { $0.domains = [try DomainName("their.example")] }
        #expect(
            text.hasSuffix(
                "domains:\n  # managed by web/test\n  their.example:\n    manage: false\n    aliases:\n      ours: {} # decide: no webhook gets its mail\n"
            ))
        #expect(!text.contains("webhooks:") && !text.contains("api_keys:"))
        let error = #expect(throws: Rejection.self) { try export { $0.domains = [try DomainName("acme.exampel")] } }
        #expect(error?.sentence == "the account has no domain acme.exampel: did you mean acme.example?")
    }

    @Test("into a manifest has what that lacks, under its keys")
    func into() throws {
        let manifest = """
            include: part.yaml
            webhooks: { desk: { url: https://a.example/in, name: Help Desk, adopt: { id: wh_1 } } }
            domains: { main: { name: acme.example, webhook: desk, aliases: { "*": { webhook: desk, description: "a: b #c" } } } }
            api_keys: { zap: { name: Zapier, scopes: [full], adopt: { id: key_9 } } }
            """
        let head = "version: 1\nmanifest: acme\nenvironment: test\n"
        var files = ["m.yaml": head + manifest, "part.yaml": "version: 1\n"]
        let desired = try #require(Pipeline.load("m.yaml", .test(files: files)).desired)
        let text = try export { ($0.into, $0.manifest) = (desired, "m.yaml") }
        #expect(text.contains("  main:\n    aliases:\n      \"on\": archive\n"), "\(text)")
        #expect(text.contains("  help-desk:\n    name: Help desk!\n"))
        #expect(!text.contains("wh_1") && !text.contains("key_9") && !text.contains("manifest: "))
        files["part.yaml"] = text
        let loaded = Pipeline.load("m.yaml", .test(files: files))
        let whole = try #require(loaded.desired, "\(loaded.diagnostics)\n\(text)")
        let plan = Planner.plan(whole, try World("", state: Self.account).state, Secrets())
        #expect(plan.conflicts.isEmpty && plan.counts.add == 0 && plan.counts.delete == 0, "\(PlanText(.plain).render(plan, server: "s"))")
        #expect(plan.unmanaged.isEmpty, "nothing is left alone")
        let again = try export { ($0.into, $0.manifest) = (whole, "m.yaml") }
        #expect(!again.contains("webhooks:") && !again.contains("domains:"), "then it lacks nothing: \(again)")
    }

    @Test(
        "writes text so that every reader of YAML takes it for that text",
        arguments: [
            ("plain text", "plain text"), ("https://a.example/in?x=1#y", "https://a.example/in?x=1#y"),
            ("203.0.113.0/24", "203.0.113.0/24"),
            ("90d", "90d"), ("", "\"\""), ("yes", "\"yes\""), ("null", "\"null\""), ("1e3", "\"1e3\""), ("0x1f", "\"0x1f\""),
            ("*", "\"*\""),
            ("a: b", "\"a: b\""), ("a #b", "\"a #b\""), ("a:", "\"a:\""), (" a", "\" a\""), ("a ", "\"a \""), ("[a]", "\"[a]\""),
            ("a, b", "\"a, b\""), ("tab\there", "\"tab\\there\""), ("\u{7}\u{2028}\u{E000}", "\"\\x07\\u2028\\ue000\""),
            ("über", "\"über\""), ("say \"hi\" \\o", "\"say \\\"hi\\\" \\\\o\""), ("-", "\"-\""), ("~", "\"~\""),
            ("2026-01-01", "\"2026-01-01\""),
        ])
    func scalars(text: String, written: String) throws {
        #expect(YAMLText.scalar(text) == written)
        for yaml in ["a: \(written)\n", "{ a: \(written), b: c }\n", "\(written): x\n"] {
            var reader = try YAMLReader(Array(yaml.utf8))
            let members = try reader.node().members("a mapping")
            let read = yaml.hasSuffix(": x\n") ? members[0].key.text : try members[0].value.text()
            #expect(read == text, "\(yaml)")
        }
    }
}
