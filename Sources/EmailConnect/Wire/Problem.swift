/// An error as the API answers it. https://www.rfc-editor.org/rfc/rfc9457
public struct Problem: Error, Equatable, Sendable {
    /// What kind of error it is; clients branch on this, never on words.
    public enum Code: String, CaseIterable, Sendable {
        case malformed
        case invalid
        case unauthorized
        case forbidden
        case missingScope = "missing_scope"
        case wrongAccount = "wrong_account"
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        case duplicate
        case inUse = "in_use"
        case notEmpty = "not_empty"
        case foreignOwner = "foreign_owner"
        case protected
        case ownKey = "own_key"
        case boundKey = "bound_key"
        case revoked
        case undeliverable
        case wrongCode = "wrong_code"
        case otherRepository = "other_repository"
        case olderRun = "older_run"
        case rateLimited = "rate_limited"
        case accountLimit = "account_limit"
        case stale
        case tooLarge = "too_large"
        case unsupportedMediaType = "unsupported_media_type"
        case idempotencyMismatch = "idempotency_mismatch"
        case busy
        case unavailable
        case storage
        case damaged
        case `internal`

        /// The status that goes with it.
        public var status: Int {
            switch self {
            case .malformed, .invalid: 400
            case .unauthorized: 401
            case .forbidden, .missingScope, .wrongAccount, .boundKey, .accountLimit: 403
            case .notFound: 404
            case .methodNotAllowed: 405
            case .duplicate, .inUse, .notEmpty, .foreignOwner, .protected, .ownKey, .revoked, .undeliverable, .wrongCode, .otherRepository,
                .olderRun,
                .busy:
                409
            case .stale: 412
            case .tooLarge: 413
            case .unsupportedMediaType: 415
            case .idempotencyMismatch: 422
            case .rateLimited: 429
            case .unavailable: 503
            case .internal, .damaged: 500
            case .storage: 507
            }
        }
    }

    /// One thing that is wrong, and where.
    public struct Item: Equatable, Sendable {
        /// JSON pointer into the request; "" for the whole.
        public var pointer: String
        /// What kind of error it is.
        public var code: Code
        /// What is wrong.
        public var detail: String

        /// One thing that is wrong.
        public init(pointer: String, code: Code, detail: String) {
            self.pointer = pointer
            self.code = code
            self.detail = detail
        }
    }

    /// What kind of error it is.
    public var code: Code
    /// What is wrong, for people.
    public var detail: String
    /// Every single thing that is wrong.
    public var items: [Item]
    /// Seconds after which trying again makes sense.
    public var retryAfter: Int?
    /// The id under which the server logged the request.
    public var requestID: String?

    /// An error of one kind.
    public init(_ code: Code, _ detail: String, items: [Item] = [], retryAfter: Int? = nil) {
        self.code = code
        self.detail = detail
        self.items = items
        self.retryAfter = retryAfter
    }

    /// A value in a request that was not accepted.
    public init(_ rejection: Rejection, code: Code = .invalid, below pointer: String = "") {
        let isMalformed = rejection.problem.hasPrefix("malformed JSON")
        let code = isMalformed ? .malformed : code
        let item = Item(pointer: pointer + rejection.pointer, code: code, detail: rejection.sentence)
        self.init(code, rejection.sentence, items: [item])
    }

    /// How many single things an answer names.
    private static let itemLimit = 100

    /// What a status is called. https://www.rfc-editor.org/rfc/rfc9110#section-15
    public static func title(of status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 409: "Conflict"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 503: "Service Unavailable"
        case 507: "Insufficient Storage"
        default: "Internal Server Error"
        }
    }

    /// Writes the body, `application/problem+json`.
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("type", "about:blank")
            json.member("title", Self.title(of: code.status))
            json.member("status", code.status)
            json.member("detail", detail)
            json.member("code", code.rawValue)
            if let requestID { json.member("request_id", requestID) }
            if !items.isEmpty {
                json.array("errors") { json in
                    for item in items.prefix(Self.itemLimit) {
                        json.object { json in
                            json.member("pointer", item.pointer)
                            json.member("code", item.code.rawValue)
                            json.member("detail", item.detail)
                        }
                    }
                }
            }
        }
    }

    /// Reads the body.
    /// - Throws: when it is none: a page of HTML, another service's error.
    public init(_ bytes: [UInt8]) throws(Rejection) {
        var code: Code?
        var detail: String?
        var requestID: String?
        var items: [Item] = []
        var json = JSONReader(bytes)
        try json.object { json, name throws(Rejection) in
            let node = try json.node()
            switch name {
            case "code": code = Code(rawValue: try node.text())
            case "detail": detail = try node.text()
            case "request_id": requestID = try node.text()
            case "errors":
                for error in try node.items("errors") {
                    var item = Item(pointer: "", code: .invalid, detail: "")
                    for member in try error.members("an error") {
                        switch member.key.text {
                        case "pointer": item.pointer = try member.value.text()
                        case "code": item.code = Code(rawValue: try member.value.text()) ?? .invalid
                        case "detail": item.detail = try member.value.text()
                        default: break
                        }
                    }
                    items.append(item)
                }
            default: break
            }
        }
        guard let code, let detail else { throw Rejection("this is no error of the API") }
        self.init(code, detail, items: items)
        self.requestID = requestID
    }
}
