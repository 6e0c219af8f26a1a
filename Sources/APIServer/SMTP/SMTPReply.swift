/// What the server says, and what it waits for then. https://www.rfc-editor.org/rfc/rfc5321#section-4.2
struct SMTPReply: Equatable, Sendable {
    /// What follows.
    enum Next: Sendable {
        case command
        case message
        case tls
        case end
    }

    /// The whole text, with its ends of line.
    let text: String
    var next = Next.command
    /// Why mail is refused with it.
    var refusal: SMTPRefusal?

    /// A reply of one line: code, enhanced code (RFC 3463) and words.
    init(_ line: String, next: Next = .command, refusal: SMTPRefusal? = nil) {
        text = "\(line)\r\n"
        self.next = next
        self.refusal = refusal
    }

    /// A reply of several lines of one code.
    init(_ code: Int, lines: [String]) {
        text = lines.enumerated().map { "\(code)\($0 + 1 < lines.count ? "-" : " ")\($1)\r\n" }.joined()
    }

    /// Whether it will be the same when it is asked for again.
    var isPermanent: Bool { text.hasPrefix("5") }

    static let ok = SMTPReply("250 2.0.0 OK")
    static let greeting = SMTPReply("220 reconcile ESMTP")
    static let goodbye = SMTPReply("221 2.0.0 Bye", next: .end)
    static let ready = SMTPReply("220 2.0.0 Speak TLS", next: .tls)
    static let isSecure = SMTPReply("503 5.5.1 TLS is spoken already")
    static let tooEager = SMTPReply("554 5.5.1 Nothing may come behind STARTTLS", next: .end)
    static let tooManyMistakes = SMTPReply("421 4.7.0 Too many mistakes", next: .end, refusal: .mistakes)
    static let tooManyGuesses = SMTPReply("421 4.7.0 Too many recipients that are not here", next: .end, refusal: .guesses)
    static let tooManyConnections = SMTPReply("421 4.3.2 Too many connections", next: .end)
    static let longLine = SMTPReply("500 5.5.2 The line is too long")
    static let unknown = SMTPReply("500 5.5.2 No such command")
    static let badSyntax = SMTPReply("501 5.5.4 That is not how the command is written")
    static let badOrder = SMTPReply("503 5.5.1 The commands come in another order")
    static let tooManyRecipients = SMTPReply(
        "452 4.5.3 Too many recipients; send the message again for the rest", refusal: .tooManyRecipients)
    static let tooLarge = SMTPReply("552 5.3.4 The message is too large", refusal: .tooLarge)
    static let notHere = SMTPReply("550 5.7.1 Mail is not passed on: this domain is not here", refusal: .unknownDomain)
    static let noMailbox = SMTPReply("550 5.1.1 No such mailbox", refusal: .unknownMailbox)
    static let noPostmaster = SMTPReply("550 5.1.1 No domain here has an alias postmaster; name one", refusal: .noPostmaster)
    static let noRecipients = SMTPReply("554 5.5.1 No valid recipients")
    static let disabled = SMTPReply("550 5.2.1 The domain takes no mail", refusal: .domainDisabled)
    static let trouble = SMTPReply("451 4.3.0 The message could not be stored; try again later", refusal: .storage)
}
