public import AsyncHTTPClient
public import NIOCore
import NIOHTTP1

extension HTTPClient.Configuration {
    /// How this project calls others: HTTP/1.1, no redirects, each connection tried once, and an answer that is none is an error.
    /// - Parameter read: how long nothing may come.
    public static func outgoing(read: TimeAmount) -> Self {
        var configuration = Self(redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10), read: read))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.http1_1ConnectionDebugInitializer = { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
                try pipeline.addHandler(AnswerCheck(), position: .after(decoder))
            }
        }
        return configuration
    }
}
