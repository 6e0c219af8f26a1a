import Mail
import Testing

@Suite("A header")
struct HeaderTests {
    @Test("keeps all its fields in order, unfolded and decoded")
    func fields() throws {
        let message = try MailMessage("B: one\n two\n\tthree\nA: =?utf-8?q?=C3=A9?=\nB:last\nEmpty:\n\nbody")
        #expect(message.headers.map(\.name) == ["B", "A", "B", "Empty"])
        #expect(message.headers.map(\.value) == ["one two\tthree", "é", "last", ""])
        #expect(message.text == "body")
        #expect(message.problems.isEmpty)
    }

    @Test("ends its lines with CRLF, LF, or CR in a message that has no LF", arguments: ["\r\n", "\n", "\r"])
    func lineBreaks(ending: String) throws {
        let message = try MailMessage(
            "Subject: a\n b\nTo: a@b.example\n\nline\n".split(separator: "\n", omittingEmptySubsequences: false).joined(separator: ending))
        #expect(message.subject == "a b")
        #expect(message.to.count == 1)
        #expect(message.problems.isEmpty)
    }

    @Test("has a stray CR as a space: it begins no field")
    func strayCR() throws {
        let message = try MailMessage("Subject: a\rBcc: b@c.example\r\n\r\nx")
        #expect(message.subject == "a Bcc: b@c.example")
        #expect(message.headers.count == 1)
    }

    @Test(
        "that is broken is read as far as possible, and tells so",
        arguments: [
            ("Subject : old form\n\nbody", "old form", "body", 0),
            ("Subject: x\nno empty line\nbody: too\n", "x", "no empty line\nbody: too\n", 1),
            ("Subject: x\ncut off", "x", "cut off", 1),
            ("A: b\nstray line\nSubject: x\n\nbody", "x", "body", 1),
            ("A: b\nDear Sir\nnote: this is text\n", nil, "Dear Sir\nnote: this is text\n", 1),
            (" folded\nSubject: x\n\nbody", "x", "body", 1),
            (": no name\n folded\nSubject: x\n\nbody", "x", "body", 1),
            ("From a@b.example Mon Jan  1 00:00:00 2024\nSubject: x\n\nbody", "x", "body", 0),
            ("A: b\n>From a@b.example Mon\nSubject: x\n\nbody", "x", "body", 1),
            ("Subject: one\nSubject: two\n\nbody", "one", "body", 1),
            ("Subject: a\0b\n\nc\0d", "a\u{FFFD}b", "c\u{FFFD}d", 0),
            ("Subject: x\n \nA: b\n\nbody", "x", "body", 0),
            ("only text", nil, "only text", 1),
            ("\nonly text", nil, "only text", 0),
            ("Subject: x", "x", "", 0), ("", nil, "", 0), ("\n", nil, "", 0), ("\r", nil, "", 0),
        ])
    func broken(text: String, subject: String?, body: String, problems: Int) throws {
        let message = try MailMessage(text)
        #expect(message.subject == subject)
        #expect(message.text ?? "" == body)
        #expect(message.problems.count == problems, "\(message.problems)")
    }

    @Test("in UTF-8 is read as such, one in another charset as windows-1252")
    func eightBit() throws {
        #expect(try MailMessage("Subject: Grüße\n\n").subject == "Grüße")
        let message = try MailMessage(parsing: Array("Subject: Gr".utf8) + [0xFC, 0xDF, 0x65, 0x0A, 0x0A])
        #expect(message.subject == "Grüße")
        #expect(message.problems.count == 1)
    }

    @Test("has identifiers, with or without their brackets")
    func identifiers() throws {
        let message = try MailMessage(
            "Message-ID: <1@a.example>\nIn-Reply-To: \"Jo\" <0@a.\n example> (sic)\nReferences: <x@y> <z@y>\n <0@a.example\n\n")
        #expect(message.messageID == "1@a.example")
        #expect(message.inReplyTo == ["0@a.example"])
        #expect(message.references == ["x@y", "z@y", "0@a.example"])
        #expect(try MailMessage("Message-ID: bare@x\nReferences: a@b, c@d\n\n").messageID == "bare@x")
        #expect(try MailMessage("References: a@b, c@d\n\n").references == ["a@b", "c@d"])
        #expect(try MailMessage("Message-ID: <>\n\n").messageID == nil)
    }
}
