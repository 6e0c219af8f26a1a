import EmailConnect
import HTTPTypes
import Hummingbird

/// The route table: a loop over the kinds, and what is special.
struct Routes: Sendable {
    let store: Store
    let ledger: Ledger
    let authenticator: Authenticator
    let clock: Clock
    let random: Randomness
    let largeBodies = LargeBodies()

    typealias Handler = @Sendable (Call) async throws -> Response

    /// The router with every route. A path answers 405 to a method that it does not take.
    func router() -> Router<ConnectionContext> {
        let router = Router(context: ConnectionContext.self)
        router.add(middleware: ErrorMiddleware(random: random))
        var open: [(HTTPRequest.Method, String, Handler)] = []
        open += collection(Webhook.self) + collection(Domain.self) + collection(Alias.self) + collection(APIKey.self)
        open += [
            (.get, "/v1/state", state), (.post, "/v1/batch", batch), (.get, "/v1", root),
            (.post, "/v1/api-keys/:id/acknowledge", acknowledge), (.post, "/v1/api-keys/:id/revoke", revoke),
            (.post, "/v1/api-keys/:id/rotate", rotate), (.get, "/v1/applies", applies), (.get, "/v1/changes", changes),
        ]
        var methods: [String: [HTTPRequest.Method]] = [:]
        for (method, path, handler) in open {
            methods[path, default: []].append(method)
            router.on(RouterPath(path), method: method) { request, context in
                try await handler(authenticated(request, context))
            }
        }
        methods["/health"] = [.get]
        router.on("/health", method: .get) { _, _ in
            _ = try await store.read { try $0.first("SELECT 1") { $0.integer(0) } }
            return Reply.json(.ok, Array(#"{"status":"ok"}"#.utf8))
        }
        let all: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete, .head, .options]
        for (path, taken) in methods {
            let allowed = taken.map(\.rawValue).sorted().joined(separator: ", ")
            for method in all where !taken.contains(method) {
                router.on(RouterPath(path), method: method) { _, _ -> Response in throw MethodNotAllowed(allowed: allowed) }
            }
        }
        return router
    }

    private func authenticated(_ request: Request, _ context: ConnectionContext) async throws -> Call {
        let caller = try await authenticator.caller(request.headers[.authorization], from: context.address)
        if let pinned = request.headers[HTTPField.Name.account], pinned != caller.accountID {
            throw Problem(.wrongAccount, "the API key belongs to account \(caller.accountID), not to \(pinned.prefix(64))")
        }
        return Call(request: request, context: context, caller: caller)
    }

    private func root(_ call: Call) async throws -> Response {
        _ = try call.query()
        var json = JSONWriter()
        json.object { json in
            json.member("name", "EmailConnect API")
            json.member("version", "v1")
            json.member("account_id", call.caller.accountID)
            json.member("scopes", call.caller.scopes.list.map(\.rawValue))
        }
        return Reply.json(.ok, json.bytes)
    }
}
