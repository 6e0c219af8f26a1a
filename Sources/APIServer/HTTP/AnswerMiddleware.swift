import EmailConnect
import HTTPTypes
import Hummingbird
import Logging

/// The outermost middleware: gives each request an id, turns whatever is thrown into the error of its dialect, adds the headers that every
/// answer has, counts and logs it.
struct AnswerMiddleware: RouterMiddleware {
    let random: Randomness
    let gate: Gate
    let metrics: Metrics
    let paths: KnownPaths
    let logger: Logger

    func handle(
        _ request: Request, context: ConnectionContext, next: @concurrent (Request, ConnectionContext) async throws -> Response
    ) async throws -> Response {
        let id = "req_" + random.identifier(12)
        let dialect = Dialect.at(request.uri.path)
        context.notes.begin(id)
        let start = ContinuousClock.now
        metrics.begin()
        var failure: (any Error)?
        var response: Response
        do { response = try await answer(request, context, next) } catch {
            failure = error
            response = Reply.error(error, requestID: id, in: dialect)
        }
        if let refusal = gate.countNobody(request, context) { response = Reply.error(refusal, requestID: id, in: dialect) }
        let found = context.notes.found
        found.quota?.write(to: &response.headers)
        response.headers[.requestID] = id
        response.headers[.contentTypeOptions] = "nosniff"
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        response.body = context.limited(response.body)
        gate.note(found, request, context)
        let duration = ContinuousClock.now - start
        metrics.end(request.method.rawValue, context.endpointPath ?? "none", Int(response.status.code), duration)
        log(request, context, found, response, failure, duration)
        return response
    }

    /// What the routes answer; OPTIONS, and a method that a path does not take, are none of theirs.
    private func answer(
        _ request: Request, _ context: ConnectionContext, _ next: @concurrent (Request, ConnectionContext) async throws -> Response
    ) async throws -> Response {
        if request.method == .options, let allowed = paths.allowed(at: request.uri.path) {
            context.notes.doNotCount()
            return Response(status: .noContent, headers: [.allow: allowed])
        }
        do { return try await next(request, context) } catch let error as HTTPError where error.status == .notFound {
            throw paths.allowed(at: request.uri.path).map { MethodNotAllowed(allowed: $0) } ?? error as any Error
        }
    }

    /// One line a request, by the route and not by what was sent: a query, a path or a header may hold what nobody should keep.
    private func log(
        _ request: Request, _ context: ConnectionContext, _ found: RequestNotes.Found, _ response: Response, _ failure: (any Error)?,
        _ duration: Duration
    ) {
        let level: Logger.Level = response.status.code >= 500 ? .error : .info
        guard level >= logger.logLevel else { return }
        var metadata: Logger.Metadata = [
            "request_id": "\(found.id)", "method": "\(request.method.rawValue)", "route": "\(context.endpointPath ?? "none")",
            "status": "\(response.status.code)", "ms": "\(Int(duration / .milliseconds(1)))",
        ]
        if let caller = found.caller {
            metadata["account"] = "\(caller.accountID)"
            metadata["actor"] = "\(caller.actor)"
        }
        if let address = gate.address(of: request, context) { metadata["address"] = "\(IPAddress.text(address))" }
        if level == .error, let failure { metadata["error"] = "\(type(of: failure))" }
        logger.log(level: level, level == .error ? "request failed" : "request", metadata: metadata)
    }
}
