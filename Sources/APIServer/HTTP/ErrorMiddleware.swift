import EmailConnect
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// The outermost middleware: gives each request an id, turns whatever is thrown into problem+json, adds the headers that
/// every answer has. Nothing raw leaves the server.
struct ErrorMiddleware: RouterMiddleware {
    let random: Randomness

    func handle(
        _ request: Request, context: ConnectionContext, next: @concurrent (Request, ConnectionContext) async throws -> Response
    ) async throws -> Response {
        let requestID = "req_" + random.identifier(12)
        var response: Response
        do { response = try await next(request, context) } catch {
            var problem = Self.problem(error)
            problem.requestID = requestID
            if problem.code.status >= 500 {
                context.logger.error(
                    "request failed",
                    metadata: ["request_id": "\(requestID)", "path": "\(request.uri.path)", "error": "\(type(of: error))"])
            }
            response = Reply.problem(problem)
            if case let error as MethodNotAllowed = error { response.headers[.allow] = error.allowed }
        }
        response.headers[HTTPField.Name.requestID] = requestID
        response.headers[HTTPField.Name.contentTypeOptions] = "nosniff"
        response.headers[.cacheControl] = "no-store"
        return response
    }

    private static func problem(_ error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case let rejection as Rejection: Problem(rejection)
        case is MethodNotAllowed: Problem(.methodNotAllowed, "this path does not take that method")
        case let error as HTTPError where error.status == .notFound: Problem(.notFound, "there is nothing at this path")
        case let error as HTTPError where error.status.code < 500: Problem(.malformed, "the request is malformed")
        case let error: StoreFailure.problem(error)
        }
    }
}

/// A path that exists, asked in a way that it does not take.
struct MethodNotAllowed: Error {
    /// The methods that it takes.
    let allowed: String
}

extension HTTPField.Name {
    static let requestID = HTTPField.Name(parsed: "x-request-id") ?? .location
    static let contentTypeOptions = HTTPField.Name(parsed: "x-content-type-options") ?? .location
    static let idempotencyKey = HTTPField.Name(parsed: "idempotency-key") ?? .location
    /// Pins the account: a key of another one is refused before anything is read or written.
    static let account = HTTPField.Name(parsed: "emailconnect-account") ?? .location
}
