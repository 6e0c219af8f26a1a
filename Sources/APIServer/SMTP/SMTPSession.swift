import EmailConnect
import Mail

/// One client's dialogue. https://www.rfc-editor.org/rfc/rfc5321#section-4.1.4
struct SMTPSession: Sendable {
    /// A message whose envelope is being told.
    private struct Envelope {
        /// nil for a message about another message.
        var sender: String?
        /// Whether addresses may have letters of all the world. https://www.rfc-editor.org/rfc/rfc6531
        var isUTF8 = false
        var recipients: [SMTPMailbox.Recipient] = []
    }

    /// The largest message, in bytes: as large as any, with what the server puts on top.
    static let messageLimit = Routes.messageLimit - SMTPPeer.traceLimit

    /// Mistakes after which nobody listens any more.
    private static let mistakeLimit = 20
    /// Refusals in a row, with no message between, after which somebody guesses names. A list with many old addresses has fewer.
    private static let refusalLimit = 100

    let mailbox: SMTPMailbox
    let peer: SMTPPeer
    /// How it has greeted.
    private var greeting: SMTPPeer.Greeting?
    private var envelope: Envelope?
    private var mistakes = 0
    private var refusals = 0
    /// The domain that the client asks for just now.
    private var domain: DomainName?

    init(_ mailbox: SMTPMailbox, _ peer: SMTPPeer) {
        self.mailbox = mailbox
        self.peer = peer
    }

    /// Answers what a client has said.
    mutating func answer(_ piece: SMTPReader.Piece) async -> SMTPReply {
        domain = nil
        var reply: SMTPReply
        switch piece {
        case .line(let line): reply = await command(line)
        case .longLine: reply = .longLine
        case .message(let raw): reply = await message(raw)
        case .largeMessage:
            envelope = nil
            reply = .tooLarge
        }
        if let refusal = reply.refusal { mailbox.note(refusal, from: peer, domain: domain) }
        if let last = lastWord(reply) {
            reply = last
            if let refusal = reply.refusal { mailbox.note(refusal, from: peer, domain: nil) }
        }
        return reply
    }

    /// What ends the session when there have been too many replies like this one. A mailbox that is not here is an answer, not a mistake: a
    /// list may well name some.
    private mutating func lastWord(_ reply: SMTPReply) -> SMTPReply? {
        guard reply.isPermanent, reply != .noRecipients else { return nil }
        if reply.refusal != nil {
            refusals += 1
            return refusals > Self.refusalLimit ? .tooManyGuesses : nil
        }
        mistakes += 1
        return mistakes > Self.mistakeLimit ? .tooManyMistakes : nil
    }

    private mutating func command(_ line: [UInt8]) async -> SMTPReply {
        let verb = String(decoding: line.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: ":") }, as: UTF8.self).uppercased()
        let hasMore = line.count > verb.utf8.count
        switch verb {
        case "EHLO", "HELO":
            guard hasMore else { return .badSyntax }
            greeting = .init(name: String(decoding: line.dropFirst(5), as: UTF8.self), isExtended: verb == "EHLO")
            envelope = nil
            return verb == "HELO" ? SMTPReply("250 reconcile") : SMTPReply(250, lines: extensions)
        case "STARTTLS" where peer.offersTLS || peer.isSecure:
            guard !hasMore else { return .badSyntax }
            return peer.isSecure ? .isSecure : .ready
        case "MAIL": return sender(line)
        case "RCPT": return await recipient(line)
        case "DATA":
            guard let envelope else { return .badOrder }
            guard !envelope.recipients.isEmpty else { return .noRecipients }
            return SMTPReply("354 End with a dot on a line of its own", next: .message)
        case "RSET":
            envelope = nil
            return .ok
        case "NOOP": return .ok
        case "QUIT": return .goodbye
        case "VRFY": return SMTPReply("252 2.1.5 Send a message and see")
        case "HELP": return SMTPReply("214 2.0.0 EHLO \(peer.offersTLS ? "STARTTLS " : "")MAIL RCPT DATA RSET NOOP QUIT")
        default: return .unknown
        }
    }

    private var extensions: [String] {
        ["reconcile", "SIZE \(Self.messageLimit)", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "PIPELINING"]
            + (peer.offersTLS ? ["STARTTLS"] : [])
    }

    private mutating func sender(_ line: [UInt8]) -> SMTPReply {
        guard greeting != nil, envelope == nil else { return .badOrder }
        var envelope = Envelope()
        envelope.isUTF8 = Self.words(line[...]).contains("SMTPUTF8")
        guard let path = Self.path(line, behind: "MAIL FROM:", isUTF8: envelope.isUTF8) else { return .badSyntax }
        for parameter in Self.words(path.parameters) {
            switch parameter {
            case "SMTPUTF8", "BODY=7BIT", "BODY=8BITMIME": continue
            case let size where size.hasPrefix("SIZE="):
                guard let bytes = Routes.digits(String(size.dropFirst(5))) else { return .badSyntax }
                guard bytes <= Self.messageLimit else { return .tooLarge }
            default: return SMTPReply("555 5.5.4 No such parameter")
            }
        }
        envelope.sender = path.address?.description
        self.envelope = envelope
        return SMTPReply("250 2.1.0 OK")
    }

    private mutating func recipient(_ line: [UInt8]) async -> SMTPReply {
        guard let envelope else { return .badOrder }
        guard let path = Self.path(line, behind: "RCPT TO:", isUTF8: envelope.isUTF8), let address = path.address else { return .badSyntax }
        guard path.parameters.isEmpty else { return SMTPReply("555 5.5.4 No such parameter") }
        guard envelope.recipients.count < Inlet.recipientLimit else { return .tooManyRecipients }
        do {
            // Only postmaster may stand without a domain.
            let isPostmaster = address.domain.isEmpty
            guard let recipient = try await isPostmaster ? mailbox.postmaster() : MailRecipient(address) else {
                return isPostmaster ? .noPostmaster : .notHere
            }
            domain = recipient.domain
            guard let found = try await mailbox.find(recipient) else { return .notHere }
            switch found.outcome {
            case .refuses(.domainDisabled): return .disabled
            case .refuses: return .noMailbox
            case .delivers, .blocks: self.envelope?.recipients.append(found.recipient)
            }
            return SMTPReply("250 2.1.5 OK")
        } catch { return .trouble }
    }

    private mutating func message(_ raw: [UInt8]) async -> SMTPReply {
        guard let envelope, let greeting else { return .badOrder }
        self.envelope = nil
        let trace = peer.trace(greeting, isUTF8: envelope.isUTF8, at: mailbox.inlet.clock.now())
        do {
            try await mailbox.accept(Array(trace.utf8) + raw, from: envelope.sender, for: envelope.recipients)
        } catch let problem as Problem where problem.code == .tooLarge {
            // It would be when it is sent again.
            return .tooLarge
        } catch { return .trouble }
        refusals = 0
        return SMTPReply("250 2.6.0 The message is stored")
    }

    /// The path behind `MAIL FROM:` or `RCPT TO:`; some clients write a space before it.
    private static func path(_ line: [UInt8], behind prefix: String, isUTF8: Bool) -> SMTPPath? {
        guard String(decoding: line.prefix(prefix.utf8.count), as: UTF8.self).uppercased() == prefix else { return nil }
        let rest = line.dropFirst(prefix.utf8.count).drop { $0 == UInt8(ascii: " ") }
        return try? SMTPPath(parsing: rest, allowsUTF8: isUTF8)
    }

    private static func words(_ bytes: ArraySlice<UInt8>) -> [String] {
        bytes.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self).uppercased() }
    }
}
