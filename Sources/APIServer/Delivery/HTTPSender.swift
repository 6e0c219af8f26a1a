import AsyncHTTPClient
import EmailConnect
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import OutgoingHTTP

/// Sends a message to its webhook: one POST to an address that was checked, no redirects, and so much time for all of it.
struct HTTPSender: Sendable {
    let targets: WebhookTargets
    /// Finds a host's addresses.
    var resolve: @Sendable (String) async -> [[UInt8]] = { await Resolver.addresses($0) }

    /// How long all of it may take.
    var deadline = TimeAmount.seconds(30)
    /// How much of an answer is read, in bytes.
    private static let answerLimit = 16 << 10

    /// Makes an attempt.
    func send(_ outgoing: Outgoing) async -> Attempt {
        let start = ContinuousClock.now
        let result: Result<Attempt.Answer, DeliveryFailure>
        do throws(DeliveryFailure) { result = .success(try await answer(outgoing)) } catch { result = .failure(error) }
        return Attempt(milliseconds: Int((ContinuousClock.now - start) / .milliseconds(1)), result: result)
    }

    /// The address to connect to. A host with one address that is refused is refused: which one is taken would be chance.
    func target(of host: String) async throws(DeliveryFailure) -> [UInt8] {
        guard let addresses = await found(host) else { throw .timeout }
        guard let first = addresses.first else { throw .unresolvable }
        guard addresses.allSatisfy(targets.allow) else { throw .addressRefused }
        return IPAddress.unmapped(first)
    }

    /// What the host's addresses are; nil when it takes too long. A look-up cannot be broken off: it comes to its end unheard.
    private func found(_ host: String) async -> [[UInt8]]? {
        let (answers, answer) = AsyncStream.makeStream(of: [[UInt8]]?.self, bufferingPolicy: .bufferingOldest(1))
        let (resolve, deadline) = (resolve, deadline)
        let lookUp = Task { answer.yield(await resolve(host)) }
        let limit = Task {
            try await Task.sleep(for: .nanoseconds(deadline.nanoseconds))
            answer.yield(nil)
        }
        defer {
            lookUp.cancel()
            limit.cancel()
        }
        for await answer in answers { return answer }
        return nil
    }

    private func answer(_ outgoing: Outgoing) async throws(DeliveryFailure) -> Attempt.Answer {
        let end = NIODeadline.now() + deadline
        let address = try await target(of: outgoing.url.host)
        var configuration = HTTPClient.Configuration.outgoing(read: .seconds(30))
        // The connection goes to this address and no other, whatever the name stands for by then; the certificate is held to the name.
        configuration.dnsOverride = [outgoing.url.host: IPAddress.text(address)]
        let http = HTTPClient(eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: configuration)
        let answer: Result<Attempt.Answer, DeliveryFailure>
        do { answer = .success(try await post(outgoing, http, by: end)) } catch { answer = .failure(Self.failure(error)) }
        try? await http.shutdown()
        return try answer.get()
    }

    private func post(_ outgoing: Outgoing, _ http: HTTPClient, by end: NIODeadline) async throws -> Attempt.Answer {
        var request = HTTPClientRequest(url: outgoing.url.text)
        request.method = .POST
        for header in outgoing.headers { request.headers.add(name: header.name, value: header.value) }
        request.headers.replaceOrAdd(name: "Connection", value: "close")
        request.body = .bytes(ByteBuffer(bytes: outgoing.body))
        let response = try await http.execute(request, deadline: end)
        var answer = Attempt.Answer(
            status: Int(response.status.code), retryAfter: response.headers.first(name: "Retry-After").flatMap { Int($0) })
        do {
            for try await chunk in response.body {
                answer.body += chunk.readableBytesView.prefix(Self.answerLimit - answer.body.count)
                if answer.body.count >= Self.answerLimit { break }
            }
        } catch {
            // The status has been said; what the rest would have been is for people only.
        }
        return answer
    }

    private static func failure(_ error: any Error) -> DeliveryFailure {
        switch error {
        case let error as HTTPClientError:
            switch error {
            case .deadlineExceeded, .connectTimeout, .readTimeout, .writeTimeout: .timeout
            case .tlsHandshakeTimeout: .tls
            default: .unreachable
            }
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: .tls
        case is HTTPParserError: .malformed
        default: .unreachable
        }
    }
}
