import EmailConnect
import HTTPTypes
import Synchronization

/// The document's text, made when somebody asks for it and kept.
final class KeptDocument: Sendable {
    private let json = Mutex<[UInt8]?>(nil)

    func json(of routes: [Route]) -> [UInt8] {
        json.withLock { json in
            let made = json ?? OpenAPIDocument(routes).json
            json = made
            return made
        }
    }
}

/// The document that describes the API, made from the route table and the field tables: nothing is stated twice.
/// https://spec.openapis.org/oas/v3.1.1.html
struct OpenAPIDocument {
    private let routes: [Route]

    init(_ routes: [Route]) { self.routes = routes }

    /// The document.
    var json: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("openapi", "3.1.0")
            json.object("info") { json in
                json.member("title", "EmailConnect API")
                json.member("version", "1")
                json.member("summary", "Domains, aliases, webhooks and API keys.")
                json.member("description", Self.introduction)
            }
            json.array("servers") { json in json.object { $0.member("url", "/") } }
            json.array("security") { json in json.object { $0.array("key") { _ in } } }
            json.array("tags") { json in
                for (name, about) in Self.groups {
                    json.object { json in
                        json.member("name", name)
                        json.member("description", about)
                    }
                }
            }
            json.object("paths") { json in
                for (path, routes) in paths { json.object(path) { json in for route in routes { write(route, to: &json) } } }
            }
            json.object("components") { json in
                json.object("securitySchemes") { json in
                    json.object("key") { json in
                        json.member("type", "http")
                        json.member("scheme", "bearer")
                        json.member("bearerFormat", "ec_...")
                        json.member("description", "An API key.")
                    }
                    json.object("header") { json in
                        json.member("type", "apiKey")
                        json.member("in", "header")
                        json.member("name", "X-API-KEY")
                        json.member("description", "An API key, under /api.")
                    }
                }
                json.object("schemas") { json in
                    for (name, schema, about) in Components.all { schema.write(name, about, to: &json) }
                }
                json.object("headers") { json in Self.rateHeaders(to: &json) }
                json.object("responses") { json in
                    for status in Set(routes.flatMap(\.problems).map(\.status)).sorted() {
                        for dialect in [Dialect.documented, .live] { Self.problem(status, in: dialect, to: &json) }
                    }
                }
            }
        }
        return json.bytes
    }

    /// The paths in the order of the table.
    private var paths: [(String, [Route])] {
        var order: [String] = []
        var byPath: [String: [Route]] = [:]
        for route in routes {
            if byPath[route.path] == nil { order.append(route.path) }
            byPath[route.path, default: []].append(route)
        }
        return order.map { ($0, byPath[$0, default: []]) }
    }

    private func write(_ route: Route, to json: inout JSONWriter) {
        json.object(route.method.rawValue.lowercased()) { json in
            json.member("operationId", route.name)
            json.member("summary", route.about)
            json.member("tags", [route.group])
            switch route.access {
            case .open: json.array("security") { _ in }
            case .anyKey: json.member("description", "Takes any key.")
            case .scopes(let scopes):
                json.member("description", "Takes the scope \(scopes.map { "`\($0.rawValue)`" }.joined(separator: ", ")).")
            case .contents(let what): json.member("description", "Takes \(what).")
            }
            if !route.isOpen, route.dialect.keyHeader != nil {
                json.array("security") { json in for name in ["header", "key"] { json.object { $0.array(name) { _ in } } } }
            }
            parameters(route, to: &json)
            if let body = route.body {
                json.object("requestBody") { json in
                    json.member("required", body.isRequired)
                    json.object("content") { json in
                        for type in body.types {
                            json.object(type) { json in
                                body.schema.write("schema", to: &json)
                                json.member("example", json: body.example)
                            }
                        }
                    }
                }
            }
            json.object("responses") { json in
                for answer in route.answers { Self.write(answer, isCounted: !route.isOpen, to: &json) }
                for status in Set(route.problems.map(\.status)).sorted() where !route.answers.contains(where: { $0.status == status }) {
                    json.object(String(status)) { $0.member("$ref", "#/components/responses/\(route.dialect.problemSchema)\(status)") }
                }
            }
        }
    }

    private func parameters(_ route: Route, to json: inout JSONWriter) {
        json.array("parameters") { json in
            func parameter(_ name: String, _ place: String, _ schema: Schema, _ about: String) {
                json.object { json in
                    json.member("name", name)
                    json.member("in", place)
                    if place == "path" { json.member("required", true) }
                    json.member("description", about)
                    schema.write("schema", to: &json)
                }
            }
            if route.path.contains("{id}") { parameter("id", "path", .text(length: 1...64), "The id.") }
            if !route.isOpen {
                parameter("EmailConnect-Account", "header", .text(), "Pins the account: a key of another one is refused.")
            }
            for item in route.parameters { parameter(item.name, "query", item.schema, item.about) }
            for header in route.headers {
                switch header {
                case .ifMatch where route.path == "/v1/batch":
                    parameter("If-Match", "header", Self.etag, "The account's revision: 412 when anything has moved since.")
                case .ifMatch:
                    parameter(
                        "If-Match", "header", Self.etag,
                        "An ETag: 412 when the resource has moved since.")
                case .ifNoneMatch:
                    parameter("If-None-Match", "header", .text(), "An ETag: 304 when nothing has moved since.")
                case .idempotencyKey:
                    parameter(
                        "Idempotency-Key", "header", .text(pattern: "^[!-~]{1,200}$"), "The same request with the same key is done once.")
                }
            }
        }
    }

    private static func write(_ answer: Route.Answer, isCounted: Bool, to json: inout JSONWriter) {
        json.object(String(answer.status)) { json in
            json.member("description", answer.about)
            if isCounted || !answer.headers.isEmpty {
                json.object("headers") { json in
                    if isCounted { references(to: &json) }
                    for (name, about) in answer.headers.sorted(by: { $0.key < $1.key }) {
                        json.object(name) { json in
                            json.member("description", about)
                            Schema.text().write("schema", to: &json)
                        }
                    }
                }
            }
            guard let type = answer.type, let schema = answer.schema else { return }
            json.object("content") { json in
                json.object(type) { json in
                    schema.write("schema", to: &json)
                    if let example = answer.example { json.member("example", json: example) }
                }
            }
        }
    }

    private static func problem(_ status: Int, in dialect: Dialect, to json: inout JSONWriter) {
        let codes = Problem.Code.allCases.filter { $0.status == status }.map { "`\($0.rawValue)`" }
        json.object("\(dialect.problemSchema)\(status)") { json in
            json.member("description", "\(Problem.title(of: status)): \(codes.joined(separator: ", ")).")
            json.object("headers") { json in
                references(to: &json)
                if status == 429 || status == 503 {
                    json.object("Retry-After") { json in
                        json.member("description", "Seconds after which it makes sense to ask again.")
                        Schema.integer(0...86_400).write("schema", to: &json)
                    }
                }
            }
            json.object("content") { json in
                json.object(dialect.problemType) { json in Schema.named(dialect.problemSchema).write("schema", to: &json) }
            }
        }
    }

    private static let etag = Schema.text(pattern: #"^(\*|"(0|[1-9][0-9]{0,17})"|(0|[1-9][0-9]{0,17}))$"#)

    private static let rateNames = [
        "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-Id", "RateLimit-Policy", "RateLimit",
    ]

    private static func references(to json: inout JSONWriter) {
        for name in rateNames { json.object(name) { $0.member("$ref", "#/components/headers/\(name)") } }
    }

    private static func rateHeaders(to json: inout JSONWriter) {
        let about = [
            "Requests that the account may send in the window: the one that refused, else the hour.", "How many of them are left.",
            "When the window begins anew, in seconds since 1970.", "As in the server's log.", "Each window: how many, in how many seconds.",
            "Each window: how many are left, and for how many seconds.",
        ]
        for (name, about) in zip(rateNames, about) {
            json.object(name) { json in
                json.member("description", about)
                (name.hasPrefix("X-RateLimit") ? Schema.integer(0...Schema.largest) : .text()).write("schema", to: &json)
            }
        }
    }

    private static let groups = [
        ("Domains", "A domain receives mail."), ("Aliases", "An alias is a mailbox name on a domain; `*` takes what no other takes."),
        ("Webhooks", "A webhook is the HTTPS endpoint that gets a message as signed JSON."),
        ("Emails", "What came in, and what became of it."), ("API keys", "A key lets a program use the API with limited scopes."),
        ("Account", "The account as a whole."), ("History", "Who did what, when."),
        ("Live dialect", "What EmailConnect's n8n node speaks: the same account under other names. `/api/v1` is the same as `/api`."),
        ("Server", "The server itself."),
    ]

    private static let introduction = """
        **Authentication.** Send an API key with every request: `Authorization: Bearer ec_...`. Keys are made on the page \
        `/settings`, by `POST /v1/api-keys`, or by `reconcile apply`. Each is shown once; the server keeps its SHA-256. A key has \
        scopes, may expire, and may be held to IP ranges.

        **Rate limits.** 100 requests a minute, 1,000 an hour, 10,000 a day for an account; Pro has twice that, Enterprise its own. A \
        batch counts as one request. Every answer says what is left (`X-RateLimit-Limit`, `-Remaining`, `-Reset`; `RateLimit` for \
        each window). Over it: 429 with `Retry-After`.

        **Errors** are `application/problem+json` (RFC 9457) with a `code` for programs, a `request_id`, and in `errors` each \
        single thing that is wrong, with a JSON pointer. A request that is refused changes nothing.

        **Lists** take `page` and `limit`, or `limit` and `cursor`; a cursor is stable while others write.

        **Two dialects.** `/v1` is what EmailConnect documents. Under `/api` and `/api/v1` the same account speaks to EmailConnect's n8n node \
        and what is built like it: the key in `X-API-KEY`, names in camelCase, lists whole, errors as `statusCode`, `error`, `message`.

        **Preconditions.** `ETag` is a resource's version; send it as `If-Match` to change only what you have seen.
        """
}

extension Route {
    var isOpen: Bool { if case .open = access { true } else { false } }
}
