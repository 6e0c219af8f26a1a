import Mail
import Testing

@Suite("An encoded word")
struct EncodedWordTests {
    @Test(
        "is read",
        arguments: [
            // https://www.rfc-editor.org/rfc/rfc2047#section-8
            ("(=?ISO-8859-1?Q?a?=)", "(a)"), ("(=?ISO-8859-1?Q?a?= b)", "(a b)"),
            ("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"), ("(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)"),
            ("(=?ISO-8859-1?Q?a?=\n       =?ISO-8859-1?Q?b?=)", "(ab)"), ("(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
            ("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"),
            // Both encodings, in any case
            ("=?utf-8?b?R3LDvMOfZQ==?=", "Grüße"), ("=?UTF-8?Q?Gr=c3=bc=C3=9fe?=", "Grüße"), ("a =?utf-8?q?b?= c", "a b c"),
            // A character that begins in one word and ends in the next, in either encoding
            ("=?utf-8?q?Gr=C3?= =?utf-8?q?=BC=C3=9Fe?=", "Grüße"), ("=?utf-8?b?R3LD?=\n =?utf-8?q?=BC=C3=9Fe?=", "Grüße"),
            ("=?iso-2022-jp?B?GyRCJDM=?= =?iso-2022-jp?B?JHMbKEI=?=", "こん"),
            // With a language. https://www.rfc-editor.org/rfc/rfc2231#section-5
            ("=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"),
            // Other charsets, and names that are wrong
            ("=?windows-1251?q?=CF=F0=E8?=", "При"), ("=?KOI8-R?B?8NLJ?=", "При"), ("=?gb2312?b?1tDOxA==?=", "中文"),
            ("=?utf8?q?=C3=BC?=", "ü"), ("=?iso_8859_1?q?=FC?=", "ü"), ("=?iso-8859-1?q?=80?=", "€"), ("=?us-ascii?q?=C3=BC?=", "ü"),
            ("=?x-nothing?q?=C3=BC?=", "ü"), ("=?x-nothing?q?=FC?=", "ü"), ("=??q?a?=", "a"),
            // What is not allowed and is sent
            ("x=?utf-8?q?a?=y", "xay"), ("=?utf-8?q?a?==?utf-8?q?b?=", "ab"), ("=?utf-8?q?a b?=", "a b"), ("=?utf-8?q?a?b?=", "a?b"),
            ("=?utf-8?q?a\n b?=", "a b"), ("=?utf-8?q?bad=zz=4?=", "bad=zz=4"), ("=?utf-8?b?YQ?=", "a"), ("=?utf-8?b?Y Q=?=", "a"),
            ("=?utf-8?q?=FF?=", "\u{FFFD}"), ("=?utf-8?q??=", ""),
            // What is none
            ("=?utf-8?x?a?=", "=?utf-8?x?a?="), ("=?utf-8?q?a", "=?utf-8?q?a"), ("=?", "=?"), ("=?utf-8?q", "=?utf-8?q"),
            ("=?utf-8?q?a =?utf-8?q?b?=", "=?utf-8?q?a b"), ("1 =? 2", "1 =? 2"), ("=?a b?q?c?=", "=?a b?q?c?="),
        ])
    func decoded(raw: String, text: String) throws {
        #expect(try MailMessage("Subject: \(raw)\n\n").subject == text)
    }

    @Test("brings no line break into a header", arguments: ["=0D=0ABcc:_a@b.example", "=0ABcc:_a@b.example"])
    func injection(text: String) throws {
        let message = try MailMessage("Subject: x=?utf-8?q?\(text)?=\n\n")
        #expect(message.subject?.utf8.contains { $0 == 0x0A || $0 == 0x0D || $0 == 0 } == false)
        #expect(message.headers.count == 1)
        #expect(message.problems.count == 1)
    }
}
