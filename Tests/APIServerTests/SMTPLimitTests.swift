@testable import APIServer
import HTTPTypes
import NIOCore
import NIOPosix
import Testing

@Suite("What SMTP's clients have together")
struct SMTPLimitTests {
    private typealias Line = NIOAsyncChannel<ByteBuffer, ByteBuffer>
    private static let envelope = "EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<support@acme.example>\r\nDATA\r\n"

    /// A server with an account that takes mail for support@acme.example.
    private func listen(_ room: SMTPRoom, _ body: @escaping @Sendable (Account, Int) async throws -> Void) async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            let (ports, port) = AsyncStream.makeStream(of: Int.self)
            let mailbox = account.server.mailbox
            let service = SMTPService(address: .init(host: "127.0.0.1", port: 0), mailbox: mailbox, tls: nil, room: room) { port.yield($0) }
            let running = Task { try await service.run() }
            var found = ports.makeAsyncIterator()
            try await body(account, try #require(await found.next()))
            running.cancel()
            try await running.value
        }
    }

    /// Says each text, and after it reads until so many replies have come, or the line is closed; what comes back are their codes.
    private func talk(_ port: Int, _ texts: (text: String, replies: Int)...) async throws -> [String] {
        let line = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port) {
            channel in
            channel.eventLoop.makeCompletedFuture { try Line(wrappingChannelSynchronously: channel) }
        }
        return try await line.executeThenClose { inbound, outbound in
            var heard = inbound.makeAsyncIterator()
            var (codes, rest): ([String], String) = ([], "")
            for (text, replies) in texts {
                try await outbound.write(ByteBuffer(string: text))
                let goal = replies == .max ? .max : codes.count + replies
                while codes.count < goal, let bytes = try await heard.next() {
                    rest += String(buffer: bytes)
                    let lines = rest.split(separator: "\r\n", omittingEmptySubsequences: false)
                    rest = String(lines.last ?? "")
                    codes += lines.dropLast().filter { $0.dropFirst(3).first == " " }.map { String($0.prefix(3)) }
                }
            }
            return codes
        }
    }

    @Test("is so much of messages; who comes beyond it is told to come later, and everything goes on when there is room again")
    func bytes() async throws {
        var limits = SMTPLimits()
        limits.bytes = 10_000
        let room = SMTPRoom(limits)
        let long = String(repeating: "\(String(repeating: "x", count: 98))\r\n", count: 200)
        try await listen(room) { account, port in
            // What another client keeps.
            room.note(10_000, before: 0)
            #expect(
                try await talk(port, (Self.envelope, 5), (Self.envelope, 4)) == [
                    "220", "250", "250", "250", "452", "250", "250", "250", "452",
                ])
            room.note(0, before: 10_000)
            let codes = try await talk(
                port, (Self.envelope, 5), ("Subject: long\r\n\r\n\(long).\r\n", 1), (Self.envelope, 4),
                ("Subject: short\r\n\r\n\r\n.\r\n", 1))
            #expect(codes.suffix(6) == ["452", "250", "250", "250", "354", "250"], "\(codes)")
            #expect(account.items(try await account.call(.get, "/v1/emails")).map { $0["subject"] as? String } == ["short"])
            #expect(room.takesMessages && room.note(10_000, before: 0), "nothing is kept any more")
        }
    }

    @Test("is so many connections, and of one address fewer")
    func connections() async throws {
        var limits = SMTPLimits()
        (limits.connections, limits.connectionsOfAddress) = (3, 2)
        let room = SMTPRoom(limits)
        #expect(room.enter("192.0.2.1") && room.enter("192.0.2.1") && !room.enter("192.0.2.1"))
        #expect(room.enter("192.0.2.2") && !room.enter("192.0.2.3"))
        room.leave("192.0.2.2")
        #expect(room.enter("192.0.2.3"))
        let full = SMTPRoom(limits)
        #expect(full.enter("127.0.0.1") && full.enter("127.0.0.1"))
        try await listen(full) { _, port in
            let codes = try await talk(port, ("", .max))
            #expect(codes == ["421"])
        }
    }

    @Test("is no end of time: a message and a connection come to an end", .timeLimit(.minutes(5)))
    func time() async throws {
        for field in [\SMTPLimits.message, \SMTPLimits.connection] {
            var limits = SMTPLimits()
            limits[keyPath: field] = .milliseconds(200)
            try await listen(SMTPRoom(limits)) { account, port in
                _ = try? await talk(port, ("\(Self.envelope)Subject: a\r\n", .max))
                let total = try await account.call(.get, "/v1/emails").number("total")
                #expect(total == 0)
            }
        }
    }
}
