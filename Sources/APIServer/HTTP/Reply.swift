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

    /// NDJSON as it is made. The status has been sent when something goes wrong: the last line says then why there is no end line.
    static func lines(_ stream: some LineStream) -> ResponseBody {
        ResponseBody { writer in
            var stream = stream
            do {
                while let bytes = try await stream.next() { try await writer.write(ByteBuffer(bytes: bytes)) }
            } catch let error where StoreFailure.isOfDatabase(error) {
                var json = JSONWriter()
                json.object { $0.member("error", StoreFailure.problem(error).detail) }
                json.endLine()
                try await writer.write(ByteBuffer(bytes: json.bytes))
            }
            try await writer.finish(nil)
        }
    }

    /// An error's body.
    static func problem(_ problem: Problem, in dialect: Dialect) -> Response {
        var json = JSONWriter()
        dialect.writeProblem(problem, &json)
        var headers: HTTPFields = [.contentType: dialect.problemType]
        if problem.code == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
        if let seconds = problem.retryAfter { headers[.retryAfter] = String(seconds) }
        return Response(
            status: .init(code: problem.code.status), headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }

    /// Whatever was thrown, as an answer. Nothing raw leaves the server.
    static func error(_ error: any Error, requestID: String, in dialect: Dialect) -> Response {
        var problem = problem(of: error)
        problem.requestID = requestID
        var response = Self.problem(problem, in: dialect)
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

/// What is read from the database in chunks of lines.
protocol LineStream: Sendable {
    associatedtype Stage
    /// What is still to come, the next one last.
    var stages: [Stage] { get set }
    /// The lines of one stage; it may put the rest of it back.
    /// - Throws: what the database throws.
    mutating func chunk(_ stage: Stage) async throws -> [UInt8]
}

extension LineStream {
    /// The next lines; nil behind the last one.
    /// - Throws: what the database throws.
    mutating func next() async throws -> [UInt8]? {
        while let stage = stages.popLast() {
            let bytes = try await chunk(stage)
            if !bytes.isEmpty { return bytes }
        }
        return nil
    }
}

/// A path that exists, asked in a way that it does not take.
struct MethodNotAllowed: Error {
    /// The methods that it takes.
    let allowed: String
}
