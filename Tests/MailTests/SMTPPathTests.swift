import Mail
import Testing

@Suite("A path of SMTP")
struct SMTPPathTests {
    private func read(_ text: String, utf8: Bool = false) throws -> SMTPPath {
        try SMTPPath(parsing: Array(text.utf8)[...], allowsUTF8: utf8)
    }

    @Test(
        "is read",
        arguments: [
            ("<a@b.example>", "a", "b.example"), ("<a.b+c=d@b-c.example>", "a.b+c=d", "b-c.example"),
            ("<\"a b\"@c.example>", "a b", "c.example"),
            ("<\"a\\\"\\\\\"@c.example>", "a\"\\", "c.example"), ("<a@[192.0.2.1]>", "a", "[192.0.2.1]"),
            ("<a@[IPv6:2001:db8::1]>", "a", "[IPv6:2001:db8::1]"),
            ("<@x.example,@y.example:a@b.example>", "a", "b.example"), ("<postmaster>", "postmaster", ""),
            ("<Postmaster>", "Postmaster", ""),
            ("<\"\"@c.example>", "", "c.example"), ("<a@localhost>", "a", "localhost"),
        ])
    func path(text: String, local: String, domain: String) throws {
        #expect(try read(text).address == AddrSpec(localPart: local, domain: domain))
    }

    @Test("is empty for the sender of a bounce")
    func empty() throws {
        #expect(try read("<>").address == nil)
        #expect(try read("<> BODY=8BITMIME").address == nil)
    }

    @Test("leaves the parameters behind it")
    func parameters() throws {
        let path = try read("<a@b.example> SIZE=10 BODY=8BITMIME")
        #expect(String(decoding: path.parameters, as: UTF8.self) == " SIZE=10 BODY=8BITMIME")
    }

    @Test("has characters beyond ASCII only with SMTPUTF8")
    func utf8() throws {
        #expect(try read("<jü@bücher.example>", utf8: true).address == AddrSpec(localPart: "jü", domain: "bücher.example"))
        #expect(throws: SMTPPath.Failure.self) { try read("<jü@b.example>") }
        #expect(throws: SMTPPath.Failure.self) { try read("<a@bü.example>") }
        #expect(throws: SMTPPath.Failure.self) { try SMTPPath(parsing: [0x3C, 0xFF, 0x40, 0x62, 0x3E], allowsUTF8: true) }
    }

    @Test(
        "that is none is refused",
        arguments: [
            "", "<", ">", "a@b.example", " <a@b.example>", "<a@b.example", "<a@b.example>x", "<a>", "<@b.example>", "<a@>",
            "<a@b@c.example>",
            "<.a@b.example>", "<a.@b.example>", "<a..b@c.example>", "<a b@c.example>", "<a,b@c.example>", "<\"a@b.example>",
            "<\"a\u{7F}\"@b.example>",
            "<\"a\\", "<a@b..example>", "<a@.example>", "<a@b.example.>", "<a@-b.example>", "<a@b-.example>", "<a@b_c.example>", "<a@[]>",
            "<a@[1.2.3.4>", "<a@b.example\r\n>", "<@x.example a@b.example>", "<@x.example:>", "<a\0@b.example>", "<a(c)@b.example>",
        ])
    func refused(text: String) {
        #expect(throws: SMTPPath.Failure.self) { try read(text) }
    }

    @Test("has the sizes of the RFC, and no more")
    func sizes() throws {
        let label = String(repeating: "d", count: 62) + "."
        _ = try read("<\(String(repeating: "l", count: 64))@b.example>")
        #expect(throws: SMTPPath.Failure.self) { try read("<\(String(repeating: "l", count: 65))@b.example>") }
        _ = try read("<a@\(String(repeating: label, count: 3))example>")
        #expect(throws: SMTPPath.Failure.self) { try read("<a@\(String(repeating: label, count: 4))example>") }
        #expect(throws: SMTPPath.Failure.self) { try read("<a@\(String(repeating: "d", count: 64)).example>") }
    }

    @Test("is written as it was read")
    func written() {
        #expect(AddrSpec(localPart: "a.b", domain: "c.example").description == "a.b@c.example")
        #expect(AddrSpec(localPart: "a\"b", domain: "c.example").description == "\"a\\\"b\"@c.example")
        #expect(AddrSpec(localPart: "", domain: "c.example").description == "\"\"@c.example")
        #expect(AddrSpec(localPart: "postmaster", domain: "").description == "postmaster")
    }
}
