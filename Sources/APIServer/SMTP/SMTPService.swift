import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle

/// Listens for mail. It takes what is for the server's domains and passes nothing on; there is no login. With a certificate it offers
/// STARTTLS.
struct SMTPService: Service {
    typealias Connection = NIOAsyncChannel<SMTPInput, ByteBuffer>

    let address: ServerOptions.MailAddress
    let mailbox: SMTPMailbox
    /// Its certificate, if it has one.
    let tls: NIOSSLContext?
    /// What its clients may have together.
    var room = SMTPRoom()
    /// Called with the port.
    let onReady: @Sendable (Int) async -> Void

    func run() async throws {
        let server: NIOAsyncChannel<Connection, Never>
        let silence = room.limits.silence
        do {
            server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: address.host, port: address.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(IdleStateHandler(allTimeout: silence))
                        try channel.pipeline.syncOperations.addHandler(IdleCloser())
                        try channel.pipeline.syncOperations.addHandler(SMTPUpgrade())
                        return try Connection(wrappingChannelSynchronously: channel)
                    }
                }
        } catch { throw MailAddressFailure() }
        await onReady(server.channel.localAddress?.port ?? 0)
        do {
            try await listen(server)
        } catch {
            // A server that ends breaks off whoever is still there; what was not answered for is sent again.
            guard Task.isShuttingDownGracefully || Task.isCancelled else { throw error }
        }
    }

    private func listen(_ server: NIOAsyncChannel<Connection, Never>) async throws {
        try await cancelWhenGracefulShutdown {
            try await server.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        let address = connection.channel.remoteAddress?.ipAddress ?? "unknown"
                        let isFull = !room.enter(address)
                        group.addTask {
                            await serve(connection, from: address, isFull: isFull)
                            if !isFull { room.leave(address) }
                        }
                    }
                }
            }
        }
    }

    /// One client, until it leaves. A line that breaks is the client's business.
    private func serve(_ connection: Connection, from address: String, isFull: Bool) async {
        try? await connection.executeThenClose { inbound, outbound in
            guard !isFull else { return try await outbound.write(ByteBuffer(string: SMTPReply.tooManyConnections.text)) }
            let peer = SMTPPeer(address: address, offersTLS: tls != nil)
            var client = SMTPConnection(connection.channel, outbound, mailbox, peer, tls, room)
            try await client.run(inbound)
        }
    }
}

/// Nobody can listen for mail at the address that was told.
public struct MailAddressFailure: Error {}

/// Closes a connection on which nothing happens.
private final class IdleCloser: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) } else { context.fireUserInboundEventTriggered(event) }
    }
}
