/// A question to a name server, which does the asking of others. https://www.rfc-editor.org/rfc/rfc1035#section-4.1
public struct Query: Sendable {
    /// Tells its answer from others'.
    public let id: UInt16
    /// Of what.
    public let name: DNSName
    /// What about it.
    public let type: RecordType

    /// A question.
    public init(id: UInt16, name: DNSName, type: RecordType) {
        self.id = id
        self.name = name
        self.type = type
    }

    /// The message.
    public var bytes: [UInt8] {
        let recursionDesired: UInt16 = 0x0100
        let header = [id, recursionDesired, 1, 0, 0, 0].flatMap(Self.word)
        return header + name.bytes + Self.word(type.rawValue) + Self.word(Response.internet)
    }

    private static func word(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }
}
