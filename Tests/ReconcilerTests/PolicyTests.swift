import EmailConnect
@testable import Reconciler
import TestSupport
import Testing

@Suite("A policy")
struct PolicyTests {
    private static let manifest = """
        webhooks: { hook: { url: http://a.example/ } }
        domains:
          acme.example: { aliases: { a: hook } }
          deep.mail.acme.example: { protected: true }
        api_keys: { k: { scopes: [full], deliver_to: { file: k } } }

        """

    private func violations(_ policy: String) throws -> [String] {
        let state = try World(Self.manifest + "policy: \(policy)").desired
        return state.violations.map { "\($0.position?.line ?? 0) \($0.problem)" }
    }

    @Test(
        "names each entry that does not meet it, at its line",
        arguments: [
            ("{ domains: [acme.example, \"*.acme.example\"] }", []),
            ("{ domains: [acme.example] }", ["7 policy: the domain deep.mail.acme.example is not allowed"]),
            ("{ domains: [\"*.acme.example\"] }", ["6 policy: the domain acme.example is not allowed"]),
            (
                "{ domains: [] }",
                ["6 policy: the domain acme.example is not allowed", "7 policy: the domain deep.mail.acme.example is not allowed"]
            ),
            ("{ require: [https_webhooks] }", ["4 policy: the webhook hook is not https"]),
            ("{ require: [protected_domains] }", ["6 policy: the domain acme.example is not protected"]),
            (
                "{ require: [key_expiry, key_rotation, key_ip_allowlist] }",
                [
                    "8 policy: the API key k never expires", "8 policy: the API key k may be used from anywhere",
                    "8 policy: the API key k is never rotated",
                ]
            ),
            ("{ forbid_scopes: [emails:write] }", ["8 policy: the API key k may do what is forbidden: emails:write"]),
            (
                "{ forbid_scopes: [full, api_keys:grant] }", ["8 policy: the API key k may do what is forbidden: api_keys:grant, full"]
            ), ("{ forbid_scopes: [full] }", ["8 policy: the API key k may do what is forbidden: full"]),
        ] as [(String, [String])])
    func entries(policy: String, expected: [String]) throws {
        #expect(try violations(policy).sorted() == expected.sorted())
    }

    @Test("is only ever tightened by what extends it, what it includes, and files of its own")
    func tightened() throws {
        let files = [
            "m.yaml": "version: 1\nmanifest: m\nenvironment: e\nextends: b.yaml\ninclude: p.yaml\n"
                + "policy: { domains: [a.example, b.example], limits: { deletes: 5 }, unmanaged: report }\n",
            "b.yaml": "policy: { domains: [b.example, c.example], limits: { deletes: 3, mail_moves: 9 }, require: [key_expiry] }\n",
            "p.yaml": "policy: { unmanaged: { api_keys: forbid }, forbid_scopes: [full] }\n",
        ]
        let policy = try #require(Pipeline.load("m.yaml", .test(files: files)).desired).policy
        #expect(policy.mostDeletes == 3 && policy.mostMailMoves == 9)
        #expect(policy.require == [.keyExpiry] && policy.forbiddenScopes == [.full])
        #expect(policy.unmanaged == [.webhook: .report, .domain: .report, .alias: .report, .apiKey: .forbid])
        let (a, b) = (try DomainName("a.example"), try DomainName("b.example"))
        #expect(!policy.domains.allSatisfy { $0.contains { $0.matches(a) } } && policy.domains.allSatisfy { $0.contains { $0.matches(b) } })
        #expect(policy.forbiddingUnmanaged.unmanaged.values.allSatisfy { $0 == .forbid })
        #expect(policy.forbiddingUnmanaged.tightened(by: policy) == policy.forbiddingUnmanaged, "in any order")
    }

