import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server that gives every connection the same bytes and closes it: what a real server never does.
public enum CannedServer {
    /// Runs it as long as `body` does.
    /// - Parameters:
    ///   - answer: what every connection gets, once something was received.
    ///   - certificate: files of a PEM certificate and its key, for TLS.
    public static func with<T: Sendable>(
        answering answer: String, certificate: (chain: String, key: String)? = nil, counting counter: RequestCounter? = nil,
        _ body: (_ port: Int) async throws -> T
    ) async throws -> T {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var context: NIOSSLContext?
        if let certificate {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate.chain).map { NIOSSLCertificateSource.certificate($0) }
            let key = try NIOSSLPrivateKey(file: certificate.key, format: .pem)
            context = try NIOSSLContext(configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
        }
        let (bytes, tls) = (ByteBuffer(string: answer), context)
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(Answer(bytes, counter))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Result<T, any Error>
        do { result = .success(try await body(channel.localAddress?.port ?? 0)) } catch { result = .failure(error) }
        try? await channel.close()
        try? await group.shutdownGracefully()
        return try result.get()
    }

    private final class Answer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let bytes: ByteBuffer
        private var isDone = false

        private let counter: RequestCounter?

        init(_ bytes: ByteBuffer, _ counter: RequestCounter?) {
            self.bytes = bytes
            self.counter = counter
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard !isDone else { return }
            isDone = true
            counter?.add()
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            context.close(promise: nil)
        }
    }
}

/// How many requests a canned server has answered.
public final class RequestCounter: Sendable {
    private let number = Mutex(0)

    /// None yet.
    public init() {}

    /// The requests so far.
    public var count: Int { number.withLock { $0 } }

    /// One more.
    public func add() { number.withLock { $0 += 1 } }
}
