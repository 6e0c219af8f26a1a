import AsyncHTTPClient
public import EmailConnect
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import OutgoingHTTP

/// An account behind HTTP: one request to read it, one to change it.
public struct AccountClient: AccountReader, AccountWriter {
    let endpoint: Endpoint
    let http: HTTPClient
    let pacing: Pacing

    /// The largest answer that is not a state, in bytes.
    static let answerLimit = 64 << 20

    /// Opens a client, gives it to `body`, and shuts it down on every path.
    /// - Throws: ``AccountFailure`` when the CA file cannot be used, and what `body` throws.
    public static func with<T: Sendable>(
        _ endpoint: Endpoint, pacing: Pacing = .system, _ body: (AccountClient) async throws -> T
    ) async throws -> T {
        var configuration = HTTPClient.Configuration.outgoing(read: .seconds(60))
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
            let result = try await body(AccountClient(endpoint: endpoint, http: http, pacing: pacing))
            await shutDown(http, group)
            return result
        } catch {
            await shutDown(http, group)
            throw error
        }
    }

    /// The same server by `/api`; nil for a server in this process.
    public var appEndpoint: Endpoint? { endpoint.app }

    /// Whether the URL itself is that of `/api`.
    public var isApp: Bool { endpoint.isApp }

    /// The same connections to another place, or for another dialect.
    func speaking(to endpoint: Endpoint) -> AccountClient { AccountClient(endpoint: endpoint, http: http, pacing: pacing) }

    /// What people call the server.
    var name: String { endpoint.name }

    private static func shutDown(_ http: HTTPClient, _ group: MultiThreadedEventLoopGroup) async {
        try? await http.shutdown()
        try? await group.shutdownGracefully()
    }

    /// The account from one consistent read, in one request.
    /// - Throws: when the account could not be read, whole.
    public func state(of kinds: [Kind], seenBy viewer: Viewer) async throws(AccountFailure) -> AccountState {
        try await request(Request(.GET, "/state?kinds=\(Self.names(kinds))", accept: "application/x-ndjson")) { response in
            var decoder = StateDecoder(seenBy: viewer)
            for try await chunk in response.body { try decoder.feed(chunk.readableBytesView) }
            return try decoder.finish()
        }
    }

    /// The bytes of the account's state, without secrets and without fingerprints of them, once they are known to be whole.
    /// - Throws: when the account could not be read, whole.
    public func savedState() async throws(AccountFailure) -> [UInt8] {
        let path = "/state?kinds=\(Self.names(Kind.allCases))&compare=false"
        return try await request(Request(.GET, path, accept: "application/x-ndjson")) { response in
            var decoder = StateDecoder(seenBy: Viewer(nil))
            var bytes: [UInt8] = []
            for try await chunk in response.body {
                bytes += chunk.readableBytesView
                try decoder.feed(chunk.readableBytesView)
            }
            _ = try decoder.finish()
            return bytes
        }
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
        return try await request(Request(.POST, "/batch", body: json.bytes, idempotencyKey: idempotencyKey)) { response in
            try BatchAnswer(Array(try await response.body.collect(upTo: Self.answerLimit).readableBytesView))
        }
    }

    /// Says that a token has reached its sink.
    /// - Throws: when the account did not take note.
    public func acknowledge(key id: String, prefix: String) async throws(AccountFailure) {
        var json = JSONWriter()
        json.object { $0.member("prefix", prefix) }
        try await request(Request(.POST, "/api-keys/\(id)/acknowledge", body: json.bytes)) { _ in }
    }

    /// The latest apply of an owner whose digest begins so; nil when the account has taken none.
    /// - Throws: when the account could not be read.
    public func applied(_ digest: String, by owner: Owner) async throws(AccountFailure) -> ApplyRecord? {
        try await applies("digest=\(digest)&owner=\(owner.text)&limit=1").records.first
    }

    /// A page of what was applied, the latest first.
    /// - Parameters:
    ///   - owner: only this one's.
    ///   - limit: at most 100.
    ///   - cursor: where the page before ended.
    /// - Throws: when the account could not be read.
    public func history(
        of owner: Owner?, limit: Int, after cursor: String?
    ) async throws(AccountFailure) -> (records: [ApplyRecord], next: String?) {
        let parts = ["limit=\(limit)"] + (owner.map { ["owner=\($0.text)"] } ?? []) + (cursor.map { ["cursor=\($0)"] } ?? [])
        return try await applies(parts.joined(separator: "&"))
    }

    private func applies(_ query: String) async throws(AccountFailure) -> (records: [ApplyRecord], next: String?) {
        try await request(Request(.GET, "/applies?\(query)")) { response in
            var json = JSONReader(Array(try await response.body.collect(upTo: Self.answerLimit).readableBytesView))
            var records: [ApplyRecord] = []
            var next: String?
            for member in try json.node().members("a list") {
                if member.key.text == "data" { for item in try member.value.items("a list") { records.append(try ApplyRecord(item)) } }
                if member.key.text == "next_cursor", !member.value.isNull { next = try member.value.text() }
            }
            return (records, next)
        }
    }

    /// How every API key was used.
    /// - Throws: when the account could not be read.
    public func keyUse() async throws(AccountFailure) -> [KeyUse] {
        var found: [KeyUse] = []
        var cursor: String?
        repeat {
            let query = "limit=100" + (cursor.map { "&cursor=\($0)" } ?? "")
            let page = try await request(Request(.GET, "/activity?\(query)")) { response in
                var json = JSONReader(Array(try await response.body.collect(upTo: Self.answerLimit).readableBytesView))
                return try KeyUse.page(json.node())
            }
            found += page.uses
            cursor = page.next
        } while cursor != nil
        return found
    }

    /// Makes an API key that nobody manages. A lost answer loses it: it is for keys that end by themselves.
    /// - Returns: the key, which is shown once.
    /// - Throws: when it was refused, or when nobody knows whether it was done.
    public func create(_ key: APIKey) async throws(AccountFailure) -> Secret {
        var json = JSONWriter()
        json.object { key.write(key.worthWriting, to: &$0) }
        return try await request(Request(.POST, "/api-keys", body: json.bytes)) { response in
            var json = JSONReader(Array(try await response.body.collect(upTo: Self.answerLimit).readableBytesView))
            for member in try json.node().members("a key") where member.key.text == "api_key" { return Secret(try member.value.text()) }
            throw Rejection("the answer has no key")
        }
    }

    /// Ends an API key at once; what is left is a tombstone.
    /// - Throws: when it was refused, or when nobody knows whether it was done.
    public func revoke(key id: String) async throws(AccountFailure) {
        try await request(Request(.POST, "/api-keys/\(id)/revoke")) { _ in }
    }

    private static func names(_ kinds: [Kind]) -> String { kinds.map(\.plural).joined(separator: ",") }
}
