import NIOCore
import NIOPosix
import Synchronization

/// A proxy before a server that does what networks do. Every connection of a client carries one request.
public enum HostileProxy {
    /// What becomes of one request.
    public enum Fault: Sendable, Equatable, CaseIterable {
        /// Nothing bad.
        case none
        /// The connection closes as soon as the client has sent something; the server never sees it.
        case dropBeforeRequest
        /// The server gets the request and answers it; the connection closes without a byte of the answer.
        case dropAnswer
        /// The server gets the request and answers it; the connection closes after half of the answer.
        case truncateAnswer
        /// The server gets the request twice, one after the other; the client gets the second answer.
        case duplicateRequest
        /// The answer comes in two pieces.
        case delayAnswer
        /// 429 with `Retry-After`; the server never sees the request.
        case tooManyRequests
        /// 500 as the API words it; the server never sees the request.
        case serverError
        /// 502 as a gateway words it, in HTML; the server never sees the request.
        case badGateway
        /// 503 with `Retry-After`; the server never sees the request.
        case unavailable
        /// The server gets the request and answers it; the client gets a gateway's 502.
        case badGatewayAfter
        /// Bytes that are no HTTP; the server never sees the request.
        case garbage
        /// The server gets the request and answers it; the client gets bytes that are no HTTP.
        case garbageAfter
        /// 200 with a page of HTML, as from a login portal; the server never sees the request.
        case wrongPage
        /// 404 with a page of HTML, as where nothing of the kind is; the server never sees the request.
        case missing
    }

    /// Runs it as long as `body` does.
    /// - Parameters:
    ///   - port: the server's, on this machine.
    ///   - faults: what becomes of a request, by its number from 0 and its line, such as `POST /v1/batch HTTP/1.1`.
    public static func with<T: Sendable>(
        to port: Int, faults: @escaping @Sendable (_ request: Int, _ line: String) -> Fault,
        _ body: (_ port: Int) async throws -> T
    ) async throws -> T {
        let exchange = Exchange(server: try SocketAddress(ipAddress: "127.0.0.1", port: port), faults)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Front(exchange)) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Result<T, any Error>
        do { result = .success(try await body(channel.localAddress?.port ?? 0)) } catch { result = .failure(error) }
        try? await channel.close()
        try? await group.shutdownGracefully()
        return try result.get()
    }
}

/// A message of HTTP/1.1 as bytes, as far as a proxy has to understand it.
private struct Message: Sendable {
    private(set) var bytes: [UInt8] = []
    private static let lineEnd = Array("\r\n".utf8)

    mutating func append(_ buffer: ByteBuffer) { bytes += buffer.readableBytesView }

    /// The first line, once it is there.
    var line: String? {
        bytes.firstRange(of: Self.lineEnd).map { String(decoding: bytes[..<$0.lowerBound], as: UTF8.self) }
    }

    /// Head and body, once the head is there.
    private var parts: (head: [String], body: ArraySlice<UInt8>)? {
        guard let end = bytes.firstRange(of: Self.lineEnd + Self.lineEnd) else { return nil }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        return (head.split(separator: "\r\n").map(String.init), bytes[end.upperBound...])
    }

    /// Whether a request is there to its last byte. An answer ends with its connection.
    var isWhole: Bool {
        guard let (head, body) = parts else { return false }
        func value(_ name: String) -> String? {
            head.first { $0.lowercased().hasPrefix("\(name):") }?.split(separator: ":", maxSplits: 1).last?.filter { !$0.isWhitespace }
        }
        if value("transfer-encoding")?.lowercased() == "chunked" { return body.suffix(5).elementsEqual("0\r\n\r\n".utf8) }
        return body.count >= value("content-length").flatMap { Int($0) } ?? 0
    }

    /// The same message, saying that its connection carries no other: so each request is a connection of its own.
    var closing: [UInt8] {
        guard let (head, body) = parts else { return bytes }
        let kept = head.filter { line in !["connection:", "keep-alive:"].contains { line.lowercased().hasPrefix($0) } }
        return Array((kept + ["Connection: close", "", ""]).joined(separator: "\r\n").utf8) + body
    }
}

/// What happens between a whole request and the end of its connection.
private final class Exchange: Sendable {
    private let server: SocketAddress
    private let faults: @Sendable (Int, String) -> HostileProxy.Fault
    private let count = Mutex(0)

    init(server: SocketAddress, _ faults: @escaping @Sendable (Int, String) -> HostileProxy.Fault) {
        self.server = server
        self.faults = faults
    }

    /// The fault of the next request.
    func fault(for line: String) -> HostileProxy.Fault {
        let number = count.withLock { count in
            defer { count += 1 }
            return count
        }
        return faults(number, line)
    }

