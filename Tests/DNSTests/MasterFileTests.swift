@testable import DNS
import Testing

@Suite("A zone's file")
struct MasterFileTests {
    private static func answers(_ text: String, _ name: String, _ type: RecordType) throws -> [String] {
        try MasterFile(parsing: Array(text.utf8)).answers(try #require(DNSName(name)), type).map(\.description)
    }

    @Test("has names, relative or whole, with or without time and class, and comments")
    func forms() throws {
        let text = """
            ; Some zone
            $ORIGIN acme.example.
            $TTL 1h
            @        3600 IN SOA ns1 hostmaster (
                         1    ; serial
                         7200 3600 1209600 3600 )
                     IN   NS  ns1
            @        IN 60 MX 10 mail.host.example.
                     MX   20 backup
            _emailconnect TXT "emailconnect-verification=abc" ; ours
            WWW      CNAME other.example.
            other.example. 60 TXT one "two three" "four \\"five\\" \\059"
            ns1      A    192.0.2.1
            """
        #expect(try Self.answers(text, "acme.example", .mx) == ["10 mail.host.example", "20 backup.acme.example"])
        #expect(try Self.answers(text, "_emailconnect.acme.example", .txt) == ["emailconnect-verification=abc"])
        #expect(try Self.answers(text, "www.acme.example", .txt) == [#"onetwo threefour "five" ;"#], "by its alias")
        #expect(try Self.answers(text, "acme.example", .txt).isEmpty)
        #expect(try Self.answers(text.replacing("\n", with: "\r\n"), "acme.example", .mx).count == 2)
        #expect(try Self.answers("", "acme.example", .mx).isEmpty)
    }

    @Test(
        "says in which line something is wrong, and what",
        arguments: [
            ("a.example. MX 10", 1, "MX takes a preference and a host"), ("\na.example. MX ten b.", 2, "MX takes a preference and a host"),
            ("a.example. MX 65536 b.", 1, "MX takes a preference and a host"), ("a..example. TXT x", 1, #""a..example." is no name"#),
            ("a.example. TXT", 1, "TXT takes one text or more"), ("a.example. 60 IN", 1, "the record has no type"),
            ("a.example. TEXT x", 1, #""TEXT" is no type of a record"#), ("a.example. TXT \"x", 1, "a quoted text has no end"),
            ("a.example. TXT (x", 1, "a bracket has no partner"), ("a.example. TXT x)", 1, "a bracket has no partner"),
            (" TXT x", 1, "the first record has no name"), ("$INCLUDE other", 1, "only $ORIGIN NAME and $TTL SECONDS are known"),
            ("$ORIGIN", 1, "$ORIGIN takes one word"),
            ("a.example. TXT a\\30", 1, "a backslash stands before three digits up to 255, or one character"),
            ("a.example. CNAME b. c.", 1, "CNAME takes one name"),
            ("a.example. TXT \(String(repeating: "x", count: 256))", 1, "a text has at most 255 bytes"),
        ])
    func mistakes(_ text: String, _ line: Int, _ problem: String) {
        #expect(throws: MasterFileFailure(line: line, problem: problem)) { try MasterFile(parsing: Array(text.utf8)) }
    }

    @Test("with whatever bytes takes no reader down", arguments: 0..<4)
    func mutations(seed: UInt64) throws {
        var noise = Noise(seed: seed)
        let good = Array("$ORIGIN a.example.\n@ 60 IN MX 10 b\n  TXT ( \"x\\\"y\" \\065 ) ; c\n".utf8)
        var refused = 0
        for _ in 0..<3000 {
            var bytes = good
            for _ in 0...noise.below(4) { bytes[noise.below(bytes.count)] = Array("\\\"();$@ \n\0\u{7F}9aX".utf8)[noise.below(14)] }
            do { _ = try MasterFile(parsing: bytes) } catch { refused += 1 }
        }
        #expect((1..<3000).contains(refused))
    }
}
