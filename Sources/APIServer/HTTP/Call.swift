import EmailConnect
import HTTPTypes
import Hummingbird
import NIOCore

/// One request of a caller who is known.
struct Call: Sendable {
    let route: Route
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

    /// Whether it changes nothing: GET, or HEAD, which is the same without the body.
    var isReading: Bool { request.method == .get || request.method == .head }

    /// Refuses what the caller may not do, and notes what was used of the key.
    func require(_ scopes: [Scope]) throws(Problem) {
        for scope in scopes { try caller.require(scope) }
        context.notes.use(scopes)
    }

    /// The query, which may hold only the parameters that the route knows, each once.
    func query() throws(Problem) -> [String: String] {
        var query: [String: String] = [:]
        for (name, value) in request.uri.queryParameters {
            let name = String(name)
            guard route.parameters.contains(where: { $0.name == name }) else {
                let known = route.parameters.map(\.name).joined(separator: ", ")
                throw Problem(.invalid, "unknown parameter \(name.prefix(64)); known here: \(known.isEmpty ? "none" : known)")
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
    func body() async throws -> [UInt8] {
        let limit = route.body?.limit ?? Self.bodyLimit
        let type = request.headers[.contentType]?.split(separator: ";").first?.lowercased().filter { $0 != " " }
        guard let type, type == "application/json" || type.hasSuffix("+json") else {
            throw Problem(.unsupportedMediaType, "send the body as Content-Type: application/json")
        }
        if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw Problem(.unsupportedMediaType, "send the body without a Content-Encoding")
        }
        return try await context.body(of: request, upTo: limit)
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
}
