import EmailConnect
import Testing

@Suite("Each kind's field table")
struct FieldTests {
    @Test("has one row for each stored property")
    func rowsAreProperties() {
        func count<R: Resource>(_: R.Type) -> Int { Mirror(reflecting: R()).children.count }
        #expect(Domain.fields.count == count(Domain.self))
        #expect(Alias.fields.count == count(Alias.self))
        #expect(Webhook.fields.count == count(Webhook.self))
        #expect(APIKey.fields.count == count(APIKey.self))
    }

    @Test("writes what it reads: every field of a full record survives the wire")
    func roundTrip() throws {
        try roundTrip(Webhook.self, Self.webhook)
        try roundTrip(
            Domain.self,
            #"{"name":"acme.example","description":"d","enabled":false,"protected":true,"webhook_id":"wh_1","allow_attachments":false,"include_envelope":true}"#
        )
        try roundTrip(
            Alias.self, #"{"domain":"acme.example","name":"a","description":"d","enabled":false,"protected":true,"webhook":"o/p#k"}"#)
        try roundTrip(
            APIKey.self,
            #"{"key":"k","name":"n","description":"d","protected":true,"scopes":["aliases:read","emails:read"],"grants":["full"],"bound_to":"a/b","expires_after":"90d","expires_at":"2030-01-01T00:00:00Z","rotate_every":"30d","grace":"2d","allowed_ips":["10.0.0.0/8"],"token":{"prefix":"ec_abcdefgh","sha256":"\#(String(repeating: "a", count: 64))"}}"#
        )
    }

    private static let webhook =
        #"{"key":"k","name":"n","url":"https://a.example/","description":"d","enabled":false,"protected":true,"headers":{"X-A":"1"},"secret_headers":{"Authorization":"s"},"signing_secret":"t"}"#

    private func roundTrip<R: Resource>(_: R.Type, _ text: String) throws {
        var reader = JSONReader(Array(text.utf8))
        let stated = try Stated<R>(request: reader.node())
        #expect(stated.rows.count == R.fields.count, "the sample states every field of \(R.kind)")
        var json = JSONWriter()
        json.object { stated.write(to: &$0) }
        #expect(json.text == text)
    }

    @Test("A text field takes YAML's traps as the text that was written")
    func traps() throws {
        for text in ["no", "on", "012", "1e3", "~", "Null", "0x1F", "2026-01-01", "true"] {
            #expect(try String(.scalar(Scalar(text, .plain))) == text)
        }
        #expect(throws: Rejection.self) { try String(.scalar(Scalar("null", .plain))) }
        #expect(throws: Rejection.self) { try String(.scalar(Scalar("", .plain))) }
        #expect(try String(.scalar(Scalar("", .quoted))).isEmpty)
        #expect(throws: Rejection.self) { try String(.scalar(Scalar("1", .literal))) }
    }

    @Test("A boolean is true or false, unquoted")
    func booleans() throws {
        #expect(try Bool(.scalar(Scalar("true", .plain))))
        #expect(try !Bool(.scalar(Scalar("false", .literal))))
        for scalar in [Scalar("yes", .plain), Scalar("true", .quoted), Scalar("True", .plain), Scalar("1", .literal), Scalar("", .plain)] {
            #expect(throws: Rejection.self, "\(scalar.text)") { try Bool(.scalar(scalar)) }
        }
    }

    @Test("Scopes are sorted, a bare name is both, full stands alone")
    func scopes() throws {
        func read(_ items: String...) throws -> [String] {
            try Scopes(.sequence(items.map { .scalar(Scalar($0, .plain)) }, .start)).list.map(\.rawValue)
        }
        #expect(try read("webhooks:read", "aliases") == ["aliases:read", "aliases:write", "webhooks:read"])
        #expect(try read("full") == ["full"])
        #expect(throws: Rejection.self) { try read("full", "aliases") }
        #expect(throws: Rejection.self) { try read("aliases:reed") }
        #expect(throws: Rejection.self) { try read() }
    }

    @Test("Headers are one name in any case, and merge one by one")
    func headers() throws {
        var headers = Headers()
        try headers.take(node(#"{"X-Team":"a","Authorization":"b"}"#), wire: "headers")
        #expect(headers.values[try HeaderName("x-team")] == .plain("a"))
        guard case .secret(.value) = headers.values[try HeaderName("AUTHORIZATION")] else {
            Issue.record("a header that carries a credential is secret wherever it is sent")
            return
        }
        #expect(throws: Rejection.self) { try headers.take(node(#"{"x-team":"c"}"#), wire: "headers") }
        for wrong in [#"{"Host":"a"}"#, #"{"a b":"c"}"#, #"{"X":"a\nb"}"#, #"{"webhook-id":"a"}"#] {
            var empty = Headers()
            #expect(throws: Rejection.self, "\(wrong)") { try empty.take(node(wrong), wire: "headers") }
        }
    }

    private func node(_ text: String) throws -> Node {
        var reader = JSONReader(Array(text.utf8))
        return try reader.node()
    }
}
