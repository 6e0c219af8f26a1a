import Mail
import Testing

@Suite("A field of addresses")
struct AddressTests {
    /// As `name <address>`.
    private func shown(_ raw: String) throws -> [String] {
        try MailMessage("To: \(raw)\n\n").to.map { $0.name.isEmpty ? "\($0.address)" : "\($0.name) <\($0.address)>" }
    }

    @Test(
        "is read",
        arguments: [
            ("a@b.example", ["a@b.example"]), ("<a@b.example>", ["a@b.example"]), ("A B <a@b.example>", ["A B <a@b.example>"]),
            ("\"B, A\" <a@b.example>, c@d.example", ["B, A <a@b.example>", "c@d.example"]),
            ("\"A \\\"x\\\" B\" <a@b.example>", ["A \"x\" B <a@b.example>"]), ("J.R. Doe <a@b.example>", ["J.R. Doe <a@b.example>"]),
            ("A\n B\n <a@b.example>", ["A B <a@b.example>"]),
            ("=?utf-8?q?J=C3=BC?= =?utf-8?q?rgen?= <a@b.example>", ["Jürgen <a@b.example>"]),
            ("\"=?utf-8?q?J=C3=BCrgen?=\" <a@b.example>", ["Jürgen <a@b.example>"]), ("Jürgen <jü@bü.example>", ["Jürgen <jü@bü.example>"]),
            ("=?utf-8?q?a@x.example=2C?= <a@b.example>", ["a@x.example, <a@b.example>"]),
            // Groups. https://www.rfc-editor.org/rfc/rfc5322#appendix-A.1.3
            ("Team: A <a@b.example>, c@d.example; e@f.example", ["A <a@b.example>", "c@d.example", "e@f.example"]),
            ("undisclosed-recipients:;", []), ("A: ;, B: b@c.example;", ["b@c.example"]),
            // Comments and space. https://www.rfc-editor.org/rfc/rfc5322#appendix-A.5
            ("A(i (n) \\) j) <a(x)@b.example(y)>", ["A <a@b.example>"]), ("a @ b . example", ["a@b.example"]),
            ("a@b.example (Jo Doe)", ["Jo Doe <a@b.example>"]),
            // Local parts and domains of all kinds
            ("\"a b\"@c.example", ["\"a b\"@c.example"]), ("\"ab\"@c.example", ["ab@c.example"]), ("a@[192.0.2.1]", ["a@[192.0.2.1]"]),
            ("\"\\\"\\\\\"@c.example", ["\"\\\"\\\\\"@c.example"]),
            // Routes. https://www.rfc-editor.org/rfc/rfc5322#section-4.4
            ("<@x.example,@y.example:a@b.example>", ["a@b.example"]), ("a@b.example,, ,c@d.example,", ["a@b.example", "c@d.example"]),
            // What is broken
            ("a@b.example; c@d.example", ["a@b.example", "c@d.example"]), ("A B a@b.example", ["A B <a@b.example>"]),
            ("Doe, Jo <a@b.example>", ["Jo <a@b.example>"]), ("A <a@b.example", ["A <a@b.example>"]),
            ("A <a@b.example, c@d.example", ["A <a@b.example>", "c@d.example"]), ("\"A <a@b.example>", ["A <a@b.example>"]),
            ("a..b@c.example", ["\"a..b\"@c.example"]), ("a@x@b.example, c@d.example", ["c@d.example"]),
            ("<mailto:a@b.example>", ["a@b.example"]),
            ("A <<a@b.example>>", ["A <a@b.example>"]), ("a@b.example (open, c@d.example", ["open, c@d.example <a@b.example>"]),
            ("root", ["root"]), ("no address at all", []), ("@", []), ("a@", []), ("@b.example", []), ("<>", []), ("", []), ("<", []),
            (">,<", []),
            ("a\0b@c.example", []), ("a@b\0.example", []),
        ])
    func addresses(raw: String, expected: [String]) throws {
        #expect(try shown(raw) == expected)
    }

    @Test("may stand more than once when it has recipients; of other fields the first counts")
    func several() throws {
        let message = try MailMessage(
            "To: a@b.example\nto: c@d.example\nCc: e@f.example\nFrom: g@h.example\nFrom: i@j.example\nSender: k@l.example\nReply-To: m@n.example\n\n"
        )
        #expect(message.to.map(\.address.description) == ["a@b.example", "c@d.example"])
        #expect(message.cc.map(\.address.description) == ["e@f.example"])
        #expect(message.from.map(\.address.description) == ["g@h.example"])
        #expect(message.sender?.address == AddrSpec(localPart: "k", domain: "l.example"))
        #expect(message.replyTo == [MailAddress(address: AddrSpec(localPart: "m", domain: "n.example"))])
        #expect(message.problems.count == 1)
    }
}
