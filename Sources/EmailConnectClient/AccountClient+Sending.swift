import AsyncHTTPClient
import EmailConnect
import NIOCore
import NIOHTTP1

/// One request, as it is sent each time.
struct Request: Sendable {
    var method: HTTPMethod
    var path: String
    var accept: String
    var body: [UInt8]?
    var idempotencyKey: String?

    init(
        _ method: HTTPMethod, _ path: String, accept: String = "application/json", body: [UInt8]? = nil, idempotencyKey: String? = nil
    ) {
        self.method = method
        self.path = path
        self.accept = accept
        self.body = body
        self.idempotencyKey = idempotencyKey
    }

    var isWrite: Bool { method != .GET }
}

/// Why one try did not do.
struct FailedTry: Error {
    var failure: AccountFailure
    var trouble: RetryPolicy.Trouble
}

extension AccountClient {
    /// The longest that one try may take.
    private static let deadline = TimeAmount.seconds(300)
    /// The largest answer that is shown as an error, in bytes.
    private static let errorLimit = 4 << 20

    /// Sends a request until it is answered, as ``RetryPolicy`` says, and reads the answer's body.
    func request<T: Sendable>(
        _ request: Request, _ read: (HTTPClientResponse) async throws -> T
    ) async throws(AccountFailure) -> T {
        let start = pacing.now()
        var attempt = 0
        var mayBeDone = false
        while true {
            var failed: FailedTry
            do throws(FailedTry) { return try await once(request, read) } catch { failed = error }
            // Once a try may have got through, a later one that does not connect says nothing of it.
            if failed.failure.kind == .unknown { mayBeDone = true }
            if mayBeDone, failed.failure.kind == .unreachable {
                failed.failure = AccountFailure(.unknown, failed.failure.problem, Self.again(true))
            }
            let pause = RetryPolicy.pause(
                after: failed.trouble, attempt: attempt, elapsed: pacing.now() - start, limit: pacing.limit, jitter: pacing.jitter())
            guard let pause else { throw failed.failure }
            pacing.waiting(failed.failure.problem, pause)
            do { try await pacing.sleep(pause) } catch { throw failed.failure }
            attempt += 1
        }
    }

    /// Sends a request one time.
    func once<T: Sendable>(
        _ request: Request, _ read: (HTTPClientResponse) async throws -> T
    ) async throws(FailedTry) -> T {
        let response = try await send(request)
        do { return try await read(response) } catch let rejection as Rejection {
            let failure = AccountFailure(
                request.isWrite ? .unknown : .unreachable, "\(name): \(rejection.problem)", Self.remedy(rejection))
            throw FailedTry(failure: failure, trouble: Self.isCutOff(rejection) || request.isWrite ? .broken : .final)
        } catch { throw failed(error, request) }
    }

    /// Whether what was read may be whole the next time; a format that nobody knows stays so.
    private static func isCutOff(_ rejection: Rejection) -> Bool {
        rejection.problem.hasPrefix("malformed JSON") || rejection.problem == StateDecoder.endsEarly
    }

    private func send(_ wanted: Request) async throws(FailedTry) -> HTTPClientResponse {
        var request = HTTPClientRequest(url: url(wanted.path))
        request.method = wanted.method
        request.headers.add(name: "Accept", value: wanted.accept)
        request.headers.add(name: "User-Agent", value: "reconcile")
        if let key = endpoint.key {
            switch endpoint.dialect {
            case .v1: request.headers.add(name: "Authorization", value: "Bearer \(key.reveal())")
            case .app: request.headers.add(name: "X-API-KEY", value: key.reveal())
            }
        }
        if let account = endpoint.account { request.headers.add(name: "EmailConnect-Account", value: account) }
        if let key = wanted.idempotencyKey { request.headers.add(name: "Idempotency-Key", value: key) }
        if let body = wanted.body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        let response: HTTPClientResponse
        do { response = try await http.execute(request, deadline: .now() + Self.deadline) } catch { throw failed(error, wanted) }
        let type = response.headers.first(name: "Content-Type")?.lowercased() ?? ""
        if (200..<300).contains(response.status.code), response.status.code == 204 || type.hasPrefix(wanted.accept) { return response }
        let trouble = Self.trouble(response, isWrite: wanted.isWrite)
        let isProblem = type.hasPrefix("application/problem+json")
        guard isProblem || endpoint.dialect == .app && type.hasPrefix("application/json") && response.status.code >= 400 else {
            throw FailedTry(failure: notTheAPI(response.status, type, isWrite: wanted.isWrite), trouble: trouble)
        }
        do {
            let bytes = Array(try await response.body.collect(upTo: Self.errorLimit).readableBytesView)
            let problem = try isProblem ? Problem(bytes) : Problem(app: bytes, status: Int(response.status.code))
            throw FailedTry(failure: refusal(problem), trouble: problem.code == .damaged ? .final : trouble)
        } catch let failed as FailedTry { throw failed } catch { throw failed(error, wanted) }
    }

    /// What an answer that is no success means for trying again.
    private static func trouble(_ response: HTTPClientResponse, isWrite: Bool) -> RetryPolicy.Trouble {
        switch response.status.code {
        case 429, 503: .busy(retryAfter: response.headers.first(name: "Retry-After").flatMap { Int($0) })
        case 500, 502, 504: .broken
        // A page in place of the answer says nothing about whether a write was done.
        case 200..<300 where isWrite: .broken
        default: .final
        }
    }

    private func failed(_ error: any Error, _ request: Request) -> FailedTry {
        if let rejection = error as? Rejection {
            let failure = AccountFailure(
                request.isWrite ? .unknown : .unreachable, "\(name): \(rejection.problem)", Self.remedy(rejection))
            return FailedTry(failure: failure, trouble: .broken)
        }
        let (failure, trouble) = failure(error, isWrite: request.isWrite)
        return FailedTry(failure: failure, trouble: trouble)
    }

    private func url(_ path: String) -> String {
        switch endpoint.transport {
        case .url(let url): return url.text + path
        case .unixSocket(let socket):
            let host = socket.utf8.map { byte in
                let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                return isPlain ? String(UnicodeScalar(byte)) : "%\(Hex.text([byte]))"
            }.joined()
            return "http+unix://\(host)/v1\(path)"
        }
    }
}
