public import EmailConnect

/// Where an account is and how to reach it.
public struct Endpoint: Sendable {
    /// The ways to a server.
    public enum Transport: Sendable, Equatable {
        /// The API's base URL, with `/v1` or `/api`.
        case url(HTTPURL)
        /// The bundled server in this process, over a socket that only it can reach.
        case unixSocket(path: String)
    }

    /// The way to the server.
    public var transport: Transport
    /// The API key; nil over the socket.
    public var key: Secret?
    /// The only account that may answer; nil for whichever the key belongs to.
    public var account: String?
    /// How the server is spoken to.
    public var dialect = ServerDialect.v1
    /// A file of PEM certificates that are trusted beside the system's.
    public var caFile: String?

    /// Where an account is.
    public init(_ transport: Transport, key: Secret?, account: String? = nil, caFile: String? = nil) {
        self.transport = transport
        self.key = key
        self.account = account
        self.caFile = caFile
    }

    /// For people.
    public var name: String {
        switch transport {
        case .url(let url): url.text
        case .unixSocket: "the local server"
        }
    }

    /// Reads the base URL.
    /// - Throws: when it is no URL, has a query, or would send the key in the clear to another machine.
    public static func url(_ text: String) throws(Rejection) -> HTTPURL {
        var text = text
        while text.hasSuffix("/") { text.removeLast() }
        let url = try HTTPURL(text)
        guard !url.text.contains("?") else { throw Rejection("the API's URL has a query", "write https://host/v1") }
        guard url.isSecure || url.isLoopback else {
            throw Rejection("the API's URL is http to another machine", "use https, so that the key is not sent in the clear")
        }
        return url
    }
}
