import NIOCore
import NIOHTTP1

/// Ends a connection whose answer cannot be one, before the HTTP client sees it: the client takes every status below 200 for an interim one,
/// but the parser only those from 100, and what the two then disagree on would end the process.
/// https://www.rfc-editor.org/rfc/rfc9110#section-15
final class AnswerCheck: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart

    /// The most interim answers of one connection.
    static let interimLimit = 100

    private var interims = 0
    private var isOver = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        if case .head(let head) = unwrapInboundIn(data) {
            if head.status.code < 200 { interims += 1 }
            guard head.status.code >= 100, interims <= Self.interimLimit else {
                isOver = true
                return context.fireErrorCaught(HTTPParserError.invalidStatus)
            }
        }
        context.fireChannelRead(data)
    }
}
