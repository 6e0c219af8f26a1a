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
    let inlet: Inlet
    let verifier: Verifier
    let largeBodies = LargeBodies()
    let document = KeptDocument()

    /// Every route, in the order of the document.
    var all: [Route] {
        collection(Domain.self) + collection(Alias.self) + collection(Webhook.self) + emailRoutes + deliveryRoutes + collection(APIKey.self)
            + keyRoutes + verificationRoutes
            + accountRoutes
            + historyRoutes + liveRoutes + operationRoutes
    }

    /// The router with every route. A path answers 405 to a method that it does not take, and says to OPTIONS what it takes.
    func router() -> Router<ConnectionContext> {
        let router = Router(context: ConnectionContext.self, options: .autoGenerateHeadEndpoints)
        let (routes, pages) = (all, pages.routes(documenting: all))
        let paths = KnownPaths(routes.flatMap { route in route.paths.map { ($0, route.method) } } + pages.map { ($0.path, $0.method) })
        router.add(middleware: AnswerMiddleware(random: random, gate: gate, metrics: metrics, paths: paths, logger: logger))
        for route in routes {
            for path in route.paths {
                router.on(Route.routerPath(path), method: route.method) { request, context in try await answer(route, request, context) }
            }
        }
        for page in pages {
            router.on(Route.routerPath(page.path), method: page.method, use: page.handler)
        }
        return router
    }

    private func answer(_ route: Route, _ request: Request, _ context: ConnectionContext) async throws -> Response {
        let caller: Caller
        switch route.access {
        case .open:
            context.notes.doNotCount()
            caller = .nobody
        case .anyKey, .scopes, .contents:
            caller = try await gate.enter(request, try route.dialect.headers(request.headers), context)
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
