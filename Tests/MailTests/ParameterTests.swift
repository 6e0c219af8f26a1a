import Mail
import Testing

@Suite("A file name")
struct ParameterTests {
    @Test(
        "is read from every form of parameter",
        arguments: [
            ("; filename=a.txt", "a.txt"), (";filename=\"a b;c.txt\"", "a b;c.txt"), ("; x=y;\n\tfilename\n = a.txt ;", "a.txt"),
            (";; x=y; filename=a.txt", "a.txt"),
            ("; filename=\"a \\\"b\\\".txt\"", "a \"b\".txt"), ("; (c) filename=a.txt (d)", "a.txt"),
            // https://www.rfc-editor.org/rfc/rfc2231#section-3 and the next
            ("; filename*0=\"a long \"; filename*1=\"name.txt\"", "a long name.txt"), ("; filename*1=b; filename*0=a", "ab"),
            ("; filename*0=a; filename*0=x; filename*1=b", "ab"),
            ("; filename*0=a; filename*2=c", "a"), ("; filename*1=b; filename*2=c", "bc"),
            ("; filename*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "This is ***fun***"),
            ("; filename*=iso-8859-1''%FC.txt", "ü.txt"), ("; filename*=UTF-8''%e2%82%ac.txt", "€.txt"),
            ("; filename*=windows-1251'ru'%CF.txt", "П.txt"),
            (
                "; filename*0*=us-ascii'en'This%20is%20even%20more%20;\n filename*1*=%2A%2A%2Afun%2A%2A%2A%20;\n filename*2=\"isn't it!\"",
                "This is even more ***fun*** isn't it!"
            ),
            ("; filename*0*=utf-8''%F0%9F; filename*1*=%98%80", "😀"), ("; filename=x.txt; filename*=utf-8''%C3%BC.txt", "ü.txt"),
            // What is broken
            ("; filename*=%C3%BC.txt", "ü.txt"), ("; filename*=utf-8'%C3%BC.txt", "utf-8'ü.txt"),
            ("; filename*=utf-8''100%.txt", "100%.txt"), ("; filename*=no-such''%C3%BC", "ü"),
            ("; filename=a b (1).txt; x=y", "a b (1).txt"), ("; filename=\"open.txt", "open.txt"),
            ("; filename=\"=?utf-8?q?=C3=BC.txt?=\"", "ü.txt"),
            ("; filename=\"=?utf-8?q?a?=\n =?utf-8?q?b?=\"", "ab"), ("; filename=\"ü.txt\"", "ü.txt"), ("; filename=\"a\"b.txt", "a"),
            ("; filename*x=a", nil), ("; filename*99999999999999999999=a", nil),
            ("; filename*-1=a", nil), ("; filename*1*2*=a", nil), ("; =a.txt", nil), (";", nil), ("; filename", nil), ("; filename=", nil),
            ("; filename=\"\"", nil),
            // A path is none of the receiver's business. https://www.rfc-editor.org/rfc/rfc2183#section-2.3
            ("; filename=\"../../etc/passwd\"", "passwd"), ("; filename=\"C:\\dir\\a.txt\"", "a.txt"), ("; filename=\"..\"", nil),
            ("; filename=\"a/\"", nil), ("; filename=/", nil),
            ("; filename*=utf-8''..%2F..%2Fa", "a"), ("; filename*=utf-8''a%00b", "a\u{FFFD}b"),
        ] as [(String, String?)])
    func names(raw: String, name: String?) throws {
        let message = try MailMessage("Content-Type: application/x\nContent-Disposition: attachment\(raw)\n\nx")
        #expect(message.attachments.map(\.name) == [name])
        let typed = try MailMessage(
            "Content-Type: application/x\(raw.split(separator: "filename", omittingEmptySubsequences: false).joined(separator: "name"))\n\nx"
        )
        #expect(typed.attachments.map(\.name) == [name])
    }

    @Test("in Content-Disposition counts before one in Content-Type")
    func both() throws {
        let message = try MailMessage("Content-Type: application/x; name=b\nContent-Disposition: attachment; filename=a\n\nx")
        #expect(message.attachments.map(\.name) == ["a"])
    }

    @Test(
        "comes with a type, which is text/plain when it is none",
        arguments: [
            ("Application/PDF", "application/pdf"), ("a/b;", "a/b"), ("a / b (c)", "a/b"), (" (c) a/b", "a/b"), ("nonsense", "text/plain"),
            ("a/b/c", "text/plain"), ("/", "text/plain"), ("a/b<script>", "text/plain"), ("", "text/plain"), ("text/ü", "text/plain"),
        ])
    func types(raw: String, type: String) throws {
        let message = try MailMessage("Content-Type: \(raw)\nContent-Disposition: attachment\n\nx")
        #expect(message.attachments.map(\.contentType) == [type])
    }
}
