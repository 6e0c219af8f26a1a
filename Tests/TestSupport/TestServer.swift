public import APIServer
import EmailConnect
public import EmailConnectClient
import Foundation
import Logging

/// A bundled server on a database of its own, over a socket.
public struct TestServer: Sendable {
    /// Where it keeps its account.
    public let scratch: Scratch
    /// The port, for a server with keys.
    public let port: Int
    /// The first key, for a server with keys.
    public let key: String
    /// The way to it as the first key's holder, or as the local principal.
    public let endpoint: Endpoint

    /// Runs a server as long as `body` does.
    /// - Parameter access: with keys over TCP, or local over a Unix socket.
    public static func with<T: Sendable>(
        _ access: BundledServer.Access = .keys, scratch: Scratch? = nil, clock: Clock = .system, limitsRequests: Bool = false,
        _ body: (TestServer) async throws -> T
    ) async throws -> T {
        let scratch = try scratch ?? Scratch()
        var options = ServerOptions()
        options.limitsRequests = limitsRequests
        let server = try await BundledServer(
            database: scratch.file("account.db"), access: access, options: options,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clock: clock)
        let isLocal = if case .local = access { true } else { false }
        let first = isLocal ? nil : try await server.makeFirstKey()
        if let first { try await server.handOver(firstKey: first) }
        let key = first?.reveal() ?? ""
        let socket = scratch.file("s")
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let running = Task {
            defer { port.finish() }
            try await server.run(at: isLocal ? .unix(path: socket) : .tcp(host: "127.0.0.1", port: 0), handlesSignals: false) {
                port.yield($0)
            }
        }
        var bound: Int?
        for await number in ports {
            bound = number
            break
        }
        guard let bound else {
            try await running.value
            throw CancellationError()
        }
        let endpoint =
            isLocal
            ? Endpoint(.unixSocket(path: socket), key: nil)
            : Endpoint(.url(try Endpoint.url("http://127.0.0.1:\(bound)/v1")), key: Secret(key))
        let result: Result<T, any Error>
        do {
            result = .success(try await body(TestServer(scratch: scratch, port: bound, key: key, endpoint: endpoint)))
        } catch { result = .failure(error) }
        running.cancel()
        _ = await running.result
        return try result.get()
    }
}
