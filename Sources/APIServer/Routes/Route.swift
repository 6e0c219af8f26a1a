import EmailConnect
import HTTPTypes
import Hummingbird

/// One route: what it takes, who may call it, what it answers and how. The router, the check of unknown parameters, the OpenAPI
/// document and the tests' matrix read this and nothing else.
struct Route: Sendable {
    typealias Handler = @Sendable (Call) async throws -> Response

    /// Who may call it.
    enum Access: Sendable {
        /// Anybody; it is not counted.
        case open
        /// Any valid key.
        case anyKey
        /// A key with all of these.
        case scopes([Scope])
        /// A key with scopes that depend on the request; the handler checks them.
        case contents(String)
    }

    /// A parameter of the query.
    struct Parameter: Sendable {
        var name: String
        var schema: Schema
        var about: String

        init(_ name: String, _ schema: Schema, _ about: String) {
            self.name = name
            self.schema = schema
            self.about = about
        }
    }

    /// A request header that means something to it.
    enum Header: CaseIterable, Sendable {
        case ifMatch
        case ifNoneMatch
        case idempotencyKey
    }

    /// What it takes.
    struct Body: Sendable {
        var schema: Schema
        var example: String
        var isRequired = true
        /// The largest one, in bytes.
        var limit = Call.bodyLimit
        /// Its content types.
        var types = ["application/json"]
    }

    /// What it answers when all is well.
    struct Answer: Sendable {
        var status: Int
        var about: String
        var type: String? = "application/json"
        var schema: Schema?
        var example: String?
        /// Headers beside those of every answer.
        var headers: [String: String] = [:]
    }

    var method: HTTPRequest.Method
    /// With `{id}` for an id.
    var path: String
    /// A name for programs, unique.
    var name: String
    /// One line.
    var about: String
    /// What it belongs to.
    var group: String
    var access: Access
    var dialect = Dialect.documented
    /// What the client calls the fields that the rules speak of.
    var names: [String: String] = [:]
    var parameters: [Parameter] = []
    var headers: [Header] = []
    var body: Body?
    var answers: [Answer]
    var handler: Handler

    /// The errors that it can answer.
    var problems: [Problem.Code] {
        if case .open = access { return [.invalid, .internal, .unavailable, .rateLimited] }
        var codes: [Problem.Code] = [
            .malformed, .invalid, .unauthorized, .forbidden, .missingScope, .wrongAccount, .rateLimited, .internal, .damaged, .unavailable,
        ]
        if path.contains("{") { codes.append(.notFound) }
        guard method != .get else { return codes }
        codes += [
            .duplicate, .inUse, .notEmpty, .foreignOwner, .protected, .ownKey, .boundKey, .revoked, .accountLimit, .busy, .stale, .storage,
        ]
        if body != nil { codes += [.tooLarge, .unsupportedMediaType] }
        if method == .post { codes.append(.notFound) }
        if path.hasSuffix("/verify/complete") { codes.append(.wrongCode) }
        if group == "Emails" { codes.append(.undeliverable) }
        if headers.contains(.idempotencyKey) { codes += [.idempotencyMismatch, .otherRepository, .olderRun] }
        return codes
    }

    /// Each path that it is at.
    var paths: [String] {
        guard let first = dialect.roots.first, path.hasPrefix(first + "/") else { return [path] }
        return dialect.roots.map { $0 + path.dropFirst(first.count) }
    }

    /// A path as the router has it.
    static func routerPath(_ path: String) -> RouterPath { RouterPath(path.replacing("{id}", with: ":id")) }
}
