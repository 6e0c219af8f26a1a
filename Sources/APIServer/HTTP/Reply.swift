import EmailConnect
import HTTPTypes
import Hummingbird
import NIOCore

/// Answers.
enum Reply {
    /// A JSON body.
    static func json(_ status: HTTPResponse.Status, _ bytes: [UInt8], etag: String? = nil) -> Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let etag { headers[.eTag] = etag }
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// A text.
    static func text(_ type: String, _ text: String) -> Response {
        Response(status: .ok, headers: [.contentType: type], body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    /// An error's body.
    static func problem(_ problem: Problem) -> Response {
        var json = JSONWriter()
        problem.write(to: &json)
        var headers: HTTPFields = [.contentType: "application/problem+json"]
        if problem.code == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
        if let seconds = problem.retryAfter { headers[.retryAfter] = String(seconds) }
        return Response(
            status: .init(code: problem.code.status), headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }

    /// Whatever was thrown, as an answer. Nothing raw leaves the server.
    static func error(_ error: any Error, requestID: String) -> Response {
        var problem = problem(of: error)
        problem.requestID = requestID
        var response = Self.problem(problem)
        if case let error as MethodNotAllowed = error { response.headers[.allow] = error.allowed }
        return response
    }

    private static func problem(of error: any Error) -> Problem {
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
