import EmailConnect
@testable import Reconciler
import TestSupport
import Testing

@Suite("Who manages what")
struct OwnershipTests {
    private static let loose = record("domain", "dom_1", #""name":"acme.example""#, owner: nil)
    private static let theirs = record("domain", "dom_1", #""name":"acme.example""#, owner: "web/test")
    private static let manifest = "domains: { acme.example: { description: x } }\n"

    @Test("what nobody manages is adopted only when that was agreed to, with its changes")
    func adopt() throws {
        let refused = try World(Self.manifest, state: [Self.loose]).plan()
        #expect(refused.conflicts.map(\.problem) == ["exists and nobody manages it"])
        #expect(refused.conflicts[0].remedy.contains("allow: { adopt: [acme.example] }"))
        #expect(refused.unmanaged.isEmpty, "it is declared, so that it is not left alone")
        for consent in ["[acme.example]", "all"] {
            let world = try World(Self.manifest + "allow: { adopt: \(consent) }", state: [Self.loose])
            #expect(world.rows() == ["~ domain acme.example: adopted: nobody manages it"])
            #expect(world.plan().conflicts.isEmpty)
            #expect(world.plan().counts == Counts(adopt: 1))
        }
    }

    @Test("an adoption without any change is still a change, of the owner")
    func adoptAsItIs() throws {
        let world = try World("domains: { acme.example: {} }\nallow: { adopt: all }", state: [Self.loose])
        #expect(!world.plan().isEmpty)
        guard case .update(_, _, let differences) = try #require(world.plan().domains.first) else { return }
        #expect(differences.map(\.field) == ["managed_by"])
    }

    @Test("consent that nothing needs is named")
    func unused() throws {
        let ours = record("domain", "dom_1", #""name":"acme.example","description":"x""#)
        let allow = "allow: { adopt: [acme.example, a@acme.example], take_over: { web/test: [b.example] } }"
        #expect(
            try World(Self.manifest + allow, state: [ours]).plan().consented == [
                "adopt: acme.example is not needed (any more); remove it", "adopt: a@acme.example is not needed (any more); remove it",
                "take_over: web/test: b.example is not needed (any more); remove it",
            ])
        #expect(try World(Self.manifest + "allow: { adopt: [acme.example] }", state: [Self.loose]).plan().consented.isEmpty)
    }

    @Test("a webhook or a key of another client is adopted by its id, and gets the manifest's key")
    func adoptByID() throws {
        let hook = record("webhook", "wh_9", #""key":null,"name":"by hand","url":"https://a.example/""#, owner: nil)
        let manifest = "webhooks: { hook: { url: https://a.example/, name: by hand, adopt: { id: wh_9 } } }"
        let world = try World(manifest, state: [hook])
        #expect(world.rows() == ["~ webhook hook: adopted: nobody manages it"])
        #expect(try World(manifest, state: []).plan().conflicts.map(\.problem) == ["is to adopt wh_9, which is not there"])
        let done = record("webhook", "wh_9", #""key":"hook","name":"by hand","url":"https://a.example/""#)
        #expect(try World(manifest, state: [done]).plan().isEmpty, "adopt: may stay where it is")
    }

    @Test("an adopted key needs no place to go, until it needs a new token")
    func adoptKey() throws {
        let key = record("api_key", "key_9", #""key":null,"name":"k","scopes":["full"],"token":"delivered""#, owner: nil)
        let world = try World("api_keys: { k: { scopes: [full], adopt: { id: key_9 } } }", state: [key])
        let plan = world.plan()
        #expect(plan.counts == Counts(adopt: 1))
        #expect(plan.apiKeys.first?.makesToken == false)
    }

    @Test("what another manifest manages is taken over only when that was agreed to, and never when it is protected")
    func takeOver() throws {
        #expect(try World(Self.manifest, state: [Self.theirs]).plan().conflicts.map(\.problem) == ["is managed by web/test"])
        let allow = "allow: { take_over: { web/test: [acme.example, \"webhook:hook\"] } }"
        let world = try World(Self.manifest + allow, state: [Self.theirs])
        #expect(world.rows() == ["~ domain acme.example: taken over from web/test"])
        let other = try World(Self.manifest + "allow: { take_over: { ops/test: [acme.example] } }", state: [Self.theirs])
        #expect(other.plan().conflicts.count == 1, "consent names the owner")
        let protected = record("domain", "dom_1", #""name":"acme.example","protected":true"#, owner: "web/test")
        #expect(try World(Self.manifest + allow, state: [protected]).plan().conflicts.map(\.problem) == ["is protected by web/test"])
        let hook = record("webhook", "wh_1", #""key":"hook","name":"hook","url":"https://a.example/""#, owner: "web/test")
        let webhooks = "webhooks: { hook: { url: https://a.example/ } }\n"
        #expect(try World(webhooks + allow, state: [hook]).rows() == ["~ webhook hook: taken over from web/test"])
        #expect(try World(webhooks, state: [hook]).rows() == ["+ webhook hook: url \"https://a.example/\""], "a key is its owner's")
    }

    @Test("what is removed and kept is let go, a domain with its aliases")
    func release() throws {
        let lines = [
            record("domain", "dom_1", #""name":"acme.example""#), record("alias", "alias_1", #""domain":"acme.example","name":"a""#),
        ]
        let world = try World("removed: [{ domain: acme.example, keep: true }]", state: lines)
        #expect(
            world.rows() == [
                "~ domain acme.example: released: nobody will manage it", "~ alias a@acme.example: released: nobody will manage it",
            ])
        #expect(world.plan().refusals.isEmpty, "nothing is deleted")
    }

    @Test("a domain that is ours and declared as others' is let go or kept, never deleted silently")
    func stillOurs() throws {
        let line = record("domain", "dom_1", #""name":"acme.example""#)
        let manifest = "domains: { acme.example: { manage: false } }\n"
        #expect(try World(manifest, state: [line]).plan().conflicts.count == 1)
    }

    @Test("a manifest that was renamed has what it had under its old name")
    func relabel() throws {
        let lines = [
            record("webhook", "wh_1", #""key":"hook","name":"hook","url":"https://a.example/""#, owner: "old/test"),
            record("domain", "dom_1", #""name":"acme.example""#, owner: "old/test"),
            record("alias", "alias_1", #""domain":"acme.example","name":"a","webhook_id":"wh_1""#, owner: "old/test"),
        ]
        let manifest = """
            manifest_moved_from: old
            webhooks: { hook: { url: https://a.example/ } }
            domains: { acme.example: { aliases: { a: hook } } }
            """
        let world = try World(manifest, state: lines, owners: #"{"name":"old/test","repository":null}"#)
        #expect(world.rows() == ["> owner old/test -> acme/test: everything that it manages stays as it is"])
        #expect(!world.plan().isEmpty)
        let done = try World(
            manifest, state: lines.map { $0.replacing("old/test", with: "acme/test") }, owners: #"{"name":"acme/test","repository":null}"#)
        #expect(done.plan().isEmpty, "the line may stay where it is")
        let both = try World(
            manifest, state: lines, owners: #"{"name":"old/test","repository":null},{"name":"acme/test","repository":null}"#)
        #expect(both.plan().conflicts.contains { $0.problem.contains("both manage something here") })
    }

    @Test("a manifest of another repository is refused until it says that it moved")
    func repository() throws {
        let owners = #"{"name":"acme/test","repository":"acme/mail"}"#
        let world = try World("", owners: owners)
        #expect(world.plan(repository: "acme/mail").conflicts.isEmpty)
        #expect(world.plan(repository: nil).conflicts.isEmpty, "a laptop says nothing")
        #expect(world.plan(repository: "evil/mail").conflicts.map(\.title) == ["owner acme/test"])
        let hostile = try World("", owners: #"{"name":"acme/test","repository":"x\n\u001b[2JPlan: no changes"}"#)
        let text = PlanText(.plain).render(hostile.plan(repository: "acme/mail"), server: "s")
        #expect(!text.contains("\u{1B}") && !text.contains("\nPlan: no changes"), "what others recorded draws nothing")
        let moved = try World("repository_moved_from: acme/mail", owners: owners)
        #expect(moved.plan(repository: "acme/post").conflicts.isEmpty)
    }

    @Test("the key that plans is not deleted, narrowed or replaced by its own plan")
    func ownKey() throws {
        let key = record("api_key", "key_1", #""key":"ci","name":"ci","scopes":["domains","aliases"],"token":"delivered""#)
        for (manifest, problem) in [
            ("", "is to be deleted, but is the key that this run uses"),
            ("api_keys: { ci: { scopes: [domains], deliver_to: { file: k } } }", "is to be narrowed, but is the key that this run uses"),
            (
                "api_keys: { ci: { scopes: [domains, aliases], allowed_ips: [10.0.0.0/8], deliver_to: { file: k } } }",
                "is to be changed in where, when or for whom it is valid, but is the key that this run uses"
            ),
        ] {
            #expect(try World(manifest, state: [key], caller: "key_1").plan().conflicts.map(\.problem) == [problem])
            #expect(try World(manifest, state: [key]).plan().conflicts.isEmpty)
        }
    }

    @Test("fields that are left to others are neither compared nor written")
    func ignored() throws {
        let hook = record(
            "webhook", "wh_1",
            #""key":"hook","name":"hook","url":"https://a.example/","enabled":false,"headers":{"X-Team":"theirs","X-Other":"1"}"#)
        let manifest = "webhooks: { hook: { url: https://a.example/, headers: { X-Team: ours, X-Other: \"1\" }, ignore_fields: "
        #expect(try World(manifest + "[enabled, headers.X-Team] } }", state: [hook]).plan().isEmpty)
        let rest = try World(manifest + "[headers.X-Team] } }", state: [hook]).plan()
        guard case .update(_, _, let differences) = try #require(rest.webhooks.first) else { return }
        #expect(differences.map(\.field) == ["enabled"])
    }
}

extension OwnershipTests {
    @Test("a webhook that becomes ours is called by its new name: what points at it does not change, and no mail moves")
    func adoptWithUsers() throws {
        for (owner, allow) in [
            (nil, "allow: { adopt: all }"), ("web/test", "allow: { take_over: { web/test: [\"webhook:hook\", acme.example\(aliases)] } }"),
        ] as [(String?, String)] {
            let key = owner == nil ? "null" : "\"hook\""
            let lines =
                [
                    record("webhook", "wh_1", "\"key\":\(key),\"name\":\"hook\",\"url\":\"https://a.example/\"", owner: owner),
                    record("domain", "dom_1", #""name":"acme.example","webhook_id":"wh_1""#, owner: owner),
                ]
                + (0..<4).map {
                    record("alias", "alias_\($0)", "\"domain\":\"acme.example\",\"name\":\"a\($0)\",\"webhook_id\":\"wh_1\"", owner: owner)
                }
            let adopt = owner == nil ? ", adopt: { id: wh_1 }" : ""
            let manifest = """
                webhooks: { hook: { url: https://a.example/\(adopt) } }
                domains: { acme.example: { webhook: hook, aliases: { a0: hook, a1: hook, a2: hook, a3: hook } } }
                \(allow)
                """
            let plan = try World(manifest, state: lines).plan()
            #expect(plan.conflicts.isEmpty && plan.refusals.isEmpty, "\(plan.refusals) \(plan.conflicts)")
            for case .update(_, _, let differences) in plan.aliases { #expect(differences.map(\.field) == ["managed_by"]) }
            #expect(plan.aliases.count == 4)
        }
    }

    private var aliases: String { (0..<4).map { ", a\($0)@acme.example" }.joined() }

    @Test("an id is adopted once, and not when it is another entry already")
    func adoptTwice() throws {
        let hook = { (owner: String?, key: String) in
            record("webhook", "wh_9", "\"key\":\(key),\"name\":\"x\",\"url\":\"https://a.example/\"", owner: owner)
        }
        let two =
            "webhooks: { one: { url: https://a.example/, adopt: { id: wh_9 } }, two: { url: https://a.example/, adopt: { id: wh_9 } } }"
        #expect(try World(two, state: [hook(nil, "null")]).plan().conflicts.map(\.name) == ["two"])
        let other = "webhooks: { one: { url: https://a.example/ }, two: { url: https://a.example/, adopt: { id: wh_9 } } }"
        #expect(try World(other, state: [hook(World.owner, "\"one\"")]).plan().conflicts.map(\.name) == ["two"])
    }

    @Test("a webhook that two owners have is taken over from neither, whatever their order")
    func takeOverOfTwo() throws {
        let lines = ["one", "two"].map {
            record("webhook", "wh_\($0)", #""key":"x","name":"x","url":"https://a.example/""#, owner: "\($0)/test")
        }
        let manifest =
            "webhooks: { x: { url: https://a.example/ } }\nallow: { take_over: { two/test: [\"webhook:x\"], one/test: [\"webhook:x\"] } }"
        #expect(
            try World(manifest, state: lines).plan().conflicts.map(\.problem) == [
                "is to be taken over from one/test and from two/test, which both have one"
            ])
        #expect(try World(manifest, state: [lines[0]]).rows() == ["~ webhook x: taken over from one/test"], "one of them has none")
    }

    @Test("what the account would refuse in one step, the plan names: lifting a protection and deleting below it, keeping what goes")
    func twoSteps() throws {
        let lines = [
            record("domain", "dom_1", #""name":"acme.example","protected":true"#),
            record("alias", "alias_1", #""domain":"acme.example","name":"a""#),
        ]
        let lifted = try World("domains: { acme.example: { protected: false } }", state: lines).plan()
        #expect(lifted.conflicts.map(\.problem) == ["is to be deleted while its domain's protection is lifted"])
        let open = [lines[0].replacing("true", with: "false"), lines[1]]
        let kept = try World("removed: [{ alias: a@acme.example, keep: true }, { domain: acme.example }]", state: open).plan()
        #expect(kept.conflicts.map(\.problem) == ["is to be deleted, but alias a@acme.example is to be kept"])
        let below = try World(
            "webhooks: {}", state: [open[0], lines[1].replacing("\"name\":\"a\"", with: "\"name\":\"a\",\"protected\":true")]
        ).plan()
        #expect(below.conflicts.map(\.problem) == ["is to be deleted, but is protected"])
    }

    @Test("a header may be called like a field of the plan: it is no change of owner, and has a digest of its own")
    func headerNames() throws {
        func hook(_ url: String, _ headers: String) -> String {
            record("webhook", "wh_1", "\"key\":\"h\",\"name\":\"h\",\"url\":\"\(url)\",\"headers\":{\(headers)}")
        }
        let gone = try World("webhooks: { h: { url: https://a.example/ } }", state: [hook("https://a.example/", #""managed_by":"x""#)])
        #expect(gone.rows() == ["~ webhook h: manifest changed"])
        #expect(gone.plan().webhooks.first?.transfer == nil)
        let url = try World("webhooks: { h: { url: https://b.example/ } }", state: [hook("https://a.example/", "")]).plan()
        let header = try World(
            "webhooks: { h: { url: https://a.example/, headers: { url: https://b.example/ } } }",
            state: [hook("https://a.example/", #""url":"https://a.example/""#)]
        ).plan()
        #expect(url.digest != header.digest)
        #expect(url.counts == header.counts)
    }
}
