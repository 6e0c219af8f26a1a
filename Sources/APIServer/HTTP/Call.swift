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
        guard Self.isEncoded(request.uri.query ?? "") else {
            throw Problem(.malformed, "the query has a % that is no percent-encoded UTF-8")
        }
        var query: [String: String] = [:]
        for (name, value) in request.uri.queryParameters {
            let name = String(name)
            guard route.parameters.contains(where: { $0.name == name }) else {
                let known = route.parameters.map(\.name).joined(separator: ", ")
                throw Problem(.invalid, "unknown parameter \(name.prefix(64)); known here: \(known.isEmpty ? "none" : known)")
            }
            guard !value.isEmpty else { throw Problem(.invalid, "the parameter \(name) is empty") }
            guard query.updateValue(String(value), forKey: name) == nil else {
                throw Problem(.invalid, "the parameter \(name) stands there twice")
            }
        }
        return query
    }

    /// Whether a text is percent-encoded UTF-8. https://www.rfc-editor.org/rfc/rfc3986#section-2.1
    private static func isEncoded(_ text: String) -> Bool {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return true }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else { bytes.append(byte); continue }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), value != 0 else {
                return false
            }
            bytes.append(value)
            rest.removeFirst(2)
        }
        return String(validating: bytes, as: UTF8.self) != nil
    }

    /// Whether the request says that it has a body.
    var hasBody: Bool {
        request.headers[.contentLength].flatMap(Int.init) ?? 0 > 0 || request.headers[.transferEncoding] != nil
    }

    /// The body's bytes, of a content type that the route takes.
    func body() async throws -> [UInt8] {
        let limit = route.body?.limit ?? Self.bodyLimit
        let types = route.body?.types ?? ["application/json"]
        let type = request.headers[.contentType]?.split(separator: ";").first?.lowercased().filter { $0 != " " }
        guard let type, types.contains(type) || types == ["application/json"] && type.hasSuffix("+json") else {
            throw Problem(.unsupportedMediaType, "send the body as Content-Type: \(types.joined(separator: " or "))")
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

    /// Whether the caller has what an ETag stands for. https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
    func knows(_ etag: String) -> Bool {
        request.headers[values: .ifNoneMatch].flatMap { $0.split(separator: ",") }.contains { part in
            let tag = part.drop { $0 == " " }.prefix { $0 != " " }
            return tag == "*" || tag == etag || tag.hasPrefix("W/") && tag.dropFirst(2) == etag
        }
    }

    /// The version that `If-Match` asks for. https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1
    func expectedVersion() throws(Problem) -> Expectation? {
        guard let header = request.headers[.ifMatch], header != "*" else { return nil }
        // Shells eat the quotes.
        let isQuoted = header.utf8.count > 2 && header.hasPrefix("\"") && header.hasSuffix("\"")
        let text = isQuoted ? String(header.dropFirst().dropLast()) : header
        guard let version = Routes.digits(text), String(version) == text else {
            throw Problem(.invalid, "If-Match takes one ETag, as in \"3\"")
        }
        return .version(version)
    }
}
