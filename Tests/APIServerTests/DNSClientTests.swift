@testable import APIServer
import DNS
import EmailConnect
import NIOCore
import NIOPosix
import Synchronization
import Testing
import TestSupport

/// A name server on this machine that answers what a test tells it to, over UDP and TCP at one port.
private final class NameServer: Sendable {
    /// What it sends for a question: nothing, one message or several.
    typealias Answers = @Sendable (_ question: [UInt8], _ isStream: Bool) -> [[UInt8]]

    let address: SocketAddress
    private let questions = Mutex<[(bytes: [UInt8], port: Int?)]>([])
    private let answers: Answers

    var asked: [(bytes: [UInt8], port: Int?)] { questions.withLock { $0 } }

    private init(_ address: SocketAddress, _ answers: @escaping Answers) {
        self.address = address
        self.answers = answers
    }

    static func with(_ answers: @escaping Answers, _ body: (NameServer) async throws -> Void) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        // The port of one is as likely as not free for the other.
        for _ in 0..<20 {
            let found = Mutex<NameServer?>(nil)
            let datagrams = try await DatagramBootstrap(group: group)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Datagrams { found.withLock { $0 } })
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
            let address = try #require(datagrams.localAddress)
            let server = NameServer(address, answers)
            found.withLock { $0 = server }
            let streams = try? await ServerBootstrap(group: group)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Streams(server)) }
                }
                .bind(to: address).get()
            guard let streams else {
                try await datagrams.close()
                continue
            }
            let result: Result<Void, any Error>
            do { result = .success(try await body(server)) } catch { result = .failure(error) }
            try? await datagrams.close()
            try? await streams.close()
            try? await group.shutdownGracefully()
            return try result.get()
        }
        Issue.record("no port is free for both")
    }

    func answer(_ question: [UInt8], from port: Int?, isStream: Bool) -> [[UInt8]] {
        questions.withLock { $0.append((question, port)) }
        return answers(question, isStream)
    }

    private final class Datagrams: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        typealias OutboundOut = AddressedEnvelope<ByteBuffer>
        private let server: @Sendable () -> NameServer?

        init(_ server: @escaping @Sendable () -> NameServer?) { self.server = server }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let envelope = unwrapInboundIn(data)
            let answers = server()?.answer(Array(envelope.data.readableBytesView), from: envelope.remoteAddress.port, isStream: false) ?? []
            for answer in answers {
                let sent = AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: answer))
                context.writeAndFlush(wrapOutboundOut(sent), promise: nil)
            }
        }
    }

    private final class Streams: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let server: NameServer

        init(_ server: NameServer) { self.server = server }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let question = Array(unwrapInboundIn(data).readableBytesView.dropFirst(2))
            for answer in server.answer(question, from: context.remoteAddress?.port, isStream: true) {
                var bytes = ByteBuffer(integer: UInt16(answer.count))
                bytes.writeBytes(answer)
                // In two pieces, as networks do.
                context.writeAndFlush(wrapOutboundOut(bytes.readSlice(length: 3) ?? ByteBuffer()), promise: nil)
                context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            }
        }
    }
}

@Suite("Asking name servers", .serialized)
struct DNSClientTests {
    /// An answer to a question: its own header with other flags, its question, and a TXT record.
    private static func answer(_ question: [UInt8], flags: [UInt8] = [0x81, 0x80], _ text: String?) -> [UInt8] {
        let record: [UInt8] =
            text.map { [0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, UInt8($0.utf8.count + 1), UInt8($0.utf8.count)] + Array($0.utf8) } ?? []
        return question[0..<2] + flags + [0, 1, 0, text == nil ? 0 : 1, 0, 0, 0, 0] + question[12...] + record
    }

    private static func client(_ servers: [SocketAddress], milliseconds: Int64 = 30_000) -> DNSClient {
        DNSClient(servers: servers, random: .system, patience: .milliseconds(milliseconds))
    }

    private static func lookUp(_ client: DNSClient) async -> [RecordData]? {
        guard let name = DNSName("_x.acme.example") else { return nil }
        return await client.lookUp(name, .txt)
    }

    @Test("is one datagram there and one back")
    func datagram() async throws {
        try await NameServer.with({ question, _ in [Self.answer(question, "hello")] }) { server in
            let client = Self.client([server.address])
            #expect(await Self.lookUp(client) == [.txt(Array("hello".utf8))])
            for _ in 0..<4 { _ = await Self.lookUp(client) }
            #expect(server.asked.count == 5)
            #expect(Set(server.asked.map { $0.bytes.prefix(2) }).count > 1, "with a number that nobody can tell in advance")
            #expect(Set(server.asked.map(\.port)).count > 1, "and a port")
        }
    }

