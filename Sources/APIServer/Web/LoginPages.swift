import EmailConnect
import HTTPTypes
import Hummingbird

extension Pages {
    var loginRoutes: [Route] {
        [
            .init(
                .get, "/login",
                readable { request, context in
                    try checkHost(request)
                    context.notes.doNotCount()
                    // A link is used by the button, not by opening it: what only previews it would use it up.
                    return try login(link: request.uri.queryParameters["link"].map(String.init), nil)
                }
            ),
            .init(.post, "/login", readable { try await enter($0, $1) }),
            .init(
                .post, "/logout",
                acting { call, _ in
                    let session = call.session
                    try await store.write { try session.end(in: $0) }
                    var response = Self.redirect("/login")
                    response.headers[.setCookie] = cookie("", age: 0)
                    return response
                }
            ),
        ]
    }

    private struct Form: Decodable {
        var key: String?
        var link: String?
    }

    private func login(link: String?, _ problem: String?) throws -> Response {
        var content: [String: Any] = [:]
        content["link"] = link
        content["problem"] = problem
        return try answer(
            Page(title: "Log in", template: "login", status: problem == nil ? .ok : .forbidden, isOutside: true), content, session: nil)
    }

    private func enter(_ request: Request, _ context: ConnectionContext) async throws -> Response {
        try checkHost(request)
        try checkOrigin(request)
        // Before a link is used up, and before a key is looked at.
        try gate.admitStranger(request, context)
        let form = try Self.decode(Form.self, try await context.body(of: request, upTo: 4096))
        let now = clock.now()
        let session = WebSession(random)
        if let link = form.link, !link.isEmpty {
            let isKnown = try await store.write { transaction in
                guard let account = try WebSession.useLink(link, at: now, in: transaction) else { return false }
                try session.begin(account, prefix: nil, at: now, in: transaction)
                return true
            }
            guard isKnown else {
                return try login(link: nil, "The link was used already, or is too old. Make another: reconcile serve link.")
            }
        } else {
            let key = (form.key ?? "").filter { !$0.isWhitespace }
            let caller: Caller
            do { caller = try await gate.authenticator.key(key, from: gate.address(of: request, context)) } catch let problem as Problem {
                return try login(link: nil, problem.detail)
            }
            try gate.admit(caller, context)
            try await store.write { try session.begin(caller.accountID, prefix: caller.tokenPrefix, at: now, in: $0) }
        }
        var response = Self.redirect("/settings/api-keys")
        response.headers[.setCookie] = cookie(session.token, age: WebSession.lifetime)
        return response
    }
}
