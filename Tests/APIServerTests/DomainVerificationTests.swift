@testable import APIServer
import DNS
import EmailConnect
import Foundation
import HTTPTypes
import Testing
import TestSupport

@Suite("A domain's verification")
struct DomainVerificationTests {
    /// A domain, and what its DNS has to say.
    private static func domain(_ account: Account, _ name: String = "acme.example") async throws -> (id: String, text: String) {
        let made = try await account.call(.post, "/v1/domains", #"{"name":"\#(name)"}"#)
        #expect(made.status == 201, "\(made.text)")
        return (made.string("id"), try #require(records(made).last?["value"] as? String))
    }

    private static func records(_ answer: Account.Answer) -> [[String: Any]] { answer.json["dns_records"] as? [[String: Any]] ?? [] }

    private static func verification(_ answer: Account.Answer) -> [String: Any] { answer.json["verification"] as? [String: Any] ?? [:] }

    private static func results(_ answer: Account.Answer) -> [String] {
        (verification(answer)["records"] as? [[String: Any]] ?? []).map { $0["result"] as? String ?? "" }
    }

    private static func mx(_ preference: UInt16, _ host: String) throws -> RecordData {
        .mx(preference: preference, exchange: try #require(DNSName(host)))
    }

    @Test("asks for an MX record and for a TXT record that no other account and no other domain has")
    func needs() async throws {
        var options = ServerOptions()
        options.mailHost = try DomainName("mail.host.example")
        try await Account.with(options) { account in
            let (id, text) = try await Self.domain(account)
            let domain = try await account.call(.get, "/v1/domains/\(id)")
            let records = Self.records(domain)
            #expect(records.map { $0["type"] as? String } == ["MX", "TXT"])
            #expect(records.map { $0["name"] as? String } == ["acme.example", "_emailconnect.acme.example"])
            #expect(records[0]["value"] as? String == "mail.host.example" && records[0]["priority"] as? Int == 10)
            #expect(text.wholeMatch(of: /emailconnect-verification=[0-9a-f]{32}/) != nil, "\(text)")
            #expect(Self.verification(domain)["status"] as? String == "pending" && Self.results(domain).isEmpty)
            let (_, other) = try await Self.domain(account, "other.example")
            let server = try ServerAdministration(database: account.database)
            let second = try #require(try await server.addAccount("second", plan: .free, limits: [:]))
            let key = try #require(try await server.makeFirstKey(of: second.id))
            try await server.handOver(firstKey: key, of: second.id)
            let same = try await account.call(.post, "/v1/domains", #"{"name":"acme.example"}"#, key: key.reveal())
            #expect(Set([text, other, Self.records(same).last?["value"] as? String ?? ""]).count == 3)
            // What is published once stays good.
            #expect(try await account.call(.delete, "/v1/domains/\(id)").status == 204)
            #expect(try await Self.domain(account).text == text)
            await server.close()
        }
    }

    @Test("is verified with both records, failed without one, and moves nothing of the domain's configuration")
    func verify() async throws {
        let others = Others()
        try await Account.with(others: others) { account in
            let (id, text) = try await Self.domain(account)
            let path = "/v1/domains/\(id)"
            let (before, state) = (try await account.call(.get, path), try await account.call(.get, "/v1/state"))
            let ours = RecordData.txt(Array(text.utf8))
            for (mx, txt, status, results) in [
                ([], [], "failed", ["missing", "missing"]),
                ([try Self.mx(10, "mail.localhost")], [ours], "verified", ["found", "found"]),
                ([try Self.mx(5, "MAIL.localhost"), try Self.mx(5, "b.example")], [.txt([97]), ours], "verified", ["found", "found"]),
                ([try Self.mx(10, "mail.localhost"), try Self.mx(5, "b.example")], [ours], "failed", ["different", "found"]),
                ([try Self.mx(10, "mail.localhost")], [.txt(Array((text + "0").utf8))], "failed", ["found", "different"]),
                ([try Self.mx(10, "mail.localhost")], [ours], "verified", ["found", "found"]),
            ] as [([RecordData], [RecordData], String, [String])] {
                others.say(["acme.example": mx, "_emailconnect.acme.example": txt])
                account.clock.advance(seconds: 60)
                let answer = try await account.call(.post, "\(path)/verify")
                #expect(answer.status == 200 && Self.verification(answer)["status"] as? String == status, "\(answer.text)")
                #expect(Self.results(answer) == results)
                #expect(Self.verification(answer)["checked_at"] as? String == account.clock.clock.now().text)
                #expect(try await account.call(.get, path).text == answer.text)
            }
            others.say(nil)
            let silent = try await account.call(.post, "\(path)/verify")
            #expect(Self.verification(silent)["status"] as? String == "verified", "nobody said otherwise: \(silent.text)")
            #expect(Self.results(silent) == ["unanswered", "unanswered"])
            let after = try await account.call(.get, path)
            #expect(after.headers[.eTag] == before.headers[.eTag] && after.string("updated_at") == before.string("updated_at"))
            let later = try await account.call(.get, "/v1/state")
            #expect(later.headers[.eTag] == state.headers[.eTag] && !later.text.contains("verif"))
            #expect(Set(others.asked) == ["mx acme.example", "txt _emailconnect.acme.example"])
        }
    }

    @Test("shows of what others say only so much, in letters that do no harm")
    func found() async throws {
        let others = Others()
        try await Account.with(others: others) { account in
            let (id, _) = try await Self.domain(account)
            let texts = (0..<30).map { RecordData.txt(Array("\($0)\u{1B}[31m\u{202E}\"".utf8) + [UInt8](repeating: 120, count: 4000)) }
            others.say(["_emailconnect.acme.example": texts])
            let answer = try await account.call(.post, "/v1/domains/\(id)/verify")
            #expect(answer.text.utf8.count < 8000 && answer.text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "\(answer.text.utf8.count)")
            let found = (Self.verification(answer)["records"] as? [[String: Any]])?.last?["found"] as? [String]
            #expect(found?.count == 10 && found?.first?.hasPrefix(#"0\027[31m"#) == true, "\(found ?? [])")
        }
    }

    @Test("begins anew when the domain gets another name, or the server another mail host")
    func anew() async throws {
        let others = Others()
        let scratch = try Scratch()
        try await Account.with(scratch: scratch, others: others) { account in
            let (id, text) = try await Self.domain(account)
            func status() async throws -> String {
                Self.verification(try await account.call(.get, "/v1/domains/\(id)"))["status"] as? String ?? ""
            }
            others.say(["acme.example": [try Self.mx(10, "mail.localhost")], "_emailconnect.acme.example": [.txt(Array(text.utf8))]])
            try await account.call(.post, "/v1/domains/\(id)/verify")
            #expect(try await status() == "verified")
            try await account.call(.patch, "/v1/domains/\(id)", #"{"name":"new.example"}"#)
            #expect(try await status() == "pending")
            try await account.call(.patch, "/v1/domains/\(id)", #"{"name":"acme.example"}"#)
            #expect(try await status() == "verified")
            let lines = try await account.call(.get, "/v1/status?kinds=domains").text
            #expect(lines.contains(#""status":"verified""#))
            await account.server.store.close()
        }
        for (host, status) in [("mail.other.example", "pending"), (nil, "pending"), ("mail.localhost", "verified")] {
            var options = ServerOptions()
            options.mailHost = try host.map { try DomainName($0) }
            let server = try await BundledServer(database: scratch.file("a.db"), access: .local, options: options, logger: .silent)
            let line = try await server.store.read { transaction in
                let account = try Accounts.oldest(in: transaction) ?? ""
                return try transaction.first("\(Domain.query.select) WHERE t.account_id = ?", [.text(account)]) { row in
                    var json = JSONWriter()
                    try Domain.query.write(row, .item(compare: false, at: Timestamp(seconds: 0)), in: transaction, to: &json)
                    return json.text
                }
            }
            #expect(line?.contains(#""status":"\#(status)""#) == true, "\(host ?? "none"): \(line ?? "")")
            #expect(line?.contains(host ?? "mail.other.example") == true, "the last name is kept")
            await server.store.close()
        }
    }

    @Test("is nobody's who may not change the domain")
    func access() async throws {
        try await Account.with { account in
            let (id, _) = try await Self.domain(account)
            #expect(try await account.call(.post, "/v1/domains/none/verify").status == 404)
            let writer = try await account.call(.post, "/v1/api-keys", #"{"scopes":["domains:write"]}"#).string("api_key")
            #expect(try await account.call(.post, "/v1/domains/\(id)/verify", key: writer).status == 204, "it may not read")
        }
    }

    @Test("of a domain whose name leaves no room below it stands at the name itself")
    func longest() async throws {
        let label = String(repeating: "a", count: 59)
        let name = "\(label).\(label).\(label).\(label).example"
        try await Account.with { account in
            let made = try await account.call(.post, "/v1/domains", #"{"name":"\#(name)"}"#)
            #expect(name.utf8.count > 240 && Self.records(made).map { $0["name"] as? String } == [name, name])
        }
    }

    @Test("says so when the server's own file of records cannot be read, and leaves what was known")
    func brokenFile() async throws {
        let scratch = try Scratch()
        var options = ServerOptions()
        options.dnsFile = scratch.file("zone")
        let outside = Outside(options, .system)
        try await Account.with { account in
            let (id, text) = try await Self.domain(account)
            let caller = Caller(
                accountID: try await account.call(.get, "/v1").string("account_id"), actor: "test", scopes: .full,
                limits: AccountLimits(.free))
            let verifier = Verifier(store: account.server.store, clock: account.clock.clock, random: .system, outside: outside)
            try scratch.write(
                "acme.example. MX 10 mail.localhost.\n_emailconnect.acme.example. TXT \"\(text)\"\n", to: "zone")
            try await verifier.domain(id, by: caller)
            try scratch.write("acme.example. MX\n", to: "zone")
            do {
                try await verifier.domain(id, by: caller)
                Issue.record("the file is broken")
            } catch let problem as Problem {
                #expect(problem.code == .internal && problem.detail.hasPrefix("the server's --dns-file: line 1: "), "\(problem)")
            }
            #expect(Self.verification(try await account.call(.get, "/v1/domains/\(id)"))["status"] as? String == "verified")
        }
    }
}

@Suite("The account's status")
struct StatusTests {
    @Test("has every domain and webhook once, whatever their number, and counts them")
    func stream() async throws {
        try await Account.with { account in
            let domains = (0..<2500).map { #"{"op":"create","kind":"domain","set":{"name":"d\#($0).example"}}"# }
            let webhooks = (0..<1001).map { #"{"op":"create","kind":"webhook","set":{"key":"w\#($0)","url":"https://a.example/"}}"# }
            #expect(try await account.batch(domains + webhooks).status == 200)
            let answer = try await account.call(.get, "/v1/status")
            #expect(answer.headers[.contentType] == "application/x-ndjson")
            var decoder = AccountStatusDecoder()
            try decoder.feed(answer.text.utf8)
            let status = try decoder.finish()
            #expect(Set(status.domains.map(\.name)).count == 2500 && status.domains.count == 2500)
            #expect(status.domains.map(\.name) == status.domains.map(\.name).sorted())
            #expect(Set(status.webhooks.map(\.id)).count == 1001 && status.webhooks.count == 1001)
            #expect(status.domains.first?.owner?.text == "acme/test")
            let only = try await account.call(.get, "/v1/status?kinds=webhooks").text
            #expect(!only.contains(#""kind":"domain""#) && only.hasSuffix("{\"end\":true,\"records\":1001}\n"))
        }
    }

    @Test(
        "takes the scope of what it shows, and no other kinds", arguments: ["aliases", "domains,domains2", "", "domains,webhooks,domains"])
    func kinds(list: String) async throws {
        try await Account.with { account in
            #expect(try await account.call(.get, "/v1/status?kinds=\(list)").status == 400)
            let key = try await account.call(.post, "/v1/api-keys", #"{"scopes":["domains:read"]}"#).string("api_key")
            #expect(try await account.call(.get, "/v1/status?kinds=domains", key: key).status == 200)
            #expect(try await account.call(.get, "/v1/status", key: key).code == "missing_scope")
        }
    }

    @Test("that ends early, counts otherwise, or says something odd is none")
    func broken() throws {
        let domain =
            #"{"kind":"domain","id":"d","name":"a.example","managed_by":null,"verification":{"status":"pending","checked_at":null,"records":[]},"dns_records":[{"type":"TXT","name":"_x.a.example","priority":null,"value":"t"}]}"#
        func read(_ lines: String...) throws -> AccountStatus {
            var decoder = AccountStatusDecoder()
            try decoder.feed((lines.joined(separator: "\n") + "\n").utf8)
            return try decoder.finish()
        }
        #expect(try read(domain, #"{"end":true,"records":1}"#).domains.count == 1)
        for lines in [
            domain, "\(domain)\n{\"end\":true,\"records\":2}", "{\"end\":true,\"records\":0}\n\(domain)", #"{"error":"x"}"#,
            #"{"kind":"alias"}"#,
            "{}", "[]", domain.replacing("TXT", with: "A") + "\n{\"end\":true,\"records\":1}",
            domain.replacing("_x.a.example", with: "_x.b.example") + "\n{\"end\":true,\"records\":1}",
            domain.replacing("_x.a.example", with: "x y.a.example") + "\n{\"end\":true,\"records\":1}",
            domain.replacing(#""value":"t""#, with: #""value":"a\nb""#) + "\n{\"end\":true,\"records\":1}",
        ] { #expect(throws: Rejection.self, "\(lines)") { try read(lines) } }
    }
}