    /// Lets the server answer as often as the fault wants, answers the client, and closes its connection on every path.
    func run(_ request: Message, _ fault: HostileProxy.Fault, to client: any Channel) {
        let loop = client.eventLoop
        var answer = loop.makeSucceededFuture(Message())
        for _ in 0..<fault.timesForwarded { answer = answer.flatMap { _ in self.ask(request, on: loop) } }
        answer.flatMap { answer in
            var sent = loop.makeSucceededVoidFuture()
            for piece in fault.pieces(of: answer.closing) {
                sent = sent.flatMap { client.writeAndFlush(ByteBuffer(bytes: piece)) }
                // Not a time but turns of the loop, in which the client may read what it has got.
                for _ in 0..<64 { sent = sent.flatMap { loop.submit {} } }
            }
            return sent
        }.whenComplete { _ in client.close(promise: nil) }
    }

    /// The server's answer, to the end of its connection.
    private func ask(_ request: Message, on loop: any EventLoop) -> EventLoopFuture<Message> {
        let answer = loop.makePromise(of: Message.self)
        ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Back(answer)) }
            }
            .connect(to: server)
            .flatMap { $0.writeAndFlush(ByteBuffer(bytes: request.closing)) }
            .whenFailure { answer.fail($0) }
        return answer.futureResult
    }
}

extension HostileProxy.Fault {
    /// How often the server gets the request.
    fileprivate var timesForwarded: Int {
        switch self {
        case .none, .dropAnswer, .truncateAnswer, .delayAnswer, .badGatewayAfter, .garbageAfter: 1
        case .duplicateRequest: 2
        case .dropBeforeRequest, .tooManyRequests, .serverError, .badGateway, .unavailable, .garbage, .wrongPage, .missing: 0
        }
    }

    /// What the client gets before its connection closes; `answer` is the server's, if it was asked.
    fileprivate func pieces(of answer: [UInt8]) -> [[UInt8]] {
        let half = answer.count / 2
        switch self {
        case .none, .duplicateRequest: return [answer]
        case .dropBeforeRequest, .dropAnswer: return []
        case .truncateAnswer: return [Array(answer[..<half])]
        case .delayAnswer: return [Array(answer[..<half]), Array(answer[half...])]
        case .tooManyRequests: return [Self.problem("429 Too Many Requests", "rate_limited", retryAfter: 1)]
        case .serverError: return [Self.problem("500 Internal Server Error", "internal")]
        case .unavailable: return [Self.problem("503 Service Unavailable", "unavailable", retryAfter: 1)]
        case .badGateway, .badGatewayAfter: return [Self.answer("502 Bad Gateway", "text/html", "<html>Bad Gateway</html>")]
        // The start of a TLS alert: what a port for TLS says to plain text.
        case .garbage, .garbageAfter: return [[0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46] + Array("no HTTP\r\n\r\n".utf8)]
        case .wrongPage: return [Self.answer("200 OK", "text/html", "<html>")]
        case .missing: return [Self.answer("404 Not Found", "text/html", "<html>Not Found</html>")]
        }
    }

    private static func problem(_ status: String, _ code: String, retryAfter: Int? = nil) -> [UInt8] {
        let body = #"{"type":"about:blank","code":"\#(code)","detail":"the network said so"}"#
        return answer(status, "application/problem+json", body, retryAfter.map { "Retry-After: \($0)\r\n" } ?? "")
    }

    private static func answer(_ status: String, _ type: String, _ body: String, _ more: String = "") -> [UInt8] {
        let head = "Content-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\(more)"
        return Array("HTTP/1.1 \(status)\r\n\(head)\r\n\(body)".utf8)
    }
}

/// The side of the client: collects its request.
private final class Front: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let exchange: Exchange
    private var request = Message()
    private var fault: HostileProxy.Fault?
    private var isDone = false

    init(_ exchange: Exchange) { self.exchange = exchange }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else { return }
        request.append(unwrapInboundIn(data))
        guard let line = request.line else { return }
        let fault = fault ?? exchange.fault(for: line)
        self.fault = fault
        // All others wait for the whole request: closing a socket with unread bytes takes the answer with it.
        guard fault == .dropBeforeRequest || request.isWhole else { return }
        isDone = true
        exchange.run(request, fault, to: context.channel)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// The side of the server: collects its answer.
private final class Back: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let promise: EventLoopPromise<Message>
    private var answer = Message()

    init(_ promise: EventLoopPromise<Message>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { answer.append(unwrapInboundIn(data)) }

    func channelInactive(context: ChannelHandlerContext) {
        promise.succeed(answer)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
        context.close(promise: nil)
    }
}
