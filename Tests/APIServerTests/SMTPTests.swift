@testable import APIServer
import EmailConnect
import Foundation
import HTTPTypes
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
        var session = SMTPSession(SMTPMailbox(store: account.server.store, inlet: account.server.inlet), peer)
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
                SMTPMailbox(store: account.server.store, inlet: account.server.inlet), SMTPPeer(address: "", offersTLS: false))
            var replies: [SMTPReply] = []
            for _ in 0...20 { replies.append(await session.answer(line("NONSENSE"))) }
            #expect(replies.dropLast().allSatisfy { $0.next == .command } && replies.last?.next == .end)
            #expect(try await account.call(.get, "/v1/emails").number("total") == 0)
        }
    }

    @Test("offers STARTTLS when there is a certificate, and once")
    func encryption() async throws {
        try await Account.with { account in
            let peer = SMTPPeer(address: "192.0.2.1", offersTLS: true)
            #expect(await talk(account, as: peer, "STARTTLS x", "EHLO c", "STARTTLS") == "501 250 220")
            #expect(await talk(account, as: peer.secured, "EHLO c", "STARTTLS") == "250 503")
            for (peer, isOffered) in [(peer, true), (peer.secured, false), (SMTPPeer(address: "", offersTLS: false), false)] {
                var session = SMTPSession(SMTPMailbox(store: account.server.store, inlet: account.server.inlet), peer)
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
                    SMTPMailbox(store: account.server.store, inlet: account.server.inlet), SMTPPeer(address: "192.0.2.1", offersTLS: false))
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
            let server = try ServerAdministration(database: account.database)
            let second = try #require(try await server.addAccount("second", plan: .free, limits: [:]))
            let key = try #require(try await server.makeFirstKey(of: second.id))
            try await server.handOver(firstKey: key, of: second.id)
            await server.close()
            for body in [#"{"name":"acme.example"}"#, #"{"name":"own.example"}"#] {
                #expect(try await account.call(.post, "/v1/domains", body, key: key.reveal()).status == 201)
            }
            for domain in ["acme", "own"] {
                try await account.call(
                    .post, "/v1/aliases", #"{"domain":"\#(domain).example","name":"*","enabled":false}"#, key: key.reveal())
            }
            let mail = "From: a@b.example\r\n\r\nHello\r\n"
            #expect(
                await talk(
                    account, "EHLO c", "MAIL FROM:<a@b.example>", "RCPT TO:<support@acme.example>", "RCPT TO:<x@acme.example>",
                    "RCPT TO:<x@own.example>", "DATA", mail) == "250 250 250 550 250 354 250")
            #expect(try await account.call(.get, "/v1/emails").number("total") == 1)
            let theirs = try await account.call(.get, "/v1/emails", key: key.reveal())
            #expect(account.items(theirs).map { $0["recipient"] as? String } == ["x@own.example"])
        }
    }
}
