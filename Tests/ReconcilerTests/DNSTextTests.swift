import EmailConnect
@testable import Reconciler
import Testing

@Suite("DNS records, written down")
struct DNSTextTests {
    private static func domain(
        _ name: String, _ text: String = "t", at place: String? = nil, verification: DomainVerification = DomainVerification()
    ) throws -> DomainStatus {
        DomainStatus(
            id: "dom_1", name: try DomainName(name), owner: nil, verification: verification,
            records: [
                try DNSRecord(name: name, .mx(preference: 10, exchange: try DomainName("mail.host.example"))),
                try DNSRecord(name: place ?? "_emailconnect.\(name)", .txt(text)),
            ])
    }

    private static func zones(_ names: [String], cuts: [String] = []) throws -> [DNSZone] {
        DNSZone.zones(of: try names.map { try domain($0) }, cuts: try cuts.map { try DomainName($0) })
    }

    @Test("go into the longest zone that has their domain, else into the domain's own")
    func cuts() throws {
        let names = ["a.acme.example", "acme.example", "x.b.acme.example", "notacme.example"]
        func cut(_ cuts: String...) throws -> [String] {
            try Self.zones(names, cuts: cuts).map {
                "\($0.name): \($0.nodes.map { $0.name.isEmpty ? "@" : $0.name }.joined(separator: " "))"
            }
        }
        #expect(try cut().count == 4)
        #expect(
            try cut("acme.example") == [
                "acme.example: @ _emailconnect _emailconnect.a _emailconnect.x.b a x.b", "notacme.example: @ _emailconnect",
            ])
        #expect(
            try cut("b.acme.example", "acme.example", "other.example").first { $0.hasPrefix("b.") } == "b.acme.example: _emailconnect.x x")
    }

    @Test("are in the order in which people count")
    func order() {
        let names = ["", "1-2", "9a", "10a", "_emailconnect", "a", "a9", "a10", "a10b", "b"]
        #expect(names.reversed().map { ($0, NaturalOrder($0)) }.sorted { $0.1 < $1.1 }.map(\.0) == names)
    }

    @Test("have their texts in pieces and escaped, as each form wants it")
    func texts() throws {
        let zones = DNSZone.zones(of: [try Self.domain("a.example", #"q" \ ; ${x} %{y} : #"#)], cuts: [])
        #expect(DNSText.zoneFile(zones[0]).hasSuffix("\n_emailconnect\t3600\tIN\tTXT\t\"q\\\" \\\\ ; ${x} %{y} : #\"\n"))
        #expect(DNSText.octoDNS(zones[0]).hasSuffix(#"value: "q\" \\ \\; ${x} %{y} : #""# + "\n"))
        #expect(DNSText.terraform(zones).contains(#"txt  = ["q\" \\ ; $${x} %%{y} : #"]"#))
        let long = DNSZone.zones(of: [try Self.domain("a.example", String(repeating: "x", count: 300))], cuts: [])
        #expect(DNSText.zoneFile(long[0]).contains("\"\(String(repeating: "x", count: 255))\" \"\(String(repeating: "x", count: 45))\""))
    }

    @Test("of one name are a list for octoDNS")
    func list() throws {
        let zone = DNSZone.zones(of: [try Self.domain("a.example", at: "a.example")], cuts: [])[0]
        #expect(
            DNSText.octoDNS(zone) == """
                ---
                '':
                - ttl: 3600
                  type: MX
                  value:
                    exchange: mail.host.example.
                    preference: 10
                - ttl: 3600
                  type: TXT
                  value: t

                """)
    }

    @Test("have names of their own in Terraform, whatever the domains are called")
    func identifiers() throws {
        let text = DNSText.terraform(try Self.zones(["a-b.example", "a.b.example", "1und1.example", "a.b-example.example"]))
        let names = text.matches(of: /"dns_mx_record_set" "([^"]*)"/).map { String($0.1) }
        #expect(names == ["_1und1_example", "a-b_example", "a_b-example_example", "a_b_example"])
    }

    @Test("have other names in Terraform than every other name, however odd, and such as it takes")
    func manyIdentifiers() throws {
        var (names, identifiers): (Set<String>, [String: String]) = (["1.acme.example", "r.1.acme.example", "_1.acme.example"], [:])
        var texts = [""]
        // All there are of up to six letters.
        for _ in 0..<6 {
            texts = texts.flatMap { text in ["a", "1", "-", "_", "."].map { text + $0 } }
            names.formUnion(texts.filter { (try? DNSRecord(name: $0, .txt(""))) != nil })
        }
        #expect(names.count > 4000)
        for name in names {
            let identifier = DNSText.identifier(name)
            #expect(identifier.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_-]*/) != nil, "\(identifier)")
            if let other = identifiers.updateValue(name, forKey: identifier) { Issue.record("\(name) and \(other) are both \(identifier)") }
        }
        #expect(DNSText.identifier("_emailconnect.acme.example") == "__emailconnect_acme_example")
    }

    @Test("lead nowhere when the mail host is this machine's own name")
    func nowhere() throws {
        let lost = DomainStatus(
            id: "dom_2", name: try DomainName("b.example"), owner: nil, verification: DomainVerification(),
            records: [try DNSRecord(name: "b.example", .mx(preference: 10, exchange: try DomainName("mail.localhost")))])
        #expect(DNSText.leadsNowhere([try Self.domain("a.example"), lost]))
        #expect(try !DNSText.leadsNowhere([Self.domain("a.example"), Self.domain("localhost.example")]))
    }

    @Test("are shown with what there is in their place, and nothing of it can harm a terminal")
    func table() throws {
        var verification = DomainVerification(status: .failed, checkedAt: Timestamp(seconds: 1_800_000_000))
        verification.records = [
            .init(type: "MX", name: "a.example", expected: "10 mail.host.example", found: ["5 \u{1B}[2J\u{202E}x"], result: .different),
            .init(type: "TXT", name: "_emailconnect.a.example", expected: "t", found: [], result: .unanswered),
        ]
        let domains = [try Self.domain("a.example", verification: verification), try Self.domain("b.example")]
        #expect(
            DNSText.table(domains, .plain) == """
                a.example  failed (checked 2027-01-15T08:00:00Z)
                  MX   a.example                10 mail.host.example  <- there is "5 \\u{1b}[2J\\u{202e}x"
                  TXT  _emailconnect.a.example  t  <- no name server answered

                b.example  pending
                  MX   b.example                10 mail.host.example
                  TXT  _emailconnect.b.example  t

                """)
        verification.records[0].expected = "10 old.host.example"
        #expect(!DNSText.table([try Self.domain("a.example", verification: verification)], .plain).contains("there is"), "that was another")
    }
}

