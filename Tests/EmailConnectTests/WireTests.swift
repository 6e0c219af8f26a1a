import EmailConnect
import Testing

@Suite("The wire")
struct WireTests {
    private static let header =
        #"{"format":1,"server_id":"srv_1","account_id":"acct_1","epoch":"e1","revision":7,"kinds":["webhooks","domains","aliases","api_keys"],"time":"2026-11-01T00:00:00Z","own_keys":["key_0"],"limits":{"batch_bytes":67108864},"capabilities":["batch","expect","idempotency"]}"#
    private static let golden = [
        header,
        #"{"kind":"webhook","id":"wh_1","version":2,"managed_by":"a/b","url":null,"headers":{"X-A":"1"},"secret_url":{"salt":"s","hmac":"h"},"secret_headers":{"Authorization":true},"signing_secret":null,"key":"hook","name":"hook","description":"","enabled":true,"protected":false}"#,
        #"{"kind":"webhook","id":"wh_2","version":1,"managed_by":null,"url":"https://x.example/","headers":{},"secret_headers":{},"signing_secret":null,"key":null,"name":"by hand","description":"","enabled":true,"protected":false}"#,
        #"{"kind":"domain","id":"dom_1","version":1,"managed_by":"a/b","webhook_id":"wh_2","name":"acme.example","description":"","enabled":true,"protected":true,"allow_attachments":true,"include_envelope":false}"#,
        #"{"kind":"alias","id":"alias_1","version":4,"managed_by":"a/b","webhook_id":"wh_1","domain":"acme.example","name":"support","description":"d","enabled":false,"protected":false}"#,
        #"{"kind":"api_key","id":"key_1","version":1,"managed_by":"a/b","revoked_at":null,"token":"undelivered","tokens":[{"prefix":"ec_abcdefgh","issued_at":"2026-10-01T00:00:00Z","acknowledged_at":null,"grace_until":null}],"key":"k","name":"k","description":"","protected":false,"scopes":["aliases:read"],"expires_after":null,"expires_at":null,"rotate_every":"90d","grace":"1d","allowed_ips":[]}"#,
        #"{"end":true,"records":5,"revision":7}"#,
    ]

    private func decode(_ lines: [String], chunk: Int = .max) throws -> AccountState {
        let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        var decoder = StateDecoder(seenBy: try Owner("a/b"))
        for start in stride(from: 0, to: bytes.count, by: min(chunk, bytes.count)) {
            try decoder.feed(bytes[start..<min(start + min(chunk, bytes.count), bytes.count)])
        }
        return try decoder.finish()
    }

