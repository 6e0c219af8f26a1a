import EmailConnect
import Testing

@Suite("Names have one canonical form")
struct NameTests {
    @Test(
        "A domain name in any spelling becomes lower-case A-labels",
        arguments: [
            ("acme.example", "acme.example"), ("ACME.Example.", "acme.example"), ("münchen.example", "xn--mnchen-3ya.example"),
            ("MÜNCHEN.example", "xn--mnchen-3ya.example"), ("mu\u{308}nchen.example", "xn--mnchen-3ya.example"),
            ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"), ("XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"),
            ("例え.テスト", "xn--r8jz45g.xn--zckzah"), ("a-b.c9.example", "a-b.c9.example"), ("1a.example", "1a.example"),
            ("straße.example", "xn--strae-oqa.example"), ("bücher.bücher", "xn--bcher-kva.xn--bcher-kva"),
        ])
    func canonicalDomain(written: String, canonical: String) throws {
        #expect(try DomainName(written).text == canonical)
    }

    @Test(
        "What is no domain name is refused",
        arguments: [
            "", ".", "acme", "acme..example", ".acme.example", "-a.example", "a-.example", "a_b.example", "a b.example", "1.2.3.4",
            "example.123", "ab--c.example", "xn--abc.example", "xn--.example", "xn--mnchen-3ya--.example", "a@b.example",
            "☃.example", "a\u{200D}b.example", "\u{301}a.example", String(repeating: "a", count: 64) + ".example",
            Array(repeating: "abcdefghi", count: 26).joined(separator: "."),
        ])
    func refusedDomain(written: String) {
        #expect(throws: Rejection.self) { try DomainName(written) }
    }

    @Test(
        "Punycode agrees with the samples of RFC 3492",
        arguments: [
            // https://www.rfc-editor.org/rfc/rfc3492#section-7.1, the samples that are lower case
            ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"), ("他們爲什麽不說中文", "ihqwctvzc91f659drss3x8bo0yb"),
            ("なぜみんな日本語を話してくれないのか", "n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa"),
            ("почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"),
        ])
    func punycode(unicode: String, ascii: String) throws {
        #expect(try DomainName("\(unicode).example").text == "xn--\(ascii).example")
        #expect(try DomainName("xn--\(ascii).example").display == "\(unicode).example")
    }

    @Test("An alias name is lower-cased; what no mailbox is called is refused")
    func localParts() throws {
        #expect(try LocalPart("Support").text == "support")
        #expect(try LocalPart("*").text == "*")
        #expect(try LocalPart("o'neil-x_y.z").text == "o'neil-x_y.z")
        for wrong in ["", "a+b", "a@b", "a b", "a*", ".a", "a.", "a..b", "ü", "a\u{0}", String(repeating: "a", count: 65)] {
            #expect(throws: Rejection.self, "\(wrong)") { try LocalPart(wrong) }
        }
    }

    @Test(
        "An address range has one text",
        arguments: [
            ("203.0.113.0/24", "203.0.113.0/24"), ("203.0.113.7", "203.0.113.7/32"), ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:DB8::/32", "2001:db8::/32"), ("2001:db8:0:0:0:0:0:1", "2001:db8::1/128"), ("::/0", "::/0"),
            ("::ffff:1.2.3.4", "1.2.3.4/32"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3/128"), ("fe80::", "fe80::/128"),
        ])
    func ranges(written: String, canonical: String) throws {
        #expect(try IPRange(written).text == canonical)
    }

    @Test(
        "What is no address range is refused",
        arguments: [
            "", "1.2.3", "1.2.3.4/33", "1.2.3.4/24", "01.2.3.4", "1.2.3.256", ":", ":::", "1::2::3", "::/129", "g::", "1.2.3.4/", "::1/x",
            "1:2:3:4:5:6:7:8:9",
        ])
    func refusedRange(written: String) {
        #expect(throws: Rejection.self) { try IPRange(written) }
    }

    @Test("A range holds its addresses, also an IPv4 address inside IPv6")
    func rangeContains() throws {
        let range = try IPRange("203.0.113.0/25")
        #expect(range.contains([203, 0, 113, 127]))
        #expect(!range.contains([203, 0, 113, 128]))
        #expect(range.contains([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 203, 0, 113, 1]))
    }

    @Test("A duration has one text, and zero or no unit is none")
    func durations() throws {
        #expect(try TimeSpan("48h").text == "2d")
        #expect(try TimeSpan("90m").text == "90m")
        #expect(try TimeSpan("3600s").text == "1h")
        for wrong in ["", "0d", "5", "d", "-1d", "1.5d", "1w", "99999999999999999999d", "4000d"] {
            #expect(throws: Rejection.self, "\(wrong)") { try TimeSpan(wrong) }
        }
    }

    @Test("A date is read with any offset and written in UTC")
    func dates() throws {
        #expect(try Timestamp("2027-01-31").text == "2027-01-31T00:00:00Z")
        #expect(try Timestamp("2027-01-31T12:00:00+02:00").text == "2027-01-31T10:00:00Z")
        for wrong in ["", "31.1.2027", "2027-13-01", "tomorrow"] {
            #expect(throws: Rejection.self, "\(wrong)") { try Timestamp(wrong) }
        }
    }

    @Test(
        "A URL's scheme and host are lower-cased, its path is left alone",
        arguments: [
            ("HTTPS://Hooks.Example/Path?Q=1", "https://hooks.example/Path?Q=1"), ("http://localhost:8080", "http://localhost:8080"),
            ("https://münchen.example/x", "https://xn--mnchen-3ya.example/x"), ("https://[2001:DB8::1]:443/", "https://[2001:db8::1]:443/"),
        ])
    func urls(written: String, canonical: String) throws {
        #expect(try HTTPURL(written).text == canonical)
    }

    @Test(
        "What is no webhook URL is refused, without repeating it",
        arguments: [
            "", "hooks.example", "ftp://a.example", "https://user:pw@a.example/", "https://a.example/#x", "https://a b.example",
            "https://a.example/ x", "https://a.example:0/", "https://a.example:99999/", "https:///x",
        ])
    func refusedURL(written: String) {
        #expect {
            try HTTPURL(written)
        } throws: { error in
            written.isEmpty || !((error as? Rejection)?.sentence.contains(written) ?? true)
        }
    }

    @Test("Hosts that are private to a network are known")
    func privateTargets() throws {
        for host in [
            "localhost", "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.31.0.1", "169.254.169.254", "[::1]", "[fd00::1]", "[::ffff:10.0.0.1]",
        ] {
            #expect(try HTTPURL("http://\(host)/").isPrivateTarget, "\(host)")
        }
        #expect(try !HTTPURL("https://8.8.8.8/").isPrivateTarget)
        #expect(try !HTTPURL("https://hooks.example/").isPrivateTarget)
    }

    @Test("An owner is two keys with one slash")
    func owners() throws {
        #expect(try Owner("acme-mail/production").text == "acme-mail/production")
        for wrong in ["", "acme", "a/b/c", "A/b", "/b", "a/"] { #expect(throws: Rejection.self, "\(wrong)") { try Owner(wrong) } }
    }

    @Test("The nearest word is suggested, and nothing when none is near")
    func spelling() {
        #expect(Spelling.nearest(to: "webhok", in: ["webhook", "enabled"]) == "webhook")
        #expect(Spelling.nearest(to: "enviroment", in: ["environment"]) == "environment")
        #expect(Spelling.nearest(to: "qqq", in: ["webhook", "enabled"]) == nil)
    }
}
