@testable import APIServer
import DNS
import EmailConnect
import Foundation
import HTTPTypes
import Logging
import Synchronization
import Testing
import TestSupport

@Suite("SMTP")
struct SMTPTests {
    private func pieces(_ texts: [String], limit: Int = 1000, isMessage: Bool = true) -> [SMTPReader.Piece] {
        var reader = SMTPReader(messageLimit: limit)
        if isMessage { reader.beginMessage() }
        var found: [SMTPReader.Piece] = []
        for text in texts {
            reader.feed(Array(text.utf8))
            while let piece = reader.next() { found.append(piece) }
        }
        return found
    }

    private func message(_ text: String) -> SMTPReader.Piece { .message(Array(text.utf8)) }
    private func line(_ text: String) -> SMTPReader.Piece { .line(Array(text.utf8)) }

    @Test("ends a message at CR LF dot CR LF and nowhere else, and takes away the dots that were put in")
    func ends() {
        #expect(pieces(["a\r\n..b\r\n.c\r\n.\r\nQUIT\r\n"]) == [message("a\r\n.b\r\nc\r\n"), line("QUIT")])
        #expect(pieces([".\r\n"]) == [message("")])
        for smuggled in ["a\n.\nb", "a\r\n.\nb", "a\n.\r\nb", "a\r.\rb", "a\r\n.\rb", "a\r.\r\nb"] {
            let found = pieces(["\(smuggled)\r\n.\r\n"])
            #expect(found.count == 1, "\(smuggled.debugDescription) is no end: \(found)")
        }
        #expect(pieces(["a\r\r\n.\r\n"]) == [message("a\r\r\n")])
    }

    @Test("reads the same however it comes in pieces")
    func splits() {
        let text = "EHLO x\r\nNOOP\r\n"
        let data = "..a\r\n.\r\r\nb\r\n.\r\n"
        for place in 0...data.utf8.count {
            #expect(pieces([String(data.prefix(place)), String(data.dropFirst(place))]) == pieces([data]))
        }
        #expect(pieces(text.map(String.init), isMessage: false) == [line("EHLO x"), line("NOOP")])
    }

    @Test("keeps nothing of what is too long")
    func limits() {
        let long = String(repeating: "x", count: 3000)
        #expect(pieces(["\(long)\r\nNOOP\r\n"], isMessage: false) == [.longLine, line("NOOP")])
        #expect(pieces(["\(long)\r\n.\r\nNOOP\r\n"]) == [.largeMessage, line("NOOP")])
        #expect(pieces(["\(String(repeating: "x", count: 8))\r\n.\r\n"], limit: 10) == [message("xxxxxxxx\r\n")])
        #expect(pieces(["\(String(repeating: "x", count: 9))\r\n.\r\n"], limit: 10) == [.largeMessage])
    }

    /// Says some lines; what comes back is the first word of each reply.
    private func talk(
        _ account: Account, as peer: SMTPPeer = SMTPPeer(address: "192.0.2.1", offersTLS: false), _ lines: String...
    ) async -> String {
        var session = SMTPSession(account.server.mailbox, peer)
        var codes: [String] = []
        for text in lines {
            let piece: SMTPReader.Piece = text.hasPrefix("From: ") ? message(text) : line(text)
            codes.append(String(await session.answer(piece).text.prefix(3)))
        }
        return codes.joined(separator: " ")
    }