    @Test("A state of format 1 is read, in chunks of any size")
    func goldenState() throws {
        let state = try decode(Self.golden)
        #expect(state.header.revision == 7)
        #expect(state.header.ownKeys == ["key_0"])
        #expect(state.aliases.first?.value.webhook == .key("hook"))
        #expect(state.domains.first?.value.webhook == .id("wh_2"))
        #expect(state.webhooks.first?.value.url == .secret(.stored(Fingerprint(salt: "s", hmac: "h"))))
        #expect(state.webhooks.first?.value.headers.values[try HeaderName("authorization")] == .secret(.stored(nil)))
        #expect(state.apiKeys.first?.value.token == .undelivered)
        #expect(state.tokens["key_1"]?.count == 1)
        for chunk in [1, 7, 100] { #expect(try decode(Self.golden, chunk: chunk) == state) }
    }

    @Test("A state that ends early, lacks a record or goes on behind its end is refused")
    func brokenStates() {
        let golden = Self.golden
        for lines in [
            Array(golden.dropLast()), Array(golden.dropFirst()), golden.filter { !$0.contains("alias_1") }, golden + [golden[1]], [],
            Array(golden.dropLast()) + [#"{"end":true,"records":5,"revision":8}"#], ["<html>"],
            [golden[0].replacing("\"format\":1", with: "\"format\":2")],
            [golden[0], #"{"kind":"mailbox","id":"m"}"#], [golden[0], #"{"kind":"alias","version":1}"#],
            [golden[0], #"{"kind":"alias","id":"a","version":1,"enabled":"yes"}"#],
        ] {
            #expect(throws: Rejection.self) { try decode(lines) }
        }
        let cut = golden.joined(separator: "\n")
        #expect(throws: Rejection.self) {
            var decoder = StateDecoder(seenBy: nil)
            try decoder.feed(Array(cut.utf8))
            _ = try decoder.finish()
        }
    }

    @Test("A member that this version does not know is left alone")
    func newerState() throws {
        var lines = Self.golden
        lines[4] = lines[4].replacing("\"version\":4", with: "\"version\":4,\"colour\":{\"a\":[1]}")
        let golden = try decode(Self.golden)
        #expect(try decode(lines) == golden)
    }

    @Test("Records are read one by one, in whatever order and with whatever space their members stand")
    func recordsOfManyForms() throws {
        let head = Array(Self.golden.prefix(1))
        let forms = [
            #"{"kind":"alias","id":"alias_1","version":1,"managed_by":"a/b","domain":"acme.example","name":"n1","description":"x"}"#,
            #"{"kind":"alias","id":"alias_2","version":12,"managed_by":"a/bc","domain":"acme.example","name":"n12","description":"x"}"#,
            #"{ "kind" : "alias", "id":"alias_3" ,"version":120,"managed_by":null,"enabled":false,"domain":"b.example","name":"n"}"#,
            #"{"kind":"alias","version":12,"id":"alias_3","na\u006de":"n12","domain":"b.example","description":"x\"y"}"#,
            #"{"kind":"alias","id":"alias_4","version":12,"managed_by":"a/b","domain":"b.example","name":"n12","enabled":true}"#,
        ]
        let tail = #"{"end":true,"records":\#(forms.count),"revision":7}"#
        let read = try decode(head + forms + [tail]).aliases
        #expect(read.map(\.version) == [1, 12, 120, 12, 12])
        #expect(read.map { $0.owner?.text } == ["a/b", "a/bc", nil, nil, "a/b"])
        #expect(read.map { $0.value.name?.text } == ["n1", "n12", "n", "n12", "n12"])
        #expect(
            read.map { $0.value.domain?.name?.text } == Array(repeating: "acme.example", count: 2) + Array(repeating: "b.example", count: 3)
        )
        #expect(read.map(\.value.description) == ["x", "x", "", "x\"y", ""])
        #expect(read.map(\.value.enabled) == [true, true, false, true, true])
        for (index, form) in forms.enumerated() {
            let end = #"{"end":true,"records":1,"revision":7}"#
            #expect(try decode(head + [form, end]).aliases == [read[index]])
        }
    }

    @Test("A record that states a member twice is refused, under whatever spelling of the name")
    func repeatedMembers() {
        for more in [#""name":"b""#, #" "name" : "b""#, #""n\u0061me":"b""#, #""new":1,"new":2"#, #""kind":"alias""#] {
            let line = #"{"kind":"alias","id":"alias_1","version":1,"domain":"acme.example","name":"a",\#(more)}"#
            #expect(throws: Rejection.self) {
                try decode([Self.golden[0], line, #"{"end":true,"records":1,"revision":7}"#])
            }
        }
    }

    @Test("The batch of the documents is read, and written as it was read")
    func goldenBatch() throws {
        let text =
            #"{"format":1,"owner":"acme-mail/production","digest":"7f3a91c2","sequence":4711,"context":{"actor":"merge queue","commit":"9fceb02"},"operations":["#
            + [
                #"{"op":"create","kind":"webhook","expect":"absent","set":{"key":"helpdesk","url":"https://hooks.acme.example/in","headers":{},"secret_headers":{"Authorization":"Bearer x"}}}"#,
                #"{"op":"create","kind":"domain","expect":"absent","set":{"name":"acme.example","webhook":"helpdesk"}}"#,
                #"{"op":"create","kind":"alias","expect":"absent","set":{"domain":"acme.example","name":"support","webhook":"helpdesk"}}"#,
                #"{"op":"update","kind":"alias","name":"hilfe@old.example","expect":{"version":7},"set":{"name":"help"}}"#,
                #"{"op":"update","kind":"webhook","id":"wh_1","expect":{"version":3},"take_over_from":"web/production","set":{"key":"archive"}}"#,
                #"{"op":"delete","kind":"domain","name":"legacy.example","expect":{"version":2},"cascade":{"aliases":3,"digest":"c0ffee"}}"#,
                #"{"op":"create","kind":"api_key","expect":"absent","set":{"key":"zapier","scopes":["aliases:read"],"expires_after":"120d","token":{"prefix":"ec_4fK2x9Qa","sha256":"\#(String(repeating: "0", count: 64))"}}}"#,
            ].joined(separator: ",") + "]}"
        let batch = try Batch(Array(text.utf8))
        #expect(batch.operations.count == 7)
        #expect(batch.sequence == 4711)
        var json = JSONWriter()
        batch.write(to: &json)
        #expect(json.text == text)
    }

    @Test(
        "An operation that makes no sense is refused, and the pointer says where",
        arguments: [
            (#"{"op":"create","kind":"alias"}"#, "/operations/0/set"),
            (#"{"op":"create","kind":"alias","set":{"colour":1}}"#, "/operations/0/set/colour"),
            (#"{"op":"create","kind":"alias","set":{"enabled":"yes"}}"#, "/operations/0/set/enabled"),
            (#"{"op":"create","kind":"alias","set":{"webhook":"a","webhook_id":"b"}}"#, "/operations/0/set/webhook_id"),
            (#"{"op":"create","kind":"api_key","set":{"scopes":["aliases:read","nope"]}}"#, "/operations/0/set/scopes/1"),
            (#"{"op":"rename","kind":"alias","id":"a","set":{}}"#, "/operations/0/op"),
            (#"{"op":"update","kind":"alias","set":{}}"#, "/operations/0/name"),
            (#"{"op":"update","kind":"alias","id":"a","name":"b@c.d","set":{}}"#, "/operations/0/name"),
            (#"{"op":"delete","kind":"alias","id":"a","expect":"absent"}"#, "/operations/0/expect"),
            (#"{"op":"delete","kind":"alias","id":"a","set":{}}"#, "/operations/0/set"),
            (#"{"op":"create","kind":"mailbox","set":{}}"#, "/operations/0/kind"),
            (#"{"op":"create","set":{}}"#, "/operations/0/kind"),
        ])
    func refusedOperations(operation: String, pointer: String) {
        #expect {
            try Batch(Array(#"{"format":1,"operations":[\#(operation)]}"#.utf8))
        } throws: { error in
            (error as? Rejection)?.pointer == pointer
        }
    }

    @Test("A problem is read as it is written")
    func problems() throws {
        var problem = Problem(.stale, "moved", items: [.init(pointer: "/operations/1", code: .stale, detail: "alias a has changed")])
        problem.requestID = "req_1"
        var json = JSONWriter()
        problem.write(to: &json)
        #expect(try Problem(Array(json.text.utf8)) == problem)
        #expect(throws: Rejection.self) { try Problem(Array("<html>".utf8)) }
        #expect(throws: Rejection.self) { try Problem(Array(#"{"error":"x"}"#.utf8)) }
    }
}
