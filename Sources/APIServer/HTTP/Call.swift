import EmailConnect
import HTTPTypes
import Hummingbird
import NIOCore

/// What the server knows of a connection while it answers.
struct ConnectionContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The caller's address, 4 or 16 bytes; nil over a Unix socket.
    let address: [UInt8]?
    /// The connection, to end it.
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
        coreContext = .init(source: source)
        switch source.channel.remoteAddress {
        case .v4, .v6: address = source.channel.remoteAddress?.ipAddress.flatMap { IPAddress.bytes($0) }
        default: address = nil
        }
    }
}

/// One request of a caller who is known.
struct Call: Sendable {
    let request: Request
    let context: ConnectionContext
    let caller: Caller

    /// The largest body of a plain request, in bytes.
    static let bodyLimit = 1 << 20

    /// The id in the path.
    /// - Throws: when the path has none; the route table is wrong then.
    func id() throws(Problem) -> String {
        guard let id = context.parameters.get("id") else { throw Problem(.notFound, "there is nothing here") }
        return id
    }

    /// The query, which may hold only the parameters that are known.
    func query(_ known: String...) throws(Problem) -> [String: String] {
        var query: [String: String] = [:]
        for (name, value) in request.uri.queryParameters {
            let name = String(name)
            guard known.contains(name) else {
                throw Problem(
                    .invalid, "unknown parameter \(name.prefix(64)); known here: \(known.isEmpty ? "none" : known.joined(separator: ", "))")
            }
            guard query.updateValue(String(value), forKey: name) == nil else {
                throw Problem(.invalid, "the parameter \(name) stands there twice")
            }
        }
        return query
    }

    /// Whether the request says that it has a body.
    var hasBody: Bool {
        request.headers[.contentLength].flatMap(Int.init) ?? 0 > 0 || request.headers[.transferEncoding] != nil
    }

    /// The body's bytes, JSON by its content type.
    func body(upTo limit: Int = bodyLimit) async throws -> [UInt8] {
        let type = request.headers[.contentType]?.split(separator: ";").first?.lowercased().filter { $0 != " " }
        guard let type, type == "application/json" || type.hasSuffix("+json") else {
            throw Problem(.unsupportedMediaType, "send the body as Content-Type: application/json")
        }
        if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw Problem(.unsupportedMediaType, "send the body without a Content-Encoding")
        }
        if let length = request.headers[.contentLength].flatMap(Int.init), length > limit { throw Self.tooLarge(limit) }
        do { return Array(try await request.body.collect(upTo: limit).readableBytesView) } catch is NIOTooManyBytesError {
            throw Self.tooLarge(limit)
        }
    }

    /// The body as one JSON value.
    func json() async throws -> Node {
        var reader = JSONReader(try await body())
        let node = try reader.node()
        try reader.finish()
        return node
    }

    /// The version that `If-Match` asks for. https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1
    func expectedVersion() throws(Problem) -> Expectation? {
        guard let header = request.headers[.ifMatch], header != "*" else { return nil }
        guard header.count > 2, header.hasPrefix("\""), header.hasSuffix("\""), let version = Int(header.dropFirst().dropLast()) else {
            throw Problem(.invalid, "If-Match takes one ETag, as in \"3\"")
        }
        return .version(version)
    }

    private static func tooLarge(_ limit: Int) -> Problem { Problem(.tooLarge, "the body is larger than \(limit) bytes") }
}

/// Answers.
enum Reply {
    /// A JSON body.
    static func json(_ status: HTTPResponse.Status, _ bytes: [UInt8], etag: String? = nil) -> Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let etag { headers[.eTag] = etag }
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// An error's body.
    static func problem(_ problem: Problem) -> Response {
        var json = JSONWriter()
        problem.write(to: &json)
        var headers: HTTPFields = [.contentType: "application/problem+json"]
        if problem.code == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
        if let seconds = problem.retryAfter { headers[.retryAfter] = String(seconds) }
        return Response(
            status: .init(code: problem.code.status), headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }
}