    @Test("takes what is for the account's domains, refuses the rest at RCPT, and passes nothing on")
    func dialogue() async throws {
        try await Account.with { account in
            let ids = try await account.prepare()
            try await account.call(.post, "/v1/aliases", #"{"domain":"acme.example","name":"off","enabled":false}"#)
            try await account.call(.post, "/v1/domains", #"{"name":"closed.example","enabled":false}"#)
            let mail = "From: a@b.example\r\nSubject: by SMTP\r\n\r\nHello\r\n"
            #expect(
                await talk(
                    account, "EHLO client", "MAIL FROM:<bounce@b.example> SIZE=100 BODY=8BITMIME", "RCPT TO:<Support@Acme.Example>",
                    "RCPT TO:<nobody@acme.example>", "RCPT TO:<a@elsewhere.example>", "RCPT TO:<a@closed.example>",
                    "RCPT TO:<off@acme.example>",
                    "RCPT TO:<postmaster>", "RCPT TO:<@relay.example:support@acme.example>", "DATA", mail, "QUIT")
                    == "250 250 250 550 550 550 250 550 250 354 250 221")
            let list = account.items(try await account.call(.get, "/v1/emails"))
            #expect(list.map { $0["status"] as? String } == ["blocked", "queued"])
            #expect(list.map { $0["sender"] as? String } == ["bounce@b.example", "bounce@b.example"])
            #expect(list[1]["alias_id"] as? String == ids.alias && list[1]["subject"] as? String == "by SMTP")
            #expect(await talk(account, "HELO c", "MAIL FROM:<>", "RCPT TO: <support@acme.example>", "DATA", mail) == "250 250 250 354 250")
            #expect(try await account.email().json["sender"] is NSNull)
        }
    }

    @Test("says what is wrong, and after too many mistakes nothing more")
    func mistakes() async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            #expect(await talk(account, "MAIL FROM:<a@b.example>", "RCPT TO:<support@acme.example>", "DATA", "EHLO") == "503 503 503 501")
            #expect(
                await talk(
                    account, "EHLO c", "MAIL FROM:a@b.example", "MAIL FROM:<a@b.example> SIZE=99999999999",
                    "MAIL FROM:<a@b.example> SIZE=x",
                    "MAIL FROM:<a@b.example> RET=FULL", "MAIL FROM:<ü@b.example>", "MAIL FROM:<ü@b.example> SMTPUTF8",
                    "MAIL FROM:<a@b.example>",
                    "DATA", "RCPT TO:<>", "RCPT TO:<support@acme.example> NOTIFY=NEVER", "RSET", "RCPT TO:<support@acme.example>")
                    == "250 501 552 501 555 501 250 503 554 501 555 250 503")
            #expect(
                await talk(account, "NOOP", "VRFY a", "HELP", "EXPN a", "STARTTLS", "AUTH PLAIN x", "", "\u{1}")
                    == "250 252 214 500 500 500 500 500")
            var session = SMTPSession(
                account.server.mailbox, SMTPPeer(address: "", offersTLS: false))
            var replies: [SMTPReply] = []
            for _ in 0...20 { replies.append(await session.answer(line("NONSENSE"))) }
            #expect(replies.dropLast().allSatisfy { $0.next == .command } && replies.last?.next == .end)
            #expect(try await account.call(.get, "/v1/emails").number("total") == 0)
        }
    }

    @Test("hears of mailboxes that are not here without taking it for a mistake, until somebody guesses")
    func refusals() async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            var session = SMTPSession(account.server.mailbox, SMTPPeer(address: "192.0.2.1", offersTLS: false))
            let mail = "From: a@b.example\r\n\r\nHello\r\n"
            func say(_ text: String) async -> String {
                await String(session.answer(text == mail ? message(text) : line(text)).text.prefix(3))
            }
            for text in ["EHLO c", "MAIL FROM:<a@b.example>"] { #expect(await say(text) == "250") }
            for number in 0..<60 { #expect(await say("RCPT TO:<nobody\(number)@acme.example>") == "550") }
            #expect(await say("DATA") == "554")
            #expect(await say("RCPT TO:<support@acme.example>") == "250")
            #expect(await say("DATA") == "354")
            #expect(await say(mail) == "250")
            // From the beginning.
            #expect(await say("MAIL FROM:<a@b.example>") == "250")
            for number in 0..<100 { #expect(await say("RCPT TO:<nobody\(number)@elsewhere.example>") == "550") }
            #expect(await say("RCPT TO:<nobody@elsewhere.example>") == "421")
            let counts = try await account.call(.get, "/metrics").text.split(separator: "\n")
            for (reason, count) in [
                ("unknown_mailbox", 60), ("unknown_domain", 101), ("guesses", 1), ("mistakes", 0), ("no_postmaster", 0),
            ] {
                #expect(counts.contains("reconcile_smtp_refusals_total{reason=\"\(reason)\"} \(count)"), "\(reason)")
            }
        }
    }

    @Test("logs a refusal with its reason, its domain and who asked, and not for whom it was")
    func log() async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            let lines = Lines()
            var mailbox = account.server.mailbox
            mailbox.logger = lines.logger
            var session = SMTPSession(mailbox, SMTPPeer(address: "192.0.2.1", offersTLS: false))
            for text in [
                "EHLO c", "MAIL FROM:<jane@b.example>", "RCPT TO:<private.name@Acme.Example>", "RCPT TO:<support@acme.example>",
                "RCPT TO:<other.name@a..b>", "RCPT TO:<postmaster>",
            ] {
                _ = await session.answer(line(text))
            }
            #expect(
                lines.text == [
                    "info mail refused domain=acme.example peer=192.0.2.1 reason=unknown_mailbox",
                    "info mail refused peer=192.0.2.1 reason=no_postmaster",
                ])
        }
    }

    @Test("takes mail for postmaster without a domain when the first account has an alias of this name")
    func postmaster() async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            let key = try await account.second()
            try await account.call(.post, "/v1/domains", #"{"name":"own.example"}"#, key: key)
            let hook = try await account.call(.post, "/v1/webhooks", #"{"url":"https://hooks.own.example/"}"#, key: key).string("id")
            try await account.call(
                .post, "/v1/aliases", #"{"domain":"own.example","name":"postmaster","webhook_id":"\#(hook)"}"#, key: key)
            #expect(await talk(account, "EHLO c", "MAIL FROM:<>", "RCPT TO:<postmaster>") == "250 250 550", "it is not the server's")
            let mine = try await account.call(.post, "/v1/webhooks", #"{"url":"https://hooks.acme.example/p"}"#).string("id")
            try await account.call(.post, "/v1/aliases", #"{"domain":"acme.example","name":"postmaster","webhook_id":"\#(mine)"}"#)
            #expect(
                await talk(
                    account, "EHLO c", "MAIL FROM:<>", "RCPT TO:<Postmaster>", "DATA", "From: a@b.example\r\n\r\nHello\r\n")
                    == "250 250 250 354 250")
            #expect(try await account.email().json["recipient"] as? String == "postmaster@acme.example")
        }
    }

    @Test("offers STARTTLS when there is a certificate, and once")
    func encryption() async throws {
        try await Account.with { account in
            let peer = SMTPPeer(address: "192.0.2.1", offersTLS: true)
            #expect(await talk(account, as: peer, "STARTTLS x", "EHLO c", "STARTTLS") == "501 250 220")
            #expect(await talk(account, as: peer.secured, "EHLO c", "STARTTLS") == "250 503")
            for (peer, isOffered) in [(peer, true), (peer.secured, false), (SMTPPeer(address: "", offersTLS: false), false)] {
                var session = SMTPSession(account.server.mailbox, peer)
                #expect(await session.answer(line("EHLO c")).text.contains("STARTTLS") == isOffered)
                #expect(await session.answer(line("HELP")).text.contains("STARTTLS") == isOffered)
            }
        }
    }

    @Test("takes what is as large as it says, and of what is larger says that it will never do")
    func sizes() async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            func send(_ message: [UInt8]) async -> String {
                var session = SMTPSession(
                    account.server.mailbox, SMTPPeer(address: "192.0.2.1", offersTLS: false))
                for text in [
                    "EHLO \(String(repeating: "a", count: 255))", "MAIL FROM:<a@b.example>", "RCPT TO:<support@acme.example>", "DATA",
                ] {
                    _ = await session.answer(line(text))
                }
                return String(await session.answer(.message(message)).text.prefix(3))
            }
            let head = Array("From: a@b.example\r\n\r\n".utf8)
            #expect(await send(head + Array(repeating: UInt8(ascii: "x"), count: SMTPSession.messageLimit - head.count)) == "250")
            let endpoint = Endpoint(status: 200)
            await account.deliver(to: endpoint)
            #expect(endpoint.got.count == 1)
            #expect(await send(Array(repeating: UInt8(ascii: "x"), count: Routes.messageLimit)) == "552")
            #expect(
                await send(Array("Subject: \(String(repeating: "x\r\n ", count: 100_000))\r\n\r\n".utf8)) == "552", "a header without end")
            #expect(try await account.call(.get, "/v1/emails").number("total") == 1)
        }
    }

    @Test("says on top of a message who has brought it, how and when, and nothing that could be taken for another header")
    func trace() {
        func trace(_ name: String, _ address: String = "192.0.2.1", isExtended: Bool = true, isUTF8: Bool = false, isSecure: Bool = false)
            -> String
        {
            SMTPPeer(address: address, offersTLS: false, isSecure: isSecure)
                .trace(.init(name: name, isExtended: isExtended), isUTF8: isUTF8, at: Timestamp(seconds: 1_795_507_205))
        }
        #expect(
            trace("mx.customer.example")
                == "Received: from mx.customer.example ([192.0.2.1]) by reconcile with ESMTP;\r\n\tTue, 24 Nov 2026 08:00:05 +0000\r\n")
        #expect(trace("[IPv6:2001:db8::1]", "2001:db8::1").hasPrefix("Received: from [IPv6:2001:db8::1] ([IPv6:2001:db8::1]) by "))
        #expect(trace("a", isExtended: false).contains(" with SMTP;") && trace("a", isSecure: true).contains(" with ESMTPS;"))
        #expect(
            trace("a", isUTF8: true).contains(" with UTF8SMTP;") && trace("a", isUTF8: true, isSecure: true).contains(" with UTF8SMTPS;"))
        for hostile in ["", "a b", "a\r\nBcc: b", "a\tb", "a;b", "(a", "\u{1B}[2J", "ü.example", String(repeating: "a", count: 256)] {
            #expect(trace(hostile).hasPrefix("Received: from unknown ([192.0.2.1]) by "), "\(hostile.debugDescription)")
        }
    }

    @Test("gives a domain's mail to the account that made it first")
    func accounts() async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            let key = try await account.second()
            for body in [#"{"name":"acme.example"}"#, #"{"name":"own.example"}"#] {
                #expect(try await account.call(.post, "/v1/domains", body, key: key).status == 201)
            }
            for domain in ["acme", "own"] {
                try await account.call(
                    .post, "/v1/aliases", #"{"domain":"\#(domain).example","name":"*","enabled":false}"#, key: key)
            }
            let mail = "From: a@b.example\r\n\r\nHello\r\n"
            #expect(
                await talk(
                    account, "EHLO c", "MAIL FROM:<a@b.example>", "RCPT TO:<support@acme.example>", "RCPT TO:<x@acme.example>",
                    "RCPT TO:<x@own.example>", "DATA", mail) == "250 250 250 550 250 354 250")
            #expect(try await account.call(.get, "/v1/emails").number("total") == 1)
            let theirs = try await account.call(.get, "/v1/emails", key: key)
            #expect(account.items(theirs).map { $0["recipient"] as? String } == ["x@own.example"])
        }
    }

    @Test("gives a domain's mail to the account that has verified it, whoever made it first")
    func verifiedFirst() async throws {
        let others = Others()
        try await Account.with(others: others) { account in
            // The first account squats: it has the domain, and not its DNS.
            _ = try await account.prepare()
            let key = try await account.second()
            let hook = try await account.call(.post, "/v1/webhooks", #"{"url":"https://hooks.own.example/"}"#, key: key).string("id")
            account.clock.advance(seconds: 60)
            let domain = try await account.call(
                .post, "/v1/domains", #"{"name":"acme.example","webhook_id":"\#(hook)"}"#, key: key)
            let token = try #require((domain.json["dns_records"] as? [[String: Any]])?.last?["value"] as? String)
            func send() async -> String {
                await talk(
                    account, "EHLO c", "MAIL FROM:<a@b.example>", "RCPT TO:<support@acme.example>", "DATA",
                    "From: a@b.example\r\n\r\nHello\r\n")
            }
            func totals() async throws -> [Int] {
                [
                    try await account.call(.get, "/v1/emails").number("total"),
                    try await account.call(.get, "/v1/emails", key: key).number("total"),
                ]
            }
            #expect(await send() == "250 250 250 354 250")
            #expect(try await totals() == [1, 0])
            others.say([
                "acme.example": [.mx(preference: 10, exchange: try #require(DNSName("mail.localhost")))],
                "_emailconnect.acme.example": [.txt(Array(token.utf8))],
            ])
            try await account.call(.post, "/v1/domains/\(domain.string("id"))/verify", key: key)
            #expect(await send() == "250 250 250 354 250")
            #expect(try await totals() == [1, 1])
            // Once the record is gone it is as it was.
            others.say(["acme.example": [], "_emailconnect.acme.example": []])
            try await account.call(.post, "/v1/domains/\(domain.string("id"))/verify", key: key)
            #expect(await send() == "250 250 250 354 250")
            #expect(try await totals() == [2, 1])
        }
    }

    @Test("stores a message for two accounts in both or in none")
    func together() async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            let key = try await account.second()
            let hook = try await account.call(.post, "/v1/webhooks", #"{"url":"https://hooks.own.example/"}"#, key: key).string("id")
            let domain = try await account.call(
                .post, "/v1/domains", #"{"name":"own.example","webhook_id":"\#(hook)"}"#, key: key
            ).string("id")
            let recipients = [line("RCPT TO:<support@acme.example>"), line("RCPT TO:<x@own.example>")]
            for isThere in [true, false] {
                var session = SMTPSession(account.server.mailbox, SMTPPeer(address: "192.0.2.1", offersTLS: false))
                for piece in [line("EHLO c"), line("MAIL FROM:<a@b.example>")] + recipients + [line("DATA")] {
                    let reply = await session.answer(piece)
                    #expect(!reply.isPermanent, "\(reply.text)")
                }
                // The domain goes while the message is on its way.
                if !isThere { #expect(try await account.call(.delete, "/v1/domains/\(domain)", key: key).status == 204) }
                let reply = await session.answer(message("From: a@b.example\r\n\r\nHello\r\n"))
                #expect(reply.text.hasPrefix(isThere ? "250" : "451"), "\(reply.text)")
                #expect(try await account.call(.get, "/v1/emails").number("total") == 1)
                #expect(try await account.call(.get, "/v1/emails", key: key).number("total") == 1)
            }
        }
    }
}

extension Account {
    /// Another account on the same server, made a second later.
    /// - Returns: its key.
    fileprivate func second() async throws -> String {
        clock.advance(seconds: 1)
        let server = try ServerAdministration(database: database, clock: clock.clock)
        let second = try #require(try await server.addAccount("second", plan: .free, limits: [:]))
        let key = try #require(try await server.makeFirstKey(of: second.id))
        try await server.handOver(firstKey: key, of: second.id)
        await server.close()
        return key.reveal()
    }
}

/// What was logged.
private final class Lines: Sendable {
    private struct Handler: LogHandler {
        let lines: Lines
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let more = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
            lines.kept.withLock { $0.append("\(event.level) \(event.message)\(more)") }
        }
    }

    private let kept = Mutex<[String]>([])

    var text: [String] { kept.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }
}
