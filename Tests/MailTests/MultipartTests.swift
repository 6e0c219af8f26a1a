import Mail
import Testing

@Suite("A multipart")
struct MultipartTests {
    private static let plain = "Content-Type: text/plain\n\nplain"
    private static let html = "Content-Type: text/html\n\n<p>"
    private static let file = "Content-Type: application/x; name=f\n\nfile"

    @Test("of alternatives gives its text and its HTML; the other forms are attachments")
    func alternative() throws {
        let message = try MailMessage("alternative", parts: [Self.plain, Self.html, "Content-Type: text/calendar\n\ncal", "\n\nagain"])
        #expect(message.text == "plain")
        #expect(message.html == "<p>")
        #expect(message.attachments.map(\.contentType) == ["text/calendar", "text/plain"])
        #expect(message.attachments.allSatisfy { $0.disposition == .inline })
        #expect(message.problems.isEmpty)
    }

    @Test("joins the texts before and behind a file")
    func mixed() throws {
        let message = try MailMessage("mixed", parts: [Self.plain, Self.file, "\nmore\n", "\nlast", Self.html, Self.html])
        #expect(message.text == "plain\nmore\nlast")
        #expect(message.html == "<p>\n<p>")
        #expect(message.attachments.map(\.name) == ["f"])
        #expect(message.attachments.map(\.bytes) == [Array("file".utf8)])
    }

    @Test("with a picture that the HTML shows gives it as inline")
    func related() throws {
        let picture = "Content-Type: image/png\nContent-ID: <p@x>\n\npng"
        let style = "Content-Type: text/html\nContent-ID: <s@x>\n\n<b>"
        let message = try MailMessage("related", parts: [Self.html, picture, style])
        #expect(message.html == "<p>")
        #expect(message.attachments.map(\.contentID) == ["p@x", "s@x"])
        #expect(message.attachments.allSatisfy { $0.disposition == .inline })
    }

    @Test("takes a text for a file when it is called one, or has a name and is not the first")
    func textFiles() throws {
        let named = "Content-Type: text/plain; name=a.txt\n\nnamed"
        let attached = "Content-Disposition: ATTACHMENT\n\nattached"
        let unknown = "Content-Disposition: x-odd\n\nodd"
        var message = try MailMessage("mixed", parts: [Self.html, named, attached, unknown])
        #expect(message.text == nil)
        #expect(message.attachments.map(\.disposition) == [.attachment, .attachment, .attachment])
        message = try MailMessage("mixed", parts: [named, Self.file])
        #expect(message.text == "named")
        message = try MailMessage("mixed", parts: [Self.plain, "Content-Disposition: inline; filename=b.txt\n\nb"])
        #expect(message.attachments.map(\.disposition) == [.inline])
    }

    @Test("gives a message in it as an attachment, and does not open it")
    func message() throws {
        let inner = "Content-Type: message/rfc822\n\nSubject: inner\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nx\n--i--"
        let message = try MailMessage("mixed", parts: [Self.plain, inner])
        #expect(message.text == "plain")
        #expect(message.attachments.map(\.contentType) == ["message/rfc822"])
        #expect(message.attachments.map { String(decoding: $0.bytes, as: UTF8.self).hasPrefix("Subject: inner\n") } == [true])
        #expect(try MailMessage("digest", parts: ["\nSubject: a\n\nx"]).attachments.map(\.contentType) == ["message/rfc822"])
    }

    @Test("in another one is read, even when its boundary begins with the other's, or is the same", arguments: ["inner", "bb", "b-", "b"])
    func nested(boundary: String) throws {
        let inner =
            "Content-Type: multipart/alternative; boundary=\"\(boundary)\"\n\n--\(boundary)\n\(Self.plain)\n--\(boundary)\n\(Self.html)\n--\(boundary)--"
        let message = try MailMessage("mixed", parts: [inner, Self.file])
        #expect(message.text == "plain")
        #expect(message.html == "<p>")
        #expect(message.attachments.map(\.name) == ["f"])
        #expect(message.problems.isEmpty)
    }

    @Test(
        "that is broken is read as far as possible",
        arguments: [
            // No last line; of the inner one neither
            ("; boundary=b\n\n--b\n\none\n--b\nContent-Type: application/x\n\ntwo", "one", ["two"]),
            (
                "; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\none\n--b\nContent-Type: application/x\n\ntwo\n--b--",
                "one", ["two"]
            ),
            // Text around the parts, blanks behind a boundary, lines that look like one
            ("; boundary=b\n\npreamble\n--b  \n\none\n--bc\n--b --\n--\n--b--\t\nepilogue", "one\n--bc\n--b --\n--", []),
            ("; boundary=\" b c \"\n\n-- b c\n\none\n-- b c--", "-- b c\n\none\n-- b c--", []),
            ("; boundary=\"b c\"\n\n--b c\n\none\n--b c--", "one", []),
            ("; boundary*0=b; boundary*1=c\n\n--bc\n\none\n--bc--", "one", []),
            // No boundary stated, or another one
            ("\n\n--b\nContent-Type: text/plain\n\none\n--b--\n", "one", []), ("\n\njust text\n", "just text\n", []),
            ("; boundary=b\n\njust text\n", "just text\n", []), ("; boundary=b\n\ntext\n--b--\nmore", "text", []),
            ("; boundary=\"\"\n\ntext", "text", []),
            ("\n\n--b\n\nnot a header\n", "--b\n\nnot a header\n", []),
            // Parts without header, body, or empty line
            ("; boundary=b\n\n--b\none\n--b--", "one", []), ("; boundary=b\n\n--b\n--b\nContent-Type: text/plain\n--b--", "", []),
            ("; boundary=b\n--b\n\none\n--b--", "one", []), ("; boundary=b\n--b\nContent-Type: text/plain\n\none\n--b--", "one", []),
            ("; boundary=b", "", []), ("; boundary=b\n\n--b", "", []), ("; boundary=b\n\n--b--", "", []),
            // An encoding that a multipart cannot have
            ("; boundary=b\nContent-Transfer-Encoding: base64\n\n--b\n\none\n--b--", "one", []),
            ("\nContent-Transfer-Encoding: base64\n\ntext", "text", []),
        ] as [(String, String, [String])])
    func broken(rest: String, text: String, files: [String]) throws {
        for ending in ["\n", "\r\n", "\r"] {
            let written = "Content-Type: multipart/mixed\(rest)".split(separator: "\n", omittingEmptySubsequences: false).joined(
                separator: ending)
            let message = try MailMessage(written)
            #expect(message.text ?? "" == text, "\(message.problems)")
            #expect(message.attachments.map { String(decoding: $0.bytes, as: UTF8.self) } == files)
        }
    }

    @Test("says what was left out")
    func epilogue() throws {
        let message = try MailMessage("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n\nlost text\n")
        #expect(message.problems == ["text behind the last part: left out"])
    }
}
