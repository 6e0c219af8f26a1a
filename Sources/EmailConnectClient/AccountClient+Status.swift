import AsyncHTTPClient
public import EmailConnect
import NIOCore
import NIOHTTP1

extension AccountClient {
    /// The largest domain that is answered alone, in bytes.
    private static let domainLimit = 1 << 20

    /// What the server knows of domains and webhooks by itself, in one request.
    /// - Throws: when it could not be read, whole.
    public func status(of kinds: [Kind]) async throws(AccountFailure) -> AccountStatus {
        let path = "/status?kinds=\(kinds.map(\.plural).joined(separator: ","))"
        return try await request(Request(.GET, path, accept: "application/x-ndjson")) { response in
            var decoder = AccountStatusDecoder()
            for try await chunk in response.body { try decoder.feed(chunk.readableBytesView) }
            return try decoder.finish()
        }
    }

    /// Lets the server look for a domain's DNS records; it writes down what it finds, and nothing else.
    /// - Throws: when it was refused, or nobody answered.
    public func verify(domain id: String) async throws(AccountFailure) -> DomainStatus {
        try await request(Request(.POST, "/domains/\(id)/verify")) { response in
            var json = JSONReader(Array(try await response.body.collect(upTo: Self.domainLimit).readableBytesView))
            return try DomainStatus(json.node())
        }
    }
}
