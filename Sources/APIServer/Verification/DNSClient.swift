import DNS
import NIOCore
import NIOPosix

/// Asks name servers, one after the other, over UDP and, for what does not fit there, over TCP.
struct DNSClient: Sendable {
    let servers: [SocketAddress]
    let random: Randomness
    /// How long a server may take for one try.
    var patience = TimeAmount.seconds(2)

    private typealias Datagram = AddressedEnvelope<ByteBuffer>

    /// How often each is asked.
    private static let tries = 2
    /// After so many datagrams that are no answer nobody listens any more: somebody guesses.
    private static let strayLimit = 8

    /// What there is; nil when nobody answers, or none of them can say.
    func lookUp(_ name: DNSName, _ type: RecordType) async -> [RecordData]? {
        for _ in 0..<Self.tries {
            for server in servers {
                // A new port and a new number each time: an answer has to have both. https://www.rfc-editor.org/rfc/rfc5452
                let query = Query(id: UInt16(truncatingIfNeeded: random.next()), name: name, type: type)
                var answer = try? await datagram(query, server)
                if answer == .truncated { answer = try? await connection(query, server) }
                if case .records(let records)? = answer { return records }
            }
        }
        return nil
    }

    private func datagram(_ query: Query, _ server: SocketAddress) async throws -> Response? {
        // Connected: what comes from elsewhere is none of it.
        let socket = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(to: server) { channel in
            channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel<Datagram, Datagram>(wrappingChannelSynchronously: channel) }
        }
        let cutOff = cutOff(socket.channel)
        defer { cutOff.cancel() }
        return try await socket.executeThenClose { inbound, outbound in
            try await outbound.write(Datagram(remoteAddress: server, data: ByteBuffer(bytes: query.bytes)))
            var strays = 0
            for try await datagram in inbound {
                if let response = try? Response(Array(datagram.data.readableBytesView), to: query) { return response }
                strays += 1
                if strays >= Self.strayLimit { break }
            }
            return nil
        }
    }

    /// Each message with its length before it. https://www.rfc-editor.org/rfc/rfc1035#section-4.2.2
    private func connection(_ query: Query, _ server: SocketAddress) async throws -> Response? {
        let stream = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(patience).connect(to: server) {
            channel in
            channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel) }
        }
        let cutOff = cutOff(stream.channel)
        defer { cutOff.cancel() }
        return try await stream.executeThenClose { inbound, outbound in
            var message = ByteBuffer(integer: UInt16(query.bytes.count))
            message.writeBytes(query.bytes)
            try await outbound.write(message)
            var received = ByteBuffer()
            for try await bytes in inbound {
                received.writeImmutableBuffer(bytes)
                guard let length = received.getInteger(at: received.readerIndex, as: UInt16.self),
                    let answer = received.getBytes(at: received.readerIndex + 2, length: Int(length))
                else { continue }
                return try Response(answer, to: query)
            }
            return nil
        }
    }

    private func cutOff(_ channel: any Channel) -> Scheduled<Void> {
        channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
    }
}
