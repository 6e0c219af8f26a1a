import NIOCore
import NIOSSL

/// What comes from a client.
enum SMTPInput: Sendable {
    case bytes(ByteBuffer)
    /// From here on everything has come encrypted.
    case secured
}

/// Turns a connection to TLS after STARTTLS. https://www.rfc-editor.org/rfc/rfc3207
///
/// Last before whoever reads: what it says of bytes and of the change comes in the order in which it happened, so that what was sent in
/// plain text behind STARTTLS, by whoever sits between, is never taken for the client's.
/// https://nvd.nist.gov/vuln/detail/CVE-2011-0411
final class SMTPUpgrade: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = SMTPInput
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(wrapInboundOut(.bytes(unwrapInboundIn(data))))
    }

    /// Sends a last reply in plain text, and speaks TLS from then on. All of it is in one turn of the loop: nothing is read in between.
    static func begin(on channel: any Channel, _ tls: NIOSSLContext, after reply: SMTPReply) async throws {
        try await channel.eventLoop.submit {
            channel.writeAndFlush(ByteBuffer(string: reply.text), promise: nil)
            let pipeline = channel.pipeline.syncOperations
            let upgrade = try pipeline.handler(type: SMTPUpgrade.self)
            try pipeline.addHandler(NIOSSLServerHandler(context: tls), position: .first)
            upgrade.context?.fireChannelRead(upgrade.wrapInboundOut(.secured))
        }.get()
    }
}
