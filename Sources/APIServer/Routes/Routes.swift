import EmailConnect
import HTTPTypes
import Hummingbird
import Logging

/// The API's routes: a loop over the kinds, and what is special.
package struct Routes: Sendable {
    let store: Store
    let ledger: Ledger
    let gate: Gate
    let metrics: Metrics
    let clock: Clock
    let random: Randomness
    let logger: Logger
    let pages: Pages
    let largeBodies = LargeBodies()
    let document = KeptDocument()

    /// Every route, in the order of the document.
    var all: [Route] {
        collection(Domain.self) + collection(Alias.self) + collection(Webhook.self) + collection(APIKey.self) + keyRoutes + accountRoutes
            + historyRoutes + operationRoutes
    }

    /// The router with every route. A path answers 405 to a method that it does not take, and says to OPTIONS what it takes.
    func router() -> Router<ConnectionContext> {
        let router = Router(context: ConnectionContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: AnswerMiddleware(random: random, gate: gate, metrics: metrics, logger: logger))
        var methods: [String: [HTTPRequest.Method]] = [:]
        for route in all {
            methods[route.path, default: []].append(route.method)
            router.on(route.routerPath, method: route.method) { request, context in try await answer(route, request, context) }
        }
        for page in pages.routes(documenting: all) {
            methods[page.path, default: []].append(page.method)
            router.on(RouterPath(page.path.replacing("{id}", with: ":id")), method: page.method, use: page.handler)
        }
        for (path, taken) in methods { refuseOthers(router, path, taken) }
        return router
    }

    private func refuseOthers(_ router: Router<ConnectionContext>, _ path: String, _ taken: [HTTPRequest.Method]) {
        let path = RouterPath(path.replacing("{id}", with: ":id"))
        let reading: [HTTPRequest.Method] = taken.contains(.get) ? [.head, .options] : [.options]
        let allowed = (taken + reading).map(\.rawValue).sorted().joined(separator: ", ")
        router.on(path, method: .options) { _, context in
            context.notes.doNotCount()
            return Response(status: .noContent, headers: [.allow: allowed])
        }
        for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete, .head, .trace, .connect] {
            guard !taken.contains(method), !reading.contains(method) else { continue }
            router.on(path, method: method) { _, _ -> Response in throw MethodNotAllowed(allowed: allowed) }
        }
    }

    private func answer(_ route: Route, _ request: Request, _ context: ConnectionContext) async throws -> Response {
        let caller: Caller
        switch route.access {
        case .open:
            context.notes.doNotCount()
            caller = .nobody
        case .anyKey, .scopes, .contents:
            caller = try await gate.enter(request, context)
            if let pinned = request.headers[HTTPField.Name.account], pinned != caller.accountID {
                throw Problem(.wrongAccount, "the API key belongs to account \(caller.accountID), not to \(pinned.prefix(64))")
            }
        }
        let call = Call(route: route, request: request, context: context, caller: caller)
        if case .scopes(let scopes) = route.access { try call.require(scopes) }
        return try await route.handler(call)
    }
}

extension Caller {
    /// Whoever asks for what is open to anybody.
    fileprivate static let nobody = Caller(accountID: "", actor: "", scopes: .none, limits: AccountLimits(.free))
}
