import EmailConnect
@testable import Reconciler
import TestSupport
import Testing

@Suite("A guard")
struct GuardTests {
    private static let head = [
        record("webhook", "wh_1", #""key":"hook","name":"hook","url":"https://a.example/""#),
        record("domain", "dom_1", #""name":"acme.example""#),
    ]
    private static let hook = "webhooks: { hook: { url: https://a.example/ } }\n"

    private static func account(_ aliases: Int, more: [String] = []) -> [String] {
        head + more
            + (0..<aliases).map {
                record("alias", "alias_\($0)", "\"domain\":\"acme.example\",\"name\":\"a\($0)\",\"webhook_id\":\"wh_1\"")
            }
    }

    private static func manifest(_ aliases: Int, fields: String = "hook") -> String {
        hook + "domains: { acme.example: { aliases: { \((0..<aliases).map { "a\($0): \(fields)" }.joined(separator: ", ")) } } }\n"
    }

    /// The account has the aliases, a webhook and a domain.
    @Test(
        "refuses too many deletions, the last domain and everything, and nothing else",
        arguments: [
            (100, manifest(90), nil), (100, manifest(89), "11 would be deleted, more than 10"),
            (10, manifest(9), nil), (10, manifest(8), nil), (10, manifest(7), "3 would be deleted, more than 20 % of 12"),
            (13, manifest(10), nil), (100, hook, "the last domain of acme/test would be deleted, 101 deletions in all"),
            (1, "", "everything that acme/test manages would be deleted: 3 that nobody wrote down"),
            (7, "webhooks: {}\n", "everything that acme/test manages would be deleted: 9 that nobody wrote down"),
        ] as [(Int, String, String?)])
    func deletions(aliases: Int, manifest: String, problem: String?) throws {
        let plan = try World(manifest, state: Self.account(aliases)).plan()
        #expect(plan.refusals.map(\.problem) == (problem.map { [$0] } ?? []))
        guard let refusal = plan.refusals.first else { return }
        #expect(refusal.remedy.contains("removed:"))
        let agreed = try World(manifest + "allow: { deletes: \(refusal.count) }", state: Self.account(aliases)).plan()
        #expect(agreed.refusals.isEmpty)
        #expect(agreed.consented == ["deletes: \(refusal.count) is agreed to"])
        #expect(agreed.digest == plan.digest, "consent is no part of what is reviewed by digest")
        let more = try World(manifest + "allow: { deletes: \(refusal.count + 1) }", state: Self.account(aliases)).plan()
        #expect(more.refusals.count == 1, "consent is exact")
    }

    @Test("does not count what is written down, but what goes along with it")
    func writtenDown() throws {
        let removed = "removed: [\((0..<20).map { "{ alias: a\($0)@acme.example }" }.joined(separator: ", "))]\n"
        let aliases = (20..<30).map { "a\($0): hook" }.joined(separator: ", ")
        let manifest = Self.hook + "domains: { acme.example: { aliases: { \(aliases) } } }\n"
        #expect(try World(manifest + removed, state: Self.account(30)).plan().refusals.isEmpty)
        #expect(try World(manifest, state: Self.account(30)).plan().refusals.map(\.count) == [20])
        let domain = "removed: [{ domain: acme.example }]\n"
        #expect(try World(Self.hook + domain, state: Self.account(30)).plan().refusals.map(\.count) == [30])
        #expect(try World(Self.hook + domain, state: Self.account(0)).plan().refusals.isEmpty, "the last domain, and meant")
    }

    @Test("says of consent that is not needed that it can go, and lets the plan pass")
    func stale() throws {
        let plan = try World(Self.manifest(3) + "allow: { deletes: 4, mail_moves: 2 }", state: Self.account(3)).plan()
        #expect(plan.refusals.isEmpty)
        #expect(plan.consented.count == 2)
        #expect(plan.consented.allSatisfy { $0.contains("not needed") })
    }

    @Test(
        "counts every address whose mail goes elsewhere or nowhere",
        arguments: [
            ("webhooks: { hook: { url: https://b.example/ } }\n", "hook", "", 40),
            ("webhooks: { hook: { url: https://a.example/, enabled: false } }\n", "hook", "", 40),
            (hook, "{ webhook: hook, enabled: false }", "", 40), (hook, "{}", "", 40), (hook, "hook", "enabled: false, ", 40),
            (hook, "{ webhook: hook, description: x }", "", 0),
            ("webhooks: { hook: { url: https://a.example/, name: x } }\n", "hook", "", 0),
            // Without a webhook of its own it goes to the domain's, which is the same one.
            (hook, "{}", "webhook: hook, ", 0),
            ("webhooks: { hook: { url: https://a.example/ }, new: { url: https://a.example/ } }\n", "new", "", 40),
        ])
    func mailMoves(webhooks: String, alias: String, domain: String, count: Int) throws {
        let aliases = (0..<40).map { "a\($0): \(alias)" }.joined(separator: ", ")
        let manifest = webhooks + "domains: { acme.example: { \(domain)aliases: { \(aliases) } } }\n"
        let plan = try World(manifest, state: Self.account(40)).plan()
        #expect(plan.refusals.map(\.count) == (count == 0 ? [] : [count]))
        guard count > 0 else { return }
        #expect(plan.refusals[0].problem == "the mail of 40 addresses would go elsewhere, or nowhere, more than 10")
        #expect(try World(manifest + "allow: { mail_moves: 40 }", state: Self.account(40)).plan().refusals.isEmpty)
    }

    @Test("counts a domain's own route, and the addresses of others that a webhook serves")
    func routes() throws {
        let more =
            [record("domain", "dom_2", #""name":"b.example","webhook_id":"wh_1""#)]
            + (0..<11).map { record("alias", "alias_x\($0)", "\"domain\":\"b.example\",\"name\":\"x\($0)\"", owner: "web/test") }
        let manifest =
            "webhooks: { hook: { url: https://b.example/ } }\ndomains: { acme.example: {}, b.example: { webhook: hook } }\n"
        let plan = try World(manifest, state: Self.account(0, more: more)).plan()
        #expect(plan.refusals.map(\.count) == [12])
    }

    @Test("holds a revoked key until somebody decides to have it again", arguments: ["description: new, ", ""])
    func revoked(change: String) throws {
        let key = record(
            "api_key", "key_1",
            #""revoked_at":"2026-10-01T12:00:00Z","key":"k","name":"k","scopes":["domains:read"],"token":"delivered","tokens":[]"#)
        func plan(_ fields: String) throws -> Plan {
            try World("api_keys: { k: { \(change)scopes: [domains:read], \(fields)deliver_to: { file: k } } }", state: [key]).plan()
        }
        let held = try plan("")
        #expect(held.refusals.map(\.problem) == ["api key k was revoked at 2026-10-01T12:00:00Z"])
        #expect(held.apiKeys.isEmpty)
        #expect(try plan("reissue: 2026-10-01, ").refusals.count == 1, "it was revoked later that day")
        let again = try plan("reissue: 2026-10-02, ")
        #expect(again.refusals.isEmpty)
        #expect(again.apiKeys.first?.makesToken == true)
        let gone = try World("removed: [{ api_key: k }]", state: [key]).plan()
        #expect(gone.refusals.isEmpty && gone.counts.delete == 1)
    }

    @Test("does not count a webhook's secret URL that cannot be compared")
    func uncertain() throws {
        let secret = record("webhook", "wh_1", #""key":"hook","name":"hook","url":null,"secret_url":true"#)
        let lines = [secret] + Self.account(40).dropFirst()
        let manifest = Self.manifest(40).replacing("{ url: https://a.example/ }", with: "{ url: { env: U } }")
        #expect(try World(manifest, state: lines).plan().refusals.isEmpty)
        #expect(try World(manifest, state: Self.account(40)).plan().refusals.map(\.count) == [40], "a plain one that becomes secret")
    }
}

extension GuardTests {
    private static func twenty(_ line: (Int) -> String) -> String {
        "domains: { acme.example: { aliases: { \((0..<20).map(line).joined(separator: ", ")) } } }\n"
    }

    @Test("counts an address that is left for another name and made again elsewhere, and not one that is left")
    func renamed() throws {
        let hooks = "webhooks: { hook: { url: https://a.example/ }, evil: { url: https://e.example/ } }\n"
        let lines =
            [
                record("webhook", "wh_1", #""key":"hook","name":"hook","url":"https://a.example/""#),
                record("webhook", "wh_2", #""key":"evil","name":"evil","url":"https://e.example/""#),
                record("domain", "dom_1", #""name":"acme.example""#),
            ] + (0..<20).map { record("alias", "alias_\($0)", "\"domain\":\"acme.example\",\"name\":\"a\($0)\",\"webhook_id\":\"wh_1\"") }
        let swapped = try World(
            hooks + Self.twenty { "a\($0): evil, old-a\($0): { moved_from: a\($0), webhook: hook }" }, state: lines
        ).plan()
        #expect(swapped.refusals.map(\.count) == [20])
        let moved = try World(hooks + Self.twenty { "old-a\($0): { moved_from: a\($0), webhook: hook }" }, state: lines).plan()
        #expect(moved.refusals.isEmpty, "moved_from is written down")
        let lost = try World(
            hooks + Self.twenty { "old-a\($0): { moved_from: a\($0), webhook: hook, enabled: false }" }, state: lines
        ).plan()
        #expect(lost.refusals.map(\.count) == [20], "and goes nowhere")
    }

    @Test("counts a catch-all that takes the place of a domain's webhook", arguments: ["other", "{ webhook: hook, enabled: false }"])
    func catchAll(alias: String) throws {
        let lines =
            [
                record("webhook", "wh_1", #""key":"hook","name":"hook","url":"https://a.example/""#),
                record("webhook", "wh_2", #""key":"other","name":"other","url":"https://o.example/""#),
            ] + (0..<12).map { record("domain", "dom_\($0)", "\"name\":\"d\($0).example\",\"webhook_id\":\"wh_1\"") }
        let domains = (0..<12).map { "d\($0).example: { webhook: hook, aliases: { \"*\": \(alias) } }" }.joined(separator: ", ")
        let manifest = "webhooks: { hook: { url: https://a.example/ }, other: { url: https://o.example/ } }\ndomains: { \(domains) }"
        #expect(try World(manifest, state: lines).plan().refusals.map(\.count) == [12])
    }
}

@Suite("A digest")
struct DigestTests {
    private func digest(_ manifest: String, _ lines: [String] = []) throws -> PlanDigest { try World(manifest, state: lines).plan().digest }

    @Test("covers where a new token goes")
    func sinks() throws {
        let key = "api_keys: { k: { scopes: [full], deliver_to: { file: good.key } } }"
        #expect(try digest(key) != digest(key.replacing("good", with: "public/evil")))
    }

    @Test("covers where a token goes that is made again: who approved that nothing changes has approved no delivery")
    func tokens() throws {
        let manifest = "api_keys: { k: { scopes: [full], deliver_to: { file: k } } }"
        let key = { (token: String) in
            [record("api_key", "key_1", "\"key\":\"k\",\"name\":\"k\",\"scopes\":[\"full\"],\"token\":\"\(token)\"")]
        }
        let elsewhere = manifest.replacing("file: k", with: "command: [sh, -c, cat >evil]")
        #expect(try digest(manifest, key("undelivered")) != digest(manifest, key("delivered")))
        #expect(try digest(manifest, key("undelivered")) != digest(elsewhere, key("undelivered")))
        #expect(try digest(manifest, key("delivered")) == digest(elsewhere, key("delivered")), "where nothing goes does not matter")
    }

    @Test("tells one word of a program from two")
    func words() throws {
        let key = { (words: String) in "api_keys: { k: { scopes: [full], deliver_to: { command: [\(words)] } } }" }
        #expect(try digest(key("gh, secret, set")) != digest(key("gh, secret set")))
        let hook = { (words: String) in "webhooks: { h: { url: { command: [\(words)] } } }" }
        #expect(try digest(hook("pass, a, b")) != digest(hook("pass, a b")))
    }

    @Test("tells a reference's name from its prefix")
    func references() throws {
        let hook = { (reference: String) in "webhooks: { h: { url: https://a.example/, headers: { Authorization: \(reference) } } }" }
        #expect(try digest(hook("{ file: \"a b\" }")) != digest(hook("{ file: a, prefix: \"b \" }")))
    }
}
