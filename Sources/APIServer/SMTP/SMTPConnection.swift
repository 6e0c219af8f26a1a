import NIOCore
import NIOSSL

/// One client, until it leaves.
struct SMTPConnection {
    private let channel: any Channel
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let tls: NIOSSLContext?
    private let room: SMTPRoom
    private var peer: SMTPPeer
    private var reader = SMTPReader(messageLimit: SMTPSession.messageLimit)
    private var session: SMTPSession
    private var isSecuring = false
    /// Bytes of a message that it keeps.
    private var kept = 0
    /// Whether the message that comes was given up, since there is no room for it.
    private var isCrowded = false
    private var messageEnd: Scheduled<Void>?

    init(
        _ channel: any Channel, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>, _ mailbox: SMTPMailbox, _ peer: SMTPPeer,
        _ tls: NIOSSLContext?, _ room: SMTPRoom
    ) {
        (self.channel, self.outbound, self.tls, self.room, self.peer) = (channel, outbound, tls, room, peer)
        session = SMTPSession(mailbox, peer)
    }

    /// Talks with it.
    mutating func run(_ inbound: NIOAsyncChannelInboundStream<SMTPInput>) async throws {
        let end = close(after: room.limits.connection)
        defer {
            end.cancel()
            messageEnd?.cancel()
            room.note(0, before: kept)
        }
        try await say(.greeting)
        for try await input in inbound {
            switch input {
            case .bytes(let bytes):
                // Else it came in plain text, behind STARTTLS.
                guard !isSecuring, try await take(bytes) else { return }
            default:
                // Nothing that was said before counts. https://www.rfc-editor.org/rfc/rfc3207#section-4.2
                peer = peer.secured
                (reader, session) = (SMTPReader(messageLimit: SMTPSession.messageLimit), SMTPSession(session.mailbox, peer))
                isSecuring = false
            }
        }
    }

    /// Answers what has come.
    /// - Returns: whether it goes on.
    private mutating func take(_ bytes: ByteBuffer) async throws -> Bool {
        reader.feed(bytes.readableBytesView)
        while let piece = reader.next() {
            let reply = await answer(piece)
            if reply.next == .tls, let tls {
                guard reader.isEmpty else {
                    try await say(.tooEager)
                    return false
                }
                isSecuring = true
                try await SMTPUpgrade.begin(on: channel, tls, after: reply)
                return true
            }
            try await say(reply)
            if reply.next == .message {
                reader.beginMessage()
                messageEnd = close(after: room.limits.message)
            }
            if reply.next == .end { return false }
        }
        note()
        return true
    }

    private mutating func answer(_ piece: SMTPReader.Piece) async -> SMTPReply {
        switch piece {
        case .message, .largeMessage:
            messageEnd?.cancel()
            let reply = await session.answer(piece)
            note()
            defer { isCrowded = false }
            return isCrowded && reply.next == .command ? .noRoom : reply
        case .line, .longLine:
            let reply = await session.answer(piece)
            guard reply.next == .message, !room.takesMessages else { return reply }
            // The message is over before it began.
            _ = await session.answer(.line(Array("RSET".utf8)))
            return .noRoom
        }
    }

    /// Tells the others what it keeps, and gives it up when that is too much for all.
    private mutating func note() {
        let now = reader.messageBytes
        let hasRoom = room.note(now, before: kept)
        kept = now
        guard !hasRoom else { return }
        reader.giveUpMessage()
        isCrowded = true
        room.note(0, before: kept)
        kept = 0
    }

    private func say(_ reply: SMTPReply) async throws { try await outbound.write(ByteBuffer(string: reply.text)) }

    private func close(after time: TimeAmount) -> Scheduled<Void> {
        let channel = channel
        return channel.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }
}
