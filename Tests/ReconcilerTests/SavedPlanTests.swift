import EmailConnect
@testable import Reconciler
import TestSupport
import Testing

@Suite("A saved plan")
struct SavedPlanTests {
    /// One plan with everything that a plan can have.
    private static func plan() throws -> (Plan, Secrets) {
        let manifest = """
            manifest_moved_from: old
            allow: { deletes: 9, adopt: all, take_over: { web/test: [taken.example] } }
            webhooks:
              hook: { url: https://a.example/new, headers: { X-Team: b, Authorization: { env: T, prefix: "Bearer " } } }
              new: { url: { file: secrets/url }, signing_secret: { env: S } }
            domains:
              acme.example:
                aliases: { a: hook, help: { moved_from: hilfe, webhook: hook }, "*": { enabled: false } }
              taken.example: {}
              loose.example: {}
            api_keys:
              k: { scopes: [aliases:read], expires_after: 90d, allowed_ips: [10.0.0.0/8], deliver_to: { file: k.key } }
              old: { scopes: [domains], deliver_to: { file: old.key } }
            removed: [{ alias: old@acme.example }, { webhook: kept, keep: true }]
            """
        let world = try World(
            manifest,
            state: [
                record(
                    "webhook", "wh_1",
                    #""applied":"0123456789abcdef","key":"hook","name":"hook","url":"https://a.example/old","headers":{"X-Team":"a"},"secret_headers":{"Authorization":{"salt":"feed","hmac":"beef"}}"#,
                    owner: "old/test"),
                record(
                    "webhook", "wh_2",
                    #""key":"kept","name":"kept","url":null,"secret_url":{"salt":"feed","hmac":"beef"}"#, owner: "old/test"),
                record("domain", "dom_1", #""name":"acme.example""#, owner: "old/test"),
                record("domain", "dom_2", #""name":"taken.example""#, owner: "web/test"),
                record("domain", "dom_3", #""name":"loose.example""#, owner: nil),
                record("domain", "dom_4", #""name":"gone.example""#, owner: "old/test"),
                record("alias", "alias_1", #""domain":"acme.example","name":"hilfe""#, owner: "old/test"),
                record("alias", "alias_2", #""domain":"acme.example","name":"old""#, owner: "old/test"),
                record("alias", "alias_3", #""domain":"gone.example","name":"x""#, owner: "old/test"),
                record("alias", "alias_4", #""domain":"gone.example","name":"y""#, owner: nil),
                record(
                    "api_key", "key_1",
                    #""key":"old","name":"old","scopes":["domains"],"rotate_every":"30d","token":"delivered","tokens":[{"prefix":"ec_abcdefgh","issued_at":"2026-08-01T00:00:00Z","acknowledged_at":"2026-08-01T00:00:00Z","grace_until":null}]"#,
                    owner: "old/test"),
                #"{"kind":"lost","of":"alias","id":"alias_9","name":"a@acme.example","managed_by":"old/test","applied":"fedcba9876543210"}"#,
            ], owners: #"{"name":"old/test","repository":"acme/mail"}"#)
        let secrets = Secrets([SecretReference(.env("T"), prefix: "Bearer "): Secret("Bearer canary")])
        return (world.plan(secrets), secrets)
    }

    @Test("is read back as it was: the same digest, text and JSON; it has references and neither values nor fingerprints")
    func roundTrip() throws {
        let (plan, _) = try Self.plan()
        let saved = SavedPlan(plan, server: "https://api.example/v1")
        let bytes = saved.bytes
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(!text.contains("canary") && !text.contains("beef") && !text.contains("feed"))
        let read = try SavedPlan(bytes)
        #expect(read.server == saved.server)
        #expect(read.plan.digest == plan.digest)
        for format in [PlanText(.plain).render(_:server:driftOnly:)] {
            #expect(format(read.plan, "s", false) == format(plan, "s", false))
            #expect(format(read.plan, "s", true) == format(plan, "s", true))
        }
        let json = { (plan: Plan) in PlanJSON.render(plan, server: "s", command: "plan", exit: .done) }
        #expect(json(read.plan) == json(plan))
        #expect(SavedPlan(read.plan, server: read.server).bytes == bytes)
        #expect(plan.counts == Counts(add: 4, change: 2, rename: 1, adopt: 1, takeOver: 1, release: 1, delete: 3, uncertain: 0))
    }

    @Test("of format 1 stays readable, with the digest that was reviewed")
    func golden() throws {
        let path = "Tests/ReconcilerTests/Snapshots/plan-format-1.plan"
        let (plan, _) = try Self.plan()
        try Snapshot.expect(String(decoding: SavedPlan(plan, server: "https://api.example/v1").bytes, as: UTF8.self), at: path)
        let read = try SavedPlan(Array(try Repository.text(path).utf8))
        try Snapshot.expect(
            PlanText(.plain).render(read.plan, server: read.server), at: "Tests/ReconcilerTests/Snapshots/plan-format-1.txt")
    }

    @Test("that was cut or changed at any byte is refused, and never crashes the reader")
    func damaged() throws {
        let (plan, _) = try Self.plan()
        let bytes = SavedPlan(plan, server: "s").bytes
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<300 {
            var damaged = bytes
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            damaged[place] = damaged[place] &+ UInt8.random(in: 1...255, using: &generator)
            // Another way to write the first line's space is the only harmless change; there is none.
            #expect(throws: Rejection.self) { try SavedPlan(damaged) }
            #expect(throws: Rejection.self) { try SavedPlan(Array(bytes[..<place])) }
        }
    }
}
