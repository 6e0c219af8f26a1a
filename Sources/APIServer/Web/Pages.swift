import EmailConnect
import HTTPTypes
import Hummingbird
import Mustache
import NIOCore

/// The web pages: small, made on the server, without a script but for the API's reference.
struct Pages: Sendable {
    typealias Handler = @Sendable (Request, ConnectionContext) async throws -> Response

    /// One page or what it needs.
    struct Route: Sendable {
        let method: HTTPRequest.Method
        /// With `{id}` for an id.
        let path: String
        let handler: Handler

        init(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Handler) {
            self.method = method
            self.path = path
            self.handler = handler
        }
    }

    let store: Store
    let ledger: Ledger
    let gate: Gate
    let clock: Clock
    let random: Randomness
    let options: ServerOptions
    let templates: PageTemplates
    let inlet: Inlet

    /// Every page and what it needs.
    /// - Parameter documented: the routes that the reference shows.
    func routes(documenting documented: [APIServer.Route]) -> [Route] {
        loginRoutes + settingsRoutes + webhookRoutes + mailRoutes + docsRoutes(documented) + [
            .init(.get, "/", { _, _ in Self.redirect("/settings/api-keys") }),
            .init(.get, "/assets/style.css", { _, context in Self.asset(context, "text/css; charset=utf-8", StyleSheet.text) }),
        ]
    }

    /// One page.
    struct Page {
        var title: String
        var template: String
        var status = HTTPResponse.Status.ok
        /// The tab that it is.
        var tab = ""
        /// Nobody is logged in: no tabs, no way out.
        var isOutside = false
    }

    /// Writes a page around its content.
    func answer(_ page: Page, _ content: [String: Any], session: WebSession?) throws -> Response {
        var whole = content
        whole["title"] = page.title
        whole["isInside"] = !page.isOutside
        whole["pageToken"] = session?.pageToken
        whole["tabs"] = Self.tabs.map { ["name": $0.name, "path": $0.path, "isHere": $0.path == page.tab] as [String: Any] }
        let html = try templates.render(page.template, whole)
        return Response(
            status: page.status, headers: Self.headers(type: "text/html; charset=utf-8"), body: .init(byteBuffer: ByteBuffer(string: html)))
    }

    private static let tabs = [
        (name: "API Keys", path: "/settings/api-keys"), (name: "Domains", path: "/settings/domains"),
        (name: "Webhooks", path: "/settings/webhooks"), (name: "Mail", path: "/settings/mail"),
        (name: "Activity", path: "/settings/activity"),
        (name: "API reference", path: "/docs"),
    ]

    /// What keeps a page from being framed, sniffed, kept, or made to run what is not the server's own.
    /// https://www.w3.org/TR/CSP3/ (No referrer at all would make a browser send `Origin: null` with our own forms.)
    static func headers(type: String) -> HTTPFields {
        [
            .contentType: type, .frameOptions: "DENY", .referrerPolicy: "same-origin",
            .contentSecurityPolicy: """
            default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; \
            base-uri 'none'; frame-ancestors 'none'
            """,
        ]
    }

    static func redirect(_ path: String) -> Response {
        var headers = headers(type: "text/plain")
        headers[.location] = path
        return Response(status: .seeOther, headers: headers)
    }

    static func asset(_ context: ConnectionContext, _ type: String, _ text: String) -> Response {
        context.notes.doNotCount()
        var headers = headers(type: type)
        headers[.cacheControl] = "max-age=300"
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    /// Answers a page's request: only under a name that the server has, and only for who is logged in.
    func inside(_ body: @escaping @Sendable (PageCall) async throws -> Response) -> Handler {
        readable { request, context in
            try checkHost(request)
            guard let session = WebSession(request.headers) else { return Self.redirect("/login") }
            let caller: Caller
            do { caller = try await gate.authenticator.caller(session, from: gate.address(of: request, context)) } catch let problem
                as Problem
            {
                var response = Self.redirect("/login")
                if problem.code == .unauthorized { response.headers[.setCookie] = cookie("", age: 0) }
                return response
            }
            try gate.admit(caller, context)
            return try await body(PageCall(request: request, context: context, caller: caller, session: session))
        }
    }

    /// Whatever is refused, as a page and not as JSON.
    func readable(_ body: @escaping Handler) -> Handler {
        { request, context in
            do { return try await body(request, context) } catch let problem as Problem {
                let page = Page(
                    title: "This cannot be done", template: "refused", status: .init(code: problem.code.status), isOutside: true)
                var response = try answer(page, ["problem": problem.detail], session: nil)
                if let seconds = problem.retryAfter { response.headers[.retryAfter] = String(seconds) }
                return response
            }
        }
    }

    /// As ``inside(_:)``, for what changes something: the page's own token has to come along.
    func acting(_ body: @escaping @Sendable (PageCall, [UInt8]) async throws -> Response) -> Handler {
        inside { call in
            try checkOrigin(call.request)
            let form = try await call.context.body(of: call.request, upTo: 64 << 10)
            let token = try Self.decode(TokenForm.self, form).pageToken
            guard call.session.isToken(token ?? "") else { throw Problem(.forbidden, "the page's token is missing; load the page again") }
            return try await body(call, form)
        }
    }

    private struct TokenForm: Decodable { var pageToken: String? }

    /// Reads a form. https://url.spec.whatwg.org/#application/x-www-form-urlencoded
    static func decode<Form: Decodable>(_: Form.Type, _ bytes: [UInt8]) throws(Problem) -> Form {
        do { return try URLEncodedFormDecoder().decode(Form.self, from: String(decoding: bytes, as: UTF8.self)) } catch {
            throw Problem(.malformed, "the form is malformed")
        }
    }

    /// Refuses a name that another site gave this address: its pages would be of one origin with ours.
    func checkHost(_ request: Request) throws(Problem) {
        guard options.hosts.allow(request.head.authority) else {
            throw Problem(.forbidden, "this server has no pages under that name; start it with --public-url URL")
        }
    }

    /// Refuses a form that another site sent.
    func checkOrigin(_ request: Request) throws(Problem) {
        guard let origin = request.headers[.origin] else { return }
        let host = origin.split(separator: "/").last.map(String.init)
        guard host == request.head.authority || host.map(options.hosts.isPublic) == true else {
            throw Problem(.forbidden, "the form came from another site")
        }
    }

    func cookie(_ token: String, age: Int) -> String {
        let secure = options.isSecure ? "; Secure" : ""
        return "\(WebSession.cookieName)=\(token); Path=/; Max-Age=\(age); HttpOnly; SameSite=Strict\(secure)"
    }
}

/// One request of somebody who is logged in.
struct PageCall: Sendable {
    let request: Request
    let context: ConnectionContext
    let caller: Caller
    let session: WebSession

    /// The id in the path.
    var id: String { context.parameters.get("id") ?? "" }
}
