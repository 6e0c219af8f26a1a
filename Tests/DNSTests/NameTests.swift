@testable import DNS
import Testing

@Suite("A name in the DNS")
struct NameTests {
    @Test(
        "is read as master files have it",
        arguments: [
            ("acme.example", "acme.example"), ("Acme.EXAMPLE.", "acme.example"), (".", "."),
            ("_emailconnect.acme.example", "_emailconnect.acme.example"), (#"a\.b.c"#, #"a\.b.c"#), (#"a\032b.c"#, #"a\ b.c"#),
            (#"\255.c"#, #"\255.c"#), ("*.acme.example", "*.acme.example"),
        ])
    func reads(_ text: String, _ shown: String) throws {
        let name = try #require(DNSName(text))
        #expect(name.description == shown)
        #expect(DNSName(name.description) == name)
    }

    @Test(
        "has labels of 1 to 63 bytes, 255 together",
        arguments: [
            "", "..", ".a", "a..b", String(repeating: "a", count: 64), "a\\", #"a\25"#, #"a\256"#,
            String(repeating: "abcdefg.", count: 32),
        ])
    func refuses(_ text: String) { #expect(DNSName(text) == nil) }

    @Test("knows no case, but only of ASCII letters")
    func equality() {
        #expect(DNSName("ACME.example") == DNSName("acme.EXAMPLE"))
        #expect(DNSName("a.b") != DNSName("ab"))
        #expect(DNSName("[.example") != DNSName("{.example"), "these differ in the same bit")
    }
}