    @Test("goes on over a connection when the answer does not fit")
    func truncated() async throws {
        try await NameServer.with({ question, isStream in
            [isStream ? Self.answer(question, "long") : Self.answer(question, flags: [0x83, 0x80], nil)]
        }) { server in
            #expect(await Self.lookUp(Self.client([server.address])) == [.txt(Array("long".utf8))])
            #expect(server.asked.count == 2)
        }
    }

    @Test("does not take somebody else's word, and stops listening to who guesses")
    func strangers() async throws {
        try await NameServer.with({ question, _ in
            let other = [question[0] ^ 1] + question.dropFirst()
            return [Self.answer(other, "forged"), [1, 2, 3], [], Self.answer(question, "true")]
        }) { server in
            #expect(await Self.lookUp(Self.client([server.address])) == [.txt(Array("true".utf8))])
        }
        try await NameServer.with({ question, _ in
            let other = [question[0] ^ 1] + question.dropFirst()
            return Array(repeating: Self.answer(other, "forged"), count: 8) + [Self.answer(question, "late")]
        }) { server in
            #expect(await Self.lookUp(Self.client([server.address])) == nil)
        }
    }

    @Test("tries the next server when one cannot say or is not there, and says when none can")
    func several() async throws {
        let nobody = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        try await NameServer.with({ question, _ in [Self.answer(question, flags: [0x81, 0x82], nil)] }) { failing in
            try await NameServer.with({ question, _ in [Self.answer(question, flags: [0x81, 0x83], nil)] }) { good in
                #expect(await Self.lookUp(Self.client([nobody, failing.address, good.address])) == [])
                #expect(failing.asked.count == 1 && good.asked.count == 1)
            }
            #expect(await Self.lookUp(Self.client([nobody, failing.address])) == nil)
        }
        #expect(await Self.lookUp(Self.client([])) == nil)
    }

    @Test("does not wait longer than it has patience, over UDP and TCP")
    func silence() async throws {
        try await NameServer.with({ question, isStream in isStream ? [] : [Self.answer(question, flags: [0x83, 0x80], nil)] }) { server in
            #expect(await Self.lookUp(Self.client([server.address], milliseconds: 20)) == nil)
        }
        try await NameServer.with({ _, _ in [] }) { server in
            #expect(await Self.lookUp(Self.client([server.address], milliseconds: 20)) == nil)
        }
    }

    @Test("asks those that the system names, three at most")
    func system() {
        func hosts(_ text: String) -> [String?] { NameServers.read(text).map(\.ipAddress) }
        #expect(hosts("# x\nsearch a.example\nnameserver 192.0.2.1\nnameserver\t2001:db8::1\n") == ["192.0.2.1", "2001:db8::1"])
        #expect(hosts("nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\nnameserver 1.1.1.4").count == 3)
        #expect(hosts("") == ["127.0.0.1"] && hosts("nameserver\nnameserver dns.example\n") == ["127.0.0.1"])
        #expect(NameServers.read("nameserver 1.1.1.1").first?.port == 53)
        #expect(!NameServers.system.isEmpty)
    }

    @Test("is reading a file when there is one, anew each time")
    func file() async throws {
        let scratch = try Scratch()
        var options = ServerOptions()
        options.dnsFile = scratch.file("zone")
        let outside = Outside(options, .system)
        let name = try #require(DNSName("_x.acme.example"))
        #expect(await outside.lookUp(name, .txt) == nil, "it is not there")
        #expect(outside.trouble() == "the server's --dns-file: there is no such file")
        #expect(throws: DNSFileFailure.self) { try DNSFile.read(scratch.file("zone")) }
        try scratch.write("_x.acme.example. TXT hello\n", to: "zone")
        #expect(await outside.lookUp(name, .txt) == [.txt(Array("hello".utf8))])
        #expect(await outside.lookUp(name, .mx) == [])
        #expect(outside.trouble() == nil)
        try scratch.write("_x.acme.example. TXT\n", to: "zone")
        #expect(await outside.lookUp(name, .txt) == nil)
        #expect(outside.trouble() == "the server's --dns-file: line 1: TXT takes one text or more")
        do { _ = try DNSFile.read(scratch.file("zone")) } catch { #expect(error.problem == "line 1: TXT takes one text or more") }
    }
}