    @Test(
        "in a file of its own is that and nothing else",
        arguments: [
            ("version: 1\npolicy: { forbid_scopes: [full] }", nil),
            ("version: 1\n", "a file of a policy has version: 1 and policy:, and nothing else"),
            ("policy: { forbid_scopes: [full] }\nmanifest: m", "a file of a policy has version: 1 and policy:, and nothing else"),
            ("policy: { forbid_scopes: [ful] }", "no such scope"), ("policy: { require: [https] }", "no such requirement"),
            ("policy: { limit: { deletes: 1 } }", "unknown key \"limit\" in policy"), ("policy: [", "this is no YAML: "),
            ("policy: { domains: [\"a*.example\"] }", "* stands alone before the first dot"),
            ("policy: { limits: { deletes: -1 } }", "expected a number, 0 or more"),
        ] as [(String, String?)])
    func file(text: String, problem: String?) {
        let read = Pipeline.policy("p.yaml", .test(files: ["p.yaml": text]))
        #expect((read.policy == nil) == (problem != nil), "\(read.diagnostics)")
        if let problem { #expect(read.diagnostics.first?.problem.hasPrefix(problem) == true, "\(read.diagnostics)") }
        #expect(Pipeline.policy("none", .test()).policy == nil)
    }

    @Test("looks at what the manifest leaves to others, at ranges that have every address, and at URLs by reference")
    func loopholes() throws {
        let manifest = """
            webhooks: { hook: { url: { env: HOOK }, ignore_fields: [url, enabled] } }
            domains: { acme.example: { protected: true, ignore_fields: [protected] } }
            api_keys: { k: { scopes: [aliases:read], allowed_ips: [10.0.0.0/8, "::/0"], ignore_fields: [scopes], deliver_to: { file: k } } }
            policy: { require: [https_webhooks, protected_domains, key_ip_allowlist], forbid_scopes: [full] }
            """
        let world = try World(manifest)
        #expect(
            world.desired.violations.map(\.problem).sorted() == [
                "policy: the API key k may be used from anywhere", "policy: the api key k leaves scopes to others",
                "policy: the domain acme.example leaves protected to others", "policy: the webhook hook leaves url to others",
            ])
        let reference = SecretReference(.env("HOOK"))
        for (url, isRefused) in [("http://a.example/", true), ("https://a.example/", false)] {
            let problems = world.plan(Secrets([reference: Secret(url)])).refusals.map(\.problem)
            #expect(problems.contains("policy: the webhook hook is not https (env HOOK)") == isRefused, "\(problems)")
            #expect(!problems.contains { $0.contains("a.example/") })
        }
    }

    private static let account = [
        record("webhook", "wh_1", #""key":null,"name":"by hand","url":"https://b.example/""#, owner: nil),
        record("alias", "alias_1", #""domain":"z.example","name":"x""#, owner: nil),
        record("alias", "alias_2", #""domain":"z.example","name":"y""#),
        record("domain", "dom_1", #""name":"z.example""#, owner: nil),
    ]

    @Test("reports or forbids what nobody manages, by name")
    func unmanaged() throws {
        let reported = try World("policy: { unmanaged: report }", state: Self.account).plan()
        #expect(
            reported.reported == [
                "unmanaged webhooks: by hand (wh_1)", "unmanaged domains: z.example", "unmanaged aliases: x@z.example",
            ])
        #expect(reported.refusals.map(\.guarded) == ["deletes"], "only what it deletes is refused")
        let forbidden = try World("policy: { unmanaged: { aliases: forbid } }\nallow: { deletes: 1 }", state: Self.account).plan()
        #expect(forbidden.refusals.map(\.problem) == ["policy: 1 unmanaged alias: x@z.example"])
        #expect(forbidden.reported.isEmpty && forbidden.digest == reported.digest, "a policy is no part of what is reviewed by digest")
        #expect(PlanText(.plain).render(reported, server: "s").contains("\nReported: unmanaged domains: z.example\n"))
        let saved = try SavedPlan(SavedPlan(reported, server: "s").bytes)
        #expect(saved.plan.reported == reported.reported)
        for page in [PlanMarkdown(reported, server: "s").text, PlanHTML(reported, server: "s").text] {
            #expect(page.contains("unmanaged aliases: x@z.example"))
        }
    }

    @Test("does not take it for managed that somebody points at it, nor a tombstone for a key")
    func pointedAt() throws {
        let manifest = "webhooks: { w: { manage: false, id: wh_1 } }\ndomains: { z.example: { manage: false } }\nallow: { deletes: 1 }\n"
        let revoked = record(
            "api_key", "key_9", #""key":null,"name":"k","scopes":["full"],"token":"delivered","revoked_at":"2026-10-01T00:00:00Z""#,
            owner: nil)
        let plan = try World(manifest + "policy: { unmanaged: forbid }", state: Self.account + [revoked]).plan()
        #expect(
            plan.refusals.map(\.problem) == [
                "policy: 1 unmanaged webhook: by hand (wh_1)", "policy: 1 unmanaged domain: z.example",
                "policy: 1 unmanaged alias: x@z.example",
            ])
    }

    @Test("has limits that no consent lifts")
    func limits() throws {
        let allow = "allow: { deletes: 1 }\n"
        #expect(try World(allow + "policy: { limits: { deletes: 1 } }", state: Self.account).plan().refusals.isEmpty)
        let plan = try World(allow + "policy: { limits: { deletes: 0 } }", state: Self.account).plan()
        #expect(plan.refusals.map(\.problem) == ["policy: 1 would be deleted, and at most 0 may"])
        let written = try World("removed: [{ alias: y@z.example }]\npolicy: { limits: { deletes: 0 } }", state: Self.account).plan()
        #expect(written.refusals.map(\.guarded) == ["policy_limit"], "also what is written down: the same hand writes both")
    }

    @Test("is shown with the plan, and the plan is refused")
    func refused() throws {
        let plan = try World(Self.manifest + "policy: { require: [key_expiry] }").plan()
        #expect(plan.refusals.map(\.problem) == ["policy: the API key k never expires (m:8)"])
        #expect(plan.refusals.map(\.guarded) == ["policy"] && !plan.isEmpty)
    }
}
