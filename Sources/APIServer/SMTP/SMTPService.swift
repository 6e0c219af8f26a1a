import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Synchronization

/// Listens for mail. It takes what is for the server's domains and passes nothing on; there is no login. With a certificate it offers
/// STARTTLS.
struct SMTPService: Service {
    /// Connections at a time.
    private static let connectionLimit = 100
    /// How long a client may say nothing. https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.2.7
    private static let patience = TimeAmount.minutes(5)

    typealias Connection = NIOAsyncChannel<SMTPInput, ByteBuffer>

    let address: ServerOptions.MailAddress
    let mailbox: SMTPMailbox
    /// Its certificate, if it has one.
    let tls: NIOSSLContext?
    /// Called with the port.
    let onReady: @Sendable (Int) async -> Void

    func run() async throws {
        let server: NIOAsyncChannel<Connection, Never>
        do {
            server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: address.host, port: address.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(IdleStateHandler(allTimeout: Self.patience))
                        try channel.pipeline.syncOperations.addHandler(IdleCloser())
                        try channel.pipeline.syncOperations.addHandler(SMTPUpgrade())
                        return try Connection(wrappingChannelSynchronously: channel)
                    }
                }
        } catch { throw MailAddressFailure() }
        let open = OpenConnections()
        await onReady(server.channel.localAddress?.port ?? 0)
        do {
            try await listen(server, open)
        } catch {
            // A server that ends breaks off whoever is still there; what was not answered for is sent again.
            guard Task.isShuttingDownGracefully || Task.isCancelled else { throw error }
        }
    }

    private func listen(_ server: NIOAsyncChannel<Connection, Never>, _ open: OpenConnections) async throws {
        try await cancelWhenGracefulShutdown {
            try await server.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        let isFull = open.add() > Self.connectionLimit
                        group.addTask {
                            await serve(connection, isFull: isFull)
                            open.remove()
                        }
                    }
                }
            }
        }
    }

    /// One client, until it leaves. A line that breaks is the client's business.
    private func serve(_ connection: Connection, isFull: Bool) async {
        try? await connection.executeThenClose { inbound, outbound in
            guard !isFull else { return try await outbound.write(ByteBuffer(string: SMTPReply.tooManyConnections.text)) }
            let peer = SMTPPeer(address: connection.channel.remoteAddress?.ipAddress ?? "unknown", offersTLS: tls != nil)
            var (reader, session) = (SMTPReader(messageLimit: SMTPSession.messageLimit), SMTPSession(mailbox, peer))
            var isSecuring = false
            try await outbound.write(ByteBuffer(string: SMTPReply.greeting.text))
            for try await input in inbound {
                guard case .bytes(let bytes) = input else {
                    // Nothing that was said before counts. https://www.rfc-editor.org/rfc/rfc3207#section-4.2
                    (reader, session) = (SMTPReader(messageLimit: SMTPSession.messageLimit), SMTPSession(mailbox, peer.secured))
                    isSecuring = false
                    continue
                }
                // It came in plain text, behind STARTTLS.
                guard !isSecuring else { return }
                reader.feed(bytes.readableBytesView)
                while let piece = reader.next() {
                    let reply = await session.answer(piece)
                    if reply.next == .tls, let tls {
                        guard reader.isEmpty else { return try await outbound.write(ByteBuffer(string: SMTPReply.tooEager.text)) }
                        isSecuring = true
                        try await SMTPUpgrade.begin(on: connection.channel, tls, after: reply)
                        break
                    }
                    try await outbound.write(ByteBuffer(string: reply.text))
                    if reply.next == .message { reader.beginMessage() }
                    if reply.next == .end { return }
                }
            }
        }
    }
}

/// Nobody can listen for mail at the address that was told.
public struct MailAddressFailure: Error {}

/// The certificate for mail cannot be used.
public struct MailCertificateFailure: Error {}

/// How many clients there are.
private final class OpenConnections: Sendable {
    private let count = Mutex(0)

    /// One more.
    /// - Returns: how many there are now.
    func add() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }

    /// One less.
    func remove() { count.withLock { $0 -= 1 } }
}

/// Closes a connection on which nothing happens.
private final class IdleCloser: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) } else { context.fireUserInboundEventTriggered(event) }
    }
}
