import Mail
import Testing

@Suite("Limits")
struct LimitTests {
    @Test("of size refuse a message, and name the limit")
    func size() throws {
        var limits = MailLimits()
        limits.bytes = 10
        #expect(throws: MailFailure.tooLarge(bytes: 11, limit: 10)) { try MailMessage("A: b\n\n12345", limits: limits) }
        _ = try MailMessage("A: b\n\n1234", limits: limits)
        limits = MailLimits()
        limits.headerBytes = 10
        #expect(throws: MailFailure.headerTooLarge(limit: 10)) { try MailMessage("A: b\nC: def\n\n", limits: limits) }
        _ = try MailMessage("A: b\nC:d\n\n12345678901234567890", limits: limits)
        #expect(MailFailure.tooLarge(bytes: 11, limit: 10).description == "the message has 11 bytes, more than 10")
    }

    @Test("of fields leave further ones out, with what continues them")
    func fields() throws {
        var limits = MailLimits()
        limits.headerCount = 2
        let message = try MailMessage("A: a\nB: b\n c\nC: c\n d\nD: d\n\nbody", limits: limits)
        #expect(message.headers.map(\.value) == ["a", "b c"])
        #expect(message.text == "body")
        #expect(message.problems == ["more than 2 fields in a header: the rest of them is left out"])
    }

    @Test("of a part's header begin its body")
    func partHeader() throws {
        var limits = MailLimits()
        limits.headerBytes = 50
        let message = try MailMessage(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nA: b\nB: \(String(repeating: "c", count: 60))\n\none\n--b--", limits: limits)
        #expect(message.text?.hasPrefix("B: ccc") == true)
        #expect(message.problems.count == 1)
    }

    @Test("of parts make one attachment of the rest")
    func parts() throws {
        var limits = MailLimits()
        limits.parts = 2
        let message = try MailMessage(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n1\n--b\n\n2\n--b\n\n3\n--b\n\n4\n--b--\n", limits: limits)
        #expect(message.text == "1\n2")
        #expect(message.attachments.map { String(decoding: $0.bytes, as: UTF8.self) } == ["\n3\n--b\n\n4\n--b--\n"])
        #expect(message.attachments.map(\.contentType) == ["application/octet-stream"])
        #expect(message.problems == ["more than 2 parts: the rest is one attachment"])
    }

    @Test("of depth make an attachment of what is deeper")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            depth == 0 ? "\ndeep" : "Content-Type: multipart/mixed; boundary=b\(depth)\n\n--b\(depth)\n\(nested(depth - 1))\n--b\(depth)--"
        }
        #expect(try MailMessage(nested(20)).text == "deep")
        let message = try MailMessage(nested(21))
        #expect(message.text == nil)
        #expect(message.attachments.map(\.contentType) == ["multipart/mixed"])
        #expect(message.problems.count == 1)
    }

    @Test("keep the list of problems short")
    func problems() throws {
        let message = try MailMessage("Subject: " + (0..<500).map { "=?x-\($0)?q?a?= b" }.joined() + "\n\n")
        #expect(message.problems.count == 101)
        #expect(message.problems.last == "more problems than are listed")
    }
}
