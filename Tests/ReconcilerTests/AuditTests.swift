import EmailConnect
@testable import Reconciler
import TestSupport
import Testing

@Suite("An audit")
struct AuditTests {
    /// The account's clock says 2026-11-01.
    private static func key(_ fields: String, issued: String = "2026-10-01T00:00:00Z", owner: String? = World.owner) -> String {
        let token = #""tokens":[{"prefix":"ec_4fK2x9Qa","issued_at":"\#(issued)","acknowledged_at":"\#(issued)","grace_until":null}]"#
        return record("api_key", "key_1", #""key":"k","name":"k","token":"delivered",\#(token),\#(fields)"#, owner: owner)
    }

    private func found(_ lines: [String], _ uses: [KeyUse] = [], _ status: AccountStatus = AccountStatus()) throws -> [String] {
        Audit(try World("", state: lines).state, uses, status).findings.map { "\($0.check.rawValue): \($0.subject) \($0.problem)" }
    }

    private static func use(_ last: String?, scopes: [String] = []) throws -> KeyUse {
        var use = KeyUse(id: "key_1", requests: last == nil ? 0 : 3, lastUsedAt: try last.map { try Timestamp($0) })
        for scope in scopes { use.scopes[scope] = use.lastUsedAt }
        let early = try Timestamp("2026-10-01T00:00:00Z")
        use.addresses = ["203.0.113.7": use.lastUsedAt ?? early]
        return use
    }

    private static let good = #""scopes":["aliases:read"],"expires_after":"120d","rotate_every":"90d","allowed_ips":["203.0.113.0/24"]"#

    @Test("has nothing to say of a key that is young, narrow, in use, held to its addresses, and ends")
    func good() throws {
        let use = try Self.use("2026-10-31T00:00:00Z", scopes: ["aliases:read"])
        #expect(try found([Self.key(Self.good)], [use]).isEmpty)
    }

    @Test("finds keys that do too much, live too long, or lie around")
    func keys() throws {
        let recent = try Self.use("2026-10-31T00:00:00Z", scopes: ["aliases:read"])
        #expect(
            try found([Self.key(#""scopes":["full"]"#)], [recent]) == [
                "key_full: api key k may do everything", "key_never_ends: api key k never ends",
                "key_anywhere: api key k may be used from anywhere, and was from 203.0.113.7",
            ])
        #expect(
            try found([Self.key(Self.good, issued: "2026-07-20T00:00:00Z")], [recent]) == [
                "key_old: api key k is to be rotated since 2026-10-18T00:00:00Z"
            ])
        #expect(
            try found([Self.key(Self.good, issued: "2026-06-01T00:00:00Z")]) == ["key_over: api key k ended at 2026-09-29T00:00:00Z"])
        let idle = Self.good.replacing(#""rotate_every":"90d","#, with: "").replacing("120d", with: "400d")
        #expect(
            try found([Self.key(idle, issued: "2026-07-01T00:00:00Z")], [Self.use("2026-08-01T00:00:00Z", scopes: ["aliases:read"])]) == [
                "key_old: api key k has a token of 2026-07-01T00:00:00Z", "key_unused: api key k was used last at 2026-08-01T00:00:00Z",
            ])
        #expect(try found([Self.key(idle, issued: "2026-07-01T00:00:00Z")]).contains("key_unused: api key k was never used"))
        let wide = Self.good.replacing(#"["aliases:read"]"#, with: #"["aliases:read","aliases:write","webhooks:compare"]"#)
        #expect(try found([Self.key(wide)], [recent]) == ["key_too_wide: api key k never needed aliases:write"])
        #expect(
            try found([Self.key(Self.good + #","revoked_at":"2026-10-02T00:00:00Z""#)]) == [
                "key_over: api key k was revoked at 2026-10-02T00:00:00Z"
            ])
        let mine = record(
            "api_key", "key_me",
            #""key":null,"name":"me","scopes":["domains:read"],"token":"delivered","expires_at":"2030-01-01T00:00:00Z","allowed_ips":["10.0.0.0/8"]"#,
            owner: nil)
        #expect(try found([mine]).isEmpty, "nobody has to manage the key that asks")
        #expect(
            try found([Self.key(Self.good, owner: nil).replacing(#""key":"k""#, with: #""key":null"#)]).map { $0.prefix(10) } == [
                "unmanaged:"
            ])
    }

    @Test("finds webhooks that are open or unused, and mail that goes nowhere")
    func others() throws {
        let lines = [
            record("webhook", "wh_1", #""key":"open","name":"open","url":"http://a.example/""#),
            record("webhook", "wh_2", #""key":"good","name":"good","url":"https://a.example/","signing_secret":true"#),
            record("domain", "dom_1", #""name":"acme.example""#),
            record("domain", "dom_2", #""name":"routed.example","webhook_id":"wh_2""#),
            record("alias", "alias_1", #""domain":"acme.example","name":"lost""#),
            record("alias", "alias_2", #""domain":"acme.example","name":"off","enabled":false"#),
            record("alias", "alias_3", #""domain":"routed.example","name":"x""#),
            record("alias", "alias_4", #""domain":"routed.example","name":"y""#, owner: nil),
        ]
        #expect(
            try found(lines) == [
                "webhook_plain_http: webhook open is not https: what it gets can be read on the way",
                "alias_nowhere: alias lost@acme.example has no webhook, nor has its domain",
                "webhook_unsigned: webhook open has a signing secret that only the server knows",
                "unmanaged: 1 alias is managed by no manifest", "webhook_unused: webhook open is used by no alias and no domain",
            ])
    }

    @Test("finds domains without their DNS records, and webhooks that are suspended or did not say that they want to be called")
    func status() throws {
        let lines = [
            record("webhook", "wh_1", #""key":"hook","name":"hook","url":"https://a.example/","signing_secret":true"#),
            record("webhook", "wh_2", #""key":"good","name":"good","url":"https://a.example/","signing_secret":true"#),
            record("domain", "dom_1", #""name":"acme.example","webhook_id":"wh_1""#),
            record("domain", "dom_2", #""name":"good.example","webhook_id":"wh_2""#),
            record("domain", "dom_3", #""name":"new.example","webhook_id":"wh_2""#),
        ]
        var status = AccountStatus()
        let at = try Timestamp("2026-10-01T00:00:00Z")
        status.webhooks = [
            WebhookStatus(id: "wh_1", isVerified: false, suspendedAt: at), WebhookStatus(id: "wh_2", isVerified: true, verifiedAt: at),
            WebhookStatus(id: "wh_gone", isVerified: false),
        ]
        for (name, known) in [("acme.example", DomainVerification.Status.failed), ("good.example", .verified), ("new.example", .pending)] {
            status.domains.append(
                DomainStatus(
                    id: "dom_1", name: try DomainName(name), owner: nil, verification: DomainVerification(status: known, checkedAt: at),
                    records: []))
        }
        #expect(
            try found(lines, [], status) == [
                "webhook_suspended: webhook hook was suspended at 2026-10-01T00:00:00Z: what comes for it waits, for 7 days at most",
                "domain_unverified: domain acme.example lacks DNS records",
                "domain_unverified: domain new.example is not verified yet",
                "webhook_unverified: webhook hook is not verified",
            ])
    }

    @Test("is read by people, by programs and by code scanning, at the manifest's lines")
    func formats() throws {
        let world = try World(
            "webhooks: { open: { url: http://a.example/ } }",
            state: [record("webhook", "wh_1", #""key":"open","name":"op\u001ben","url":"http://a.example/""#)])
        let audit = Audit(world.state, [], AccountStatus())
        #expect(AuditText.render(audit, .plain).hasSuffix("\n3 found: 1 high, 1 medium, 1 low.\n"))
        #expect(AuditText.json(audit, exit: .failed).contains(#"{"check":"webhook_plain_http","severity":"high","subject":"webhook open""#))
        let sarif = AuditText.sarif(audit, world.desired, version: "1")
        #expect(sarif.contains(#""ruleId":"webhook_plain_http","level":"error""#) && sarif.contains(#""startLine":4,"startColumn":13"#))
        #expect(AuditText.render(Audit(try World("").state, [], AccountStatus()), .plain) == "Nothing found.\n")
    }
}
