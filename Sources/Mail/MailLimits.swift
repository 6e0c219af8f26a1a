/// How much of a message is read. Within the limits, reading takes time and memory in proportion to the message's size.
public struct MailLimits: Hashable, Sendable {
    /// Octets of the whole message; a larger one is refused.
    public var bytes = 25 * 1024 * 1024
    /// Octets of the message's header; a larger one is refused. The header of a part ends there.
    public var headerBytes = 256 * 1024
    /// Fields of one header; further ones are left out.
    public var headerCount = 1_000
    /// Parts of all multiparts together; what follows becomes one attachment.
    public var parts = 1_000
    /// How deep multiparts may stand in each other; a deeper one becomes an attachment.
    public var depth = 20

    /// The limits that suit an ordinary mail server.
    public init() {}
}
