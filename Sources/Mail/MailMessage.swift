/// A message, read: what a webhook wants to know of it. https://www.rfc-editor.org/rfc/rfc5322 and https://www.rfc-editor.org/rfc/rfc2045
///
/// Whatever octets it is made of, all text in it is valid UTF-8 without NUL.
public struct MailMessage: Hashable, Sendable {
    /// Who wrote it. One field counts, the first.
    public internal(set) var from: [MailAddress] = []
    /// Who sent it on behalf of the writers.
    public internal(set) var sender: MailAddress?
    /// Where answers shall go, when not to the writers.
    public internal(set) var replyTo: [MailAddress] = []
    /// To whom it is addressed; all fields of the name count.
    public internal(set) var to: [MailAddress] = []
    /// Who else gets it; all fields of the name count.
    public internal(set) var cc: [MailAddress] = []
    /// What it is about; nil when it has no such field.
    public internal(set) var subject: String?
    /// When it was written, in seconds since 1970-01-01T00:00:00Z; nil when that cannot be read.
    public internal(set) var date: Int?
    /// Its identifier, without the angle brackets.
    public internal(set) var messageID: String?
    /// The identifiers of what it answers.
    public internal(set) var inReplyTo: [String] = []
    /// The identifiers of the conversation so far, the oldest first.
    public internal(set) var references: [String] = []
    /// All fields of its header, in order.
    public internal(set) var headers: [MailHeader] = []
    /// What is to be read as plain text; nil when it has none. Lines end with LF: CRLF is only how mail travels.
    ///
    /// It is the first `text/plain` that is no attachment. Where several stand one after the other, as before and behind a picture, they
    /// are joined; of alternatives the first counts.
    public internal(set) var text: String?
    /// What is to be read as HTML, by the same rules but as it came; nil when it has none. It is the sender's, and not safe to show; a
    /// charset that it names in itself is that of the message, not of this text.
    public internal(set) var html: String?
    /// Everything else: files, pictures that the HTML shows, messages that were forwarded, and what was too deep or too much.
    public internal(set) var attachments: [MailAttachment] = []
    /// What was broken, and how it was read anyway, in words; at most about a hundred.
    public internal(set) var problems: [String] = []

    /// Reads a message.
    ///
    /// Broken mail is read as far as possible, and ``problems`` tells what was broken; it is refused for its size only.
    /// - Throws: when the message or its header is larger than the limits allow.
    /// - Complexity: linear in its size, in time and in memory, within the limits.
    public init(parsing bytes: [UInt8], limits: MailLimits = MailLimits()) throws(MailFailure) {
        guard bytes.count <= limits.bytes else { throw .tooLarge(bytes: bytes.count, limit: limits.bytes) }
        var reader = MessageReader(bytes, limits)
        try reader.read()
        self.init(reader)
    }
}

/// One field of a header.
public struct MailHeader: Hashable, Sendable {
    /// As it was written, such as `Message-ID`; in ASCII.
    public let name: String
    /// On one line, with encoded words decoded: for people. In a list of addresses a decoded comma looks like one between addresses.
    public let value: String
}

/// A part of a message that is not its text.
public struct MailAttachment: Hashable, Sendable {
    /// Whether it belongs into the text or beside it.
    public enum Disposition: String, Hashable, Sendable {
        /// Shown where it stands, or where the HTML refers to it.
        case inline
        /// Offered as a file.
        case attachment
    }

    /// The file name, without any path; nil when it has none. https://www.rfc-editor.org/rfc/rfc2183#section-2.3
    public let name: String?
    /// Type and subtype in lower case, such as `application/pdf`.
    public let contentType: String
    /// What the HTML calls it behind `cid:`. https://www.rfc-editor.org/rfc/rfc2392
    public let contentID: String?
    /// How it is to be shown.
    public let disposition: Disposition
    /// Its content, decoded from its transfer encoding and from nothing else.
    public let bytes: [UInt8]
}