@Suite("A DNS record on the wire")
struct DNSRecordTests {
    private static func read(_ text: String) throws -> DNSRecord {
        var json = JSONReader(Array(text.utf8))
        return try DNSRecord(json.node())
    }

    @Test("comes back as it was written")
    func trip() throws {
        for record in [
            try DNSRecord(name: "a.example", .mx(preference: 0, exchange: try DomainName("b.example"))),
            try DNSRecord(name: "_x.a-b.example", .txt(#"a "quoted" text"#)),
        ] {
            var json = JSONWriter()
            record.write(to: &json)
            #expect(try Self.read(json.text) == record)
        }
    }

    @Test(
        "is none with a name, a number or a text that DNS does not have",
        arguments: [
            #"{"type":"MX","name":"a.example","priority":65536,"value":"b.example"}"#,
            #"{"type":"MX","name":"a.example","value":"b.example"}"#,
            #"{"type":"MX","name":"a.example","priority":1,"value":"b c"}"#, #"{"type":"TXT","name":"a.example"}"#,
            #"{"type":"TXT","name":"A.example","value":"x"}"#, #"{"type":"TXT","name":"a..example","value":"x"}"#,
            #"{"type":"TXT","name":"a.example\n","value":"x"}"#, #"{"type":"TXT","name":"a.example","value":"\u001b"}"#,
            #"{"type":"TXT","name":"a.example","value":"ü"}"#, #"{"type":"AAAA","name":"a.example","value":"x"}"#, "[]",
        ])
    func refuses(_ text: String) { #expect(throws: Rejection.self) { try Self.read(text) } }
}
