import EmailConnect
@testable import Reconciler
import TestSupport
import Testing

private let hook = record("webhook", "wh_1", #""key":"hook","name":"hook","url":"https://a.example/""#)
private let domain = record("domain", "dom_1", #""name":"acme.example""#)

@Suite("A plan")
struct PlannerTests {
    @Test("of what the account is already is empty")
    func equal() throws {
        let world = try World(
            "webhooks: { hook: { url: https://a.example/ } }\ndomains: { acme.example: { aliases: { a: hook } } }",
            state: [hook, domain, record("alias", "alias_1", #""domain":"acme.example","name":"a","webhook_id":"wh_1""#)])
        #expect(world.plan().isEmpty)
    }

    @Test(
        "names each field that differs, and only that",
        arguments: [
            ("description: x", "description", #"none"#), ("enabled: false", "enabled", "true -> false"),
            ("protected: true", "protected", "false -> true"),
            ("webhook: hook", "webhook", "none -> hook"), ("allow_attachments: false", "allow_attachments", "true -> false"),
            ("include_envelope: true", "include_envelope", "false -> true"),
        ])
    func domainFields(line: String, field: String, shown: String) throws {
        let world = try World(
            "webhooks: { hook: { url: https://a.example/ } }\ndomains: { acme.example: { \(line) } }", state: [hook, domain])
        guard case .update(_, _, let differences) = try #require(world.plan().domains.first) else {
            Issue.record("expected an update")
            return
        }
        #expect(differences.map(\.field) == [field])
        #expect(shown == "none" || differences.first?.cell(missing: []) == shown)
    }

    @Test("gives a field that is not stated its default: deleting a line means something")
    func unstated() throws {
        let world = try World(
            "domains: { acme.example: {} }",
            state: [record("domain", "dom_1", #""name":"acme.example","description":"old","enabled":false"#)])
        guard case .update(_, _, let differences) = try #require(world.plan().domains.first) else { return }
        #expect(differences.map(\.field) == ["description", "enabled"])
    }

    @Test("deletes what is ours and no longer wanted, and nothing else")
    func deletes() throws {
        let world = try World(
            "webhooks: {}",
            state: [
                hook, record("webhook", "wh_2", #""key":"hook","name":"x","url":"https://b.example/""#, owner: "other/test"),
                record("webhook", "wh_3", #""key":null,"name":"x","url":"https://c.example/""#, owner: nil),
            ])
        let plan = world.plan()
        #expect(plan.webhooks.count == 1)
        #expect(plan.counts.delete == 1)
        #expect(plan.conflicts.isEmpty)
        #expect(plan.unmanaged == [.webhook: 1])
    }

    @Test("takes a domain's aliases along, and refuses when one is somebody else's")
    func cascades() throws {
        let lines = [
            domain, record("alias", "alias_1", #""domain":"acme.example","name":"a""#),
            record("alias", "alias_2", #""domain":"acme.example","name":"b""#),
        ]
        let plan = try World("webhooks: {}", state: lines).plan()
        guard case .delete(_, let cascade) = try #require(plan.domains.first) else { return }
        #expect(cascade.map(\.id) == ["alias_1", "alias_2"])
        #expect(plan.aliases.isEmpty)
        #expect(plan.counts.delete == 3)
        for other in ["other/test", nil] {
            let foreign = record("alias", "alias_3", #""domain":"acme.example","name":"c""#, owner: other)
            let refused = try World("webhooks: {}", state: lines + [foreign]).plan()
            #expect(refused.conflicts.map(\.kind) == [.domain])
        }
    }

    @Test("refuses what exists and is not ours, whoever has it")
    func conflicts() throws {
        for other in ["other/test", nil] {
            let plan = try World(
                "domains: { acme.example: {} }", state: [record("domain", "dom_1", #""name":"acme.example""#, owner: other)]
            ).plan()
            #expect(plan.conflicts.count == 1)
            #expect(plan.domains.isEmpty)
        }
    }

    @Test("refuses to delete what is protected, and a webhook that others use")
    func refusals() throws {
        let world = try World(
            "webhooks: {}",
            state: [
                hook, record("domain", "dom_1", #""name":"acme.example","protected":true"#),
                record("domain", "dom_2", #""name":"b.example","webhook_id":"wh_1""#, owner: "other/test"),
            ])
        #expect(world.plan().conflicts.map(\.kind) == [.webhook, .domain])
    }

    @Test("points at webhooks of others, by owner and key or by id, and misses those that are not there")
    func externals() throws {
        let theirs = record("webhook", "wh_9", #""key":"archive","name":"x","url":"https://b.example/""#, owner: "platform/test")
        let loose = record("webhook", "wh_8", #""key":null,"name":"x","url":"https://c.example/""#, owner: nil)
        let manifest = """
            webhooks:
              archive: { manage: false, owner: platform/test }
              byid: { manage: false, id: wh_9 }
              loose: { manage: false, id: wh_8 }
            domains: { acme.example: { aliases: { a: archive, b: byid, c: loose } } }
            """
        let aliases = [("a", "wh_9"), ("b", "wh_9"), ("c", "wh_8")].map {
            record("alias", "alias_\($0.0)", "\"domain\":\"acme.example\",\"name\":\"\($0.0)\",\"webhook_id\":\"\($0.1)\"")
        }
        let plan = try World(manifest, state: [loose, theirs, domain] + aliases).plan()
        #expect(plan.isEmpty)
        #expect(plan.conflicts.isEmpty)
        #expect(plan.unmanaged.isEmpty)
        #expect(try World(manifest, state: [domain]).plan().conflicts.count == 3)
    }

    @Test("has one digest with the secrets at hand and without, and another for another value")
    func digest() throws {
        let manifest = "webhooks: { hook: { url: https://a.example/, headers: { Authorization: { env: T } } }, new: { url: { env: U } } }"
        let stored = Fingerprint(of: Secret("v"), salt: "s")
        let world = try World(
            manifest,
            state: [
                record(
                    "webhook", "wh_1",
                    #""key":"hook","name":"hook","url":"https://a.example/","secret_headers":{"authorization":{"salt":"s","hmac":"\#(stored.hmac)"}}"#
                )
            ])
        let reference = SecretReference(.env("T"))
        let digests = [Secrets(), Secrets([reference: Secret("v")]), Secrets([reference: Secret("w")])].map { world.plan($0).digest }
        #expect(Set(digests.map(\.text)).count == 1)
        let other = try World(manifest.replacing("https://a.example/", with: "https://b.example/"), state: []).plan()
        #expect(other.digest != digests[0])
        let fresh = try World(manifest).plan().digest
        #expect(try World(manifest.replacing("env: T", with: "env: V")).plan().digest != fresh)
    }

    @Test("is the same whatever the order of the manifest's lines")
    func order() throws {
        let hooks = ["a: { url: https://a.example/ }", "b: { url: https://b.example/ }", "c: { url: https://c.example/ }"]
        let aliases = ["x: a", "y: b", "z: { webhook: c, enabled: false }"]
        func text(_ hooks: [String], _ aliases: [String]) throws -> String {
            try World(
                "webhooks: { \(hooks.joined(separator: ", ")) }\ndomains: { acme.example: { aliases: { \(aliases.joined(separator: ", ")) } } }"
            ).text()
        }
        let straight = try text(hooks, aliases)
        #expect(try text(hooks.reversed(), aliases.reversed()) == straight)
    }

    @Test("lists what falls due, and a shorter life that is over already as a new token")
    func due() throws {
        let key =
            #""key":"k","name":"k","scopes":["full"],"rotate_every":"30d","expires_after":"300d","token":"delivered","tokens":[{"prefix":"ec_abcdefgh","issued_at":"2026-08-01T00:00:00Z","acknowledged_at":"2026-08-01T00:00:00Z","grace_until":null}]"#
        func world(_ after: String) throws -> World {
            try World(
                "api_keys: { k: { scopes: [full], rotate_every: 30d, expires_after: \(after), deliver_to: { file: k } } }",
                state: [record("api_key", "key_1", key)])
        }
        let same = try world("300d").plan()
        #expect(same.isEmpty)
        #expect(same.due == ["api key k, rotation since 2026-08-31T00:00:00Z"])
        guard case .update(_, _, let longer) = try #require(world("200d").plan().apiKeys.first) else { return }
        #expect(longer.map(\.field) == ["expires_after"])
        guard case .update(_, _, let shorter) = try #require(world("60d").plan().apiKeys.first) else { return }
        #expect(shorter.map(\.field) == ["expires_after", "token"])
    }

    @Test("reads as the documents show it, with nothing from outside at the begin of a line")
    func text() throws {
        let world = try World(
            """
            webhooks:
              helpdesk: { url: https://hooks.acme.example/helpdesk, headers: { X-Team: "a b", Authorization: { env: T } } }
              zapier: { url: { env: Z } }
            domains:
              acme.example:
                aliases:
                  support: { description: "Intake \\e[31m\\u202e", webhook: helpdesk }
            """,
            state: [
                record(
                    "webhook", "wh_1",
                    #""key":"helpdesk","name":"helpdesk","url":"https://old.acme.example/in","headers":{"X-Team":"c"},"secret_headers":{"Authorization":true}"#
                ),
                domain, record("alias", "alias_1", #""domain":"acme.example","name":"old","webhook_id":"wh_1""#),
                record("domain", "dom_2", #""name":"legacy.example""#),
                record("alias", "alias_2", #""domain":"legacy.example","name":"x""#),
                record("alias", "alias_3", #""domain":"acme.example","name":"theirs""#, owner: nil),
            ].sorted { $0.contains("webhook\"") && !$1.contains("webhook\"") })
        let secrets = Secrets([SecretReference(.env("T")): Secret("canary")])
        let text = world.text(secrets)
        #expect(!text.contains("canary"))
        try Snapshot.expect(text, at: "Tests/ReconcilerTests/Snapshots/plan.txt")
        let json = PlanJSON.render(world.plan(secrets), server: "https://api.example/v1", command: "plan", exit: .changesPending)
        #expect(!json.contains("canary"))
        try Snapshot.expect(json, at: "Tests/ReconcilerTests/Snapshots/plan.json")
    }
}
