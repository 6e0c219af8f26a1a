import AsyncHTTPClient
public import EmailConnect
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// An account behind HTTP: one request to read it, one to change it.
public struct AccountClient: AccountReader, AccountWriter {
    private let endpoint: Endpoint
    private let http: HTTPClient

    /// The longest that one request may take.
    private static let deadline = TimeAmount.seconds(300)
    /// The largest answer that is not a state, in bytes.
    private static let answerLimit = 64 << 20
    /// The largest answer that is shown as an error, in bytes.
    private static let errorLimit = 4 << 20

    /// Opens a client, gives it to `body`, and shuts it down on every path.
    /// - Throws: ``AccountFailure`` when the CA file cannot be used, and what `body` throws.
    public static func with<T: Sendable>(
        _ endpoint: Endpoint, _ body: (AccountClient) async throws -> T
    ) async throws -> T {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10), read: .seconds(60)))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        if let path = endpoint.caFile {
            var tls = TLSConfiguration.makeClientConfiguration()
            guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
                throw AccountFailure(.unreachable, "the CA file holds no certificate that can be read", "name a file of PEM certificates")
            }
            tls.additionalTrustRoots = [.certificates(certificates)]
            configuration.tlsConfiguration = tls
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let http = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
        do {
            let result = try await body(AccountClient(endpoint: endpoint, http: http))
            await shutDown(http, group)
            return result
        } catch {
            await shutDown(http, group)
            throw error
        }
    }

    /// What people call the server.
    var name: String { endpoint.name }

    private static func shutDown(_ http: HTTPClient, _ group: MultiThreadedEventLoopGroup) async {
        try? await http.shutdown()
        try? await group.shutdownGracefully()
    }

    /// The account from one consistent read, in one request.
    /// - Throws: when the account could not be read, whole.
    public func state(of kinds: [Kind], seenBy viewer: Owner) async throws(AccountFailure) -> AccountState {
        let names = kinds.map(\.plural).joined(separator: ",")
        let response = try await send(.GET, "/state?kinds=\(names)", accept: "application/x-ndjson", isWrite: false)
        do {
            var decoder = StateDecoder(seenBy: viewer)
            for try await chunk in response.body { try decoder.feed(chunk.readableBytesView) }
            return try decoder.finish()
        } catch let rejection as Rejection {
            throw AccountFailure(.unreachable, "\(endpoint.name): \(rejection.problem)", Self.remedy(rejection))
        } catch { throw failure(error, isWrite: false) }
    }

    /// Does a batch as a whole or not at all.
    /// - Throws: when it was refused, or when nobody knows whether it was done.
    public func commit(_ batch: Batch, idempotencyKey: String) async throws(AccountFailure) -> BatchAnswer {
        var json = JSONWriter(reserving: batch.operations.count * 256)
        batch.write(to: &json)
        guard json.bytes.count <= Batch.byteLimit else {
            throw AccountFailure(
                .unreachable, "the plan is larger than one batch may be: \(json.bytes.count) bytes of \(Batch.byteLimit)",
                "apply it in two steps: a manifest with half of the new aliases first")
        }
        let response = try await send(.POST, "/batch", body: json.bytes, idempotencyKey: idempotencyKey, isWrite: true)
        do {
            let bytes = try await response.body.collect(upTo: Self.answerLimit)
            return try BatchAnswer(Array(bytes.readableBytesView))
        } catch { throw failure(error, isWrite: true) }
    }

    /// Says that a token has reached its sink.
    /// - Throws: when the account did not take note.
    public func acknowledge(key id: String, prefix: String) async throws(AccountFailure) {
        var json = JSONWriter()
        json.object { $0.member("prefix", prefix) }
        _ = try await send(.POST, "/api-keys/\(id)/acknowledge", body: json.bytes, isWrite: true)
    }

    private func send(
        _ method: HTTPMethod, _ path: String, accept: String = "application/json", body: [UInt8]? = nil,
        idempotencyKey: String? = nil, isWrite: Bool
    ) async throws(AccountFailure) -> HTTPClientResponse {
        var request = HTTPClientRequest(url: url(path))
        request.method = method
        request.headers.add(name: "Accept", value: accept)
        request.headers.add(name: "User-Agent", value: "reconcile")
        if let key = endpoint.key { request.headers.add(name: "Authorization", value: "Bearer \(key.reveal())") }
        if let account = endpoint.account { request.headers.add(name: "EmailConnect-Account", value: account) }
        if let idempotencyKey { request.headers.add(name: "Idempotency-Key", value: idempotencyKey) }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        let response: HTTPClientResponse
        do { response = try await http.execute(request, deadline: .now() + Self.deadline) } catch { throw failure(error, isWrite: isWrite) }
        let type = response.headers.first(name: "Content-Type")?.lowercased() ?? ""
        switch response.status.code {
        case 200..<300:
            guard response.status.code == 204 || type.hasPrefix(accept) else { throw notTheAPI(response.status, type) }
            return response
        default:
            guard type.hasPrefix("application/problem+json") else { throw notTheAPI(response.status, type) }
            do {
                let bytes = try await response.body.collect(upTo: Self.errorLimit)
                throw refusal(try Problem(Array(bytes.readableBytesView)))
            } catch let failure as AccountFailure { throw failure } catch { throw failure(error, isWrite: isWrite) }
        }
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
