/// Why a message is not read at all. Whatever else is broken in it, it is read as far as possible.
public enum MailFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The message is larger than ``MailLimits/bytes``.
    case tooLarge(bytes: Int, limit: Int)
    /// The message's header is larger than ``MailLimits/headerBytes``.
    case headerTooLarge(limit: Int)

    /// One sentence.
    public var description: String {
        switch self {
        case .tooLarge(let bytes, let limit): "the message has \(bytes) bytes, more than \(limit)"
        case .headerTooLarge(let limit): "the header has more than \(limit) bytes"
        }
    }
}
