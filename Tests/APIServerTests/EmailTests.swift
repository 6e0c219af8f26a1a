@testable import APIServer
import EmailConnect
import Foundation
import HTTPTypes
import Testing
import TestSupport

extension Account {
    /// A message as it would come by SMTP.
    static func message(to: String = "support@acme.example", subject: String = "Hello", body: String = "It works.") -> String {
        "From: Jane Doe <jane@customer.example>\r\nTo: \(to)\r\nSubject: \(subject)\r\nMessage-ID: <1@customer.example>\r\n\r\n\(body)\r\n"
    }

    @discardableResult
    func receive(_ message: String = message(), _ query: String = "", key: String? = nil) async throws -> Answer {
        try await call(.post, "/v1/emails\(query)", message, key: key, headers: [.contentType: "message/rfc822"])
    }

    func items(_ answer: Answer) -> [[String: Any]] { answer.json["data"] as? [[String: Any]] ?? [] }

    /// A domain with a webhook behind its alias `support`.
    func prepare(url: String = "https://hooks.acme.example/in") async throws -> (domain: String, alias: String, webhook: String) {
        let domain = try await call(.post, "/v1/domains", #"{"name":"acme.example"}"#).string("id")
        let alias = try await call(.post, "/v1/aliases", #"{"domain":"acme.example","name":"support"}"#).string("id")
        let webhook = try await call(.post, "/v1/webhooks", #"{"alias_id":"\#(alias)","url":"\#(url)"}"#)
        #expect(webhook.status == 201, "\(webhook.text)")
        return (domain, alias, webhook.string("id"))
    }
}

@Suite("Mail that comes in")
struct EmailTests {
    /// What one recipient's email came to: status, reason, and which webhook.
    private func outcome(_ account: Account, _ recipient: String) async throws -> String {
        let answer = try await account.receive(Account.message(to: recipient))
        guard answer.status == 202, let item = account.items(answer).first else { return String(answer.status) }
        return [item["status"], item["reason"], item["webhook_id"]].map { $0 as? String ?? "-" }.joined(separator: " ")
    }

    @Test("may be a bounce: with no sender, whatever its header says")
    func bounce() async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            let bounce = try await account.receive(Account.message(), "?from=%3C%3E&to=support@acme.example")
            #expect(bounce.status == 202 && account.items(bounce).first?["sender"] is NSNull, "\(bounce.text)")
            let named = try await account.receive(Account.message(), "?from=a@b.example")
            #expect(account.items(named).first?["sender"] as? String == "a@b.example")
            for none in ["", "%3C", "%3Ca@b.example%3E", "%3C%3E%3C%3E"] {
                #expect(try await account.receive(Account.message(), "?from=\(none)").status == 400, "\(none)")
            }
        }
    }

    @Test("goes to the exact alias, then to *, then to the domain's webhook; what is disabled takes it and it goes nowhere")
    func routing() async throws {
        try await Account.with { account in
            var hooks: [String] = []
            for number in 0..<3 {
                hooks.append(try await account.call(.post, "/v1/webhooks", #"{"url":"https://h\#(number).example/"}"#).string("id"))
            }
            let domain = try await account.call(.post, "/v1/domains", #"{"name":"acme.example","webhook_id":"\#(hooks[2])"}"#).string("id")
            try await account.call(.post, "/v1/aliases", #"{"domain":"acme.example","name":"support","webhook_id":"\#(hooks[0])"}"#)
            try await account.call(.post, "/v1/aliases", #"{"domain":"acme.example","name":"plain"}"#)
            let off = try await account.call(
                .post, "/v1/aliases", #"{"domain":"acme.example","name":"off","webhook_id":"\#(hooks[0])","enabled":false}"#
            ).string("id")
            #expect(try await outcome(account, "Support@ACME.example") == "queued - \(hooks[0])")
            #expect(try await outcome(account, "support+ticket-7@acme.example") == "queued - \(hooks[0])")
            #expect(try await outcome(account, "plain@acme.example") == "queued - \(hooks[2])", "an alias without a webhook")
            #expect(try await outcome(account, "other@acme.example") == "queued - \(hooks[2])")
            #expect(try await outcome(account, #""a b"@acme.example"#) == "queued - \(hooks[2])")
            #expect(try await outcome(account, "off@acme.example") == "blocked alias_disabled -")
            let all = try await account.call(
                .post, "/v1/aliases", #"{"domain":"acme.example","name":"*","webhook_id":"\#(hooks[1])"}"#
            ).string("id")
            #expect(try await outcome(account, "other@acme.example") == "queued - \(hooks[1])")
            #expect(try await outcome(account, "off@acme.example") == "blocked alias_disabled -")
            try await account.call(.patch, "/v1/aliases/\(all)", #"{"enabled":false}"#)
            #expect(try await outcome(account, "other@acme.example") == "blocked alias_disabled -")
            try await account.call(.delete, "/v1/aliases/\(all)")
            try await account.call(.patch, "/v1/domains/\(domain)", #"{"webhook_id":null}"#)
            #expect(try await outcome(account, "other@acme.example") == "refused unknown_recipient -")
            #expect(try await outcome(account, "plain@acme.example") == "refused no_webhook -")
            try await account.call(.patch, "/v1/domains/\(domain)", #"{"enabled":false}"#)
            #expect(try await outcome(account, "support@acme.example") == "refused domain_disabled -")
            #expect(try await outcome(account, "support@elsewhere.example") == "404")
            #expect(try await outcome(account, "support@[192.0.2.1]") == "404")
            #expect(try await account.call(.get, "/v1/emails?alias_id=\(off)").number("total") == 2)
        }
    }

    @Test("is for the envelope's recipients, each once, or for those of the header; nothing is passed on")
    func envelope() async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            let two = try await account.receive(
                Account.message(to: "support@acme.example, Who <support@ACME.example>, x@elsewhere.example, nobody@acme.example"))
            #expect(account.items(two).map { $0["recipient"] as? String } == ["support@acme.example", "nobody@acme.example"])
            #expect(account.items(two).map { $0["sender"] as? String } == ["jane@customer.example", "jane@customer.example"])
            let one = try await account.receive(
                Account.message(to: "nobody@acme.example"), "?from=bounce@customer.example&to=support@acme.example")
            let item = try #require(account.items(one).first)
            #expect(item["sender"] as? String == "bounce@customer.example" && item["recipient"] as? String == "support@acme.example")
            #expect(item["to"] as? String == "nobody@acme.example" && item["from"] as? String == "Jane Doe <jane@customer.example>")
            #expect(item["size"] as? Int == Account.message(to: "nobody@acme.example").utf8.count)
            let before = try await account.call(.get, "/v1/emails").text
            for (query, status) in [
                ("?to=support@acme.example,x@elsewhere.example", 404), ("?to=support@acme.example,", 400), ("?to=support", 400),
                ("?from=%3C&to=support@acme.example", 400), ("?from=a%0Ab@c.example", 400), ("?to=a@%5B127.0.0.1%5D", 404),
                ("?x=1", 400),
            ] { #expect(try await account.receive(Account.message(), query).status == status, "\(query)") }
            #expect(try await account.receive("no mail at all").status == 404)
            #expect(try await account.receive("").status == 404)
            #expect(try await account.call(.post, "/v1/emails", Account.message(), headers: [.contentType: "text/plain"]).status == 415)
            let many = (0...100).map { "a\($0)@acme.example" }.joined(separator: ", ")
            #expect(try await account.receive(Account.message(to: many)).status == 400)
            #expect(try await account.call(.get, "/v1/emails").text == before, "what is refused leaves no trace")
        }
    }

    @Test("is listed, the latest first, by alias, domain, status and time, in pages and by cursor, and read with its attempts")
    func list() async throws {
        try await Account.with { account in
            let ids = try await account.prepare()
            for number in 0..<5 {
                try await account.receive(Account.message(subject: "number \(number)"))
                account.clock.advance(seconds: 60)
            }
            try await account.receive(Account.message(to: "nobody@acme.example"))
            func subjects(_ query: String) async throws -> [String] {
                let answer = try await account.call(.get, "/v1/emails\(query)")
                #expect(answer.status == 200, "\(answer.text)")
                return account.items(answer).map { ($0["subject"] as? String ?? "").replacing("number ", with: "") }
            }
            #expect(try await subjects("") == ["Hello", "4", "3", "2", "1", "0"])
            #expect(try await subjects("?alias_id=\(ids.alias)") == ["4", "3", "2", "1", "0"])
            #expect(try await subjects("?page=2&limit=2") == ["3", "2"])
            #expect(try await subjects("?domain_id=\(ids.domain)&status=refused") == ["Hello"])
            let (from, to) = (Timestamp(seconds: 1_800_000_060).text, Timestamp(seconds: 1_800_000_180).text)
            #expect(try await subjects("?since=\(from)&until=\(to)") == ["2", "1"])
            let first = try await account.call(.get, "/v1/emails?alias_id=\(ids.alias)&limit=2")
            #expect(first.number("total") == 5 && first.json["has_more"] as? Bool == true)
            try await account.receive()
            let next = try #require(first.json["next_cursor"] as? String)
            #expect(try await subjects("?alias_id=\(ids.alias)&limit=2&cursor=\(next)") == ["2", "1"])
            for bad in ["alias_id=x", "status=lost", "since=yesterday", "cursor=dom_1", "cursor=email_0", "limit=0", "since=2027-02-30"] {
                #expect(try await account.call(.get, "/v1/emails?\(bad)").status == 400, "\(bad)")
            }
            let id = try #require(account.items(first).first?["id"] as? String)
            let item = try await account.call(.get, "/v1/emails/\(id)")
            #expect(item.status == 200 && (item.json["deliveries"] as? [Any])?.isEmpty == true)
            #expect(try await account.call(.get, "/v1/emails/email_0").status == 404)
        }
    }

    @Test("outlives what it came for, and moves no version, no ETag and no state")
    func apart() async throws {
        try await Account.with { account in
            let ids = try await account.prepare()
            let header = try await account.call(.get, "/v1/state").text
            let before = try await account.call(.get, "/v1/domains/\(ids.domain)").headers[.eTag]
            try await account.receive()
            let alias = try await account.call(.get, "/v1/aliases/\(ids.alias)")
            #expect(alias.number("received") == 1 && alias.string("last_received_at") == account.clock.clock.now().text)
            let domain = try await account.call(.get, "/v1/domains/\(ids.domain)")
            #expect(domain.number("received") == 1 && domain.headers[.eTag] == before)
            #expect(try await account.call(.get, "/v1/state").text == header)
            try await account.receive(Account.message(to: "nobody@acme.example"))
            #expect(try await account.call(.get, "/v1/domains/\(ids.domain)").number("received") == 1, "what is refused does not count")
            #expect(try await account.call(.delete, "/v1/domains/\(ids.domain)?cascade=true").status == 204)
            #expect(try await account.call(.delete, "/v1/webhooks/\(ids.webhook)").status == 204)
            let list = try await account.call(.get, "/v1/emails?alias_id=\(ids.alias)")
            #expect(account.items(list).map { $0["webhook_id"] as? String } == [ids.webhook])
        }
    }

    @Test("is counted by status, day, domain and alias")
    func statistics() async throws {
        try await Account.with { account in
            let ids = try await account.prepare()
            for number in 0..<3 {
                try await account.receive(Account.message(to: number == 1 ? "nobody@acme.example" : "support@acme.example"))
                account.clock.advance(seconds: 86_400)
            }
            let answer = try await account.call(.get, "/v1/statistics")
            #expect(answer.status == 200, "\(answer.text)")
            let emails = answer.json["emails"] as? [String: Int] ?? [:]
            #expect(emails == ["total": 3, "queued": 2, "delivered": 0, "failed": 0, "blocked": 0, "refused": 1])
            let days = answer.json["days"] as? [[String: Any]] ?? []
            #expect(days.map { $0["date"] as? String } == ["2027-01-15", "2027-01-16", "2027-01-17"])
            #expect(days.map { $0["refused"] as? Int } == [0, 1, 0])
            let aliases = answer.json["aliases"] as? [[String: Any]] ?? []
            #expect(aliases.count == 1 && aliases[0]["alias_id"] as? String == ids.alias && aliases[0]["total"] as? Int == 2)
            #expect(aliases[0]["address"] as? String == "support@acme.example")
            let domains = answer.json["domains"] as? [[String: Any]] ?? []
            #expect(domains.count == 1 && domains[0]["total"] as? Int == 3 && domains[0]["name"] as? String == "acme.example")
            let one = try await account.call(.get, "/v1/statistics?since=2027-01-16&until=2027-01-17")
            #expect((one.json["emails"] as? [String: Int])?["total"] == 1)
            #expect(try await account.call(.get, "/v1/statistics?domain_id=dom_0").status == 200)
            #expect(try await account.call(.get, "/v1/statistics?since=x").status == 400)
        }
    }

    @Test("keeps of a header what fits, counted in bytes: marks that make one letter are many")
    func longHeaders() async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            let marks = "e" + String(repeating: "\u{301}", count: 10_000)
            try await account.receive(
                "From: \(marks) <a@b.example>\r\nTo: \(marks) <support@acme.example>\r\nSubject: \(marks)\r\nMessage-ID: <\(marks)@x>\r\n\r\n",
                "?to=support@acme.example&from=a@b.example")
            let longest = try await account.server.store.read { transaction in
                try transaction.first(
                    """
                    SELECT max(length(CAST(header_from AS BLOB)), length(CAST(header_to AS BLOB)), length(CAST(subject AS BLOB)),
                        length(CAST(coalesce(message_id, '') AS BLOB))), length(CAST(subject AS BLOB)) FROM emails
                    """
                ) { ($0.integer(0), $0.integer(1)) }
            }
            let (most, subject) = try #require(longest)
            #expect(most <= 1000 && subject > 990)
            #expect("e\u{301}".beginning(bytes: 2) == "e" && "é😀".beginning(bytes: 5) == "é" && "ab".beginning(bytes: 2) == "ab")
        }
    }
}
