/// Reads a message from front to back. Whatever its bytes are, it ends and reads nothing outside of them.
struct WireReader {
    private let message: [UInt8]
    private(set) var position = 0

    /// How many pointers make a name; it has at most 127 labels.
    private static let jumpLimit = 127

    init(_ message: [UInt8]) { self.message = message }

    /// How many bytes there are.
    var count: Int { message.count }

    mutating func byte() throws(MalformedMessage) -> UInt8 {
        guard position < message.count else { throw MalformedMessage("the message ends early") }
        defer { position += 1 }
        return message[position]
    }

    mutating func word() throws(MalformedMessage) -> UInt16 { UInt16(try byte()) << 8 | UInt16(try byte()) }

    mutating func bytes(_ count: Int) throws(MalformedMessage) -> ArraySlice<UInt8> {
        guard count <= message.count - position else { throw MalformedMessage("the message ends early") }
        defer { position += count }
        return message[position..<position + count]
    }

    /// A name, whose end may stand further up in the message. A pointer leads to before the piece that it ends, and nowhere else: so no
    /// name goes round in circles. https://www.rfc-editor.org/rfc/rfc1035#section-4.1.4
    mutating func name() throws(MalformedMessage) -> DNSName {
        var labels: [[UInt8]] = []
        var length = 1
        var jumps = 0
        var start = position
        var end: Int?
        while true {
            let first = try byte()
            switch first >> 6 {
            case 0 where first == 0:
                position = end ?? position
                guard let name = DNSName(labels: labels) else { throw MalformedMessage("no name") }
                return name
            case 0:
                length += 1 + Int(first)
                guard length <= DNSName.limit else { throw MalformedMessage("a name is longer than 255 bytes") }
                labels.append(Array(try bytes(Int(first))))
            case 3:
                let target = Int(first & 0x3F) << 8 | Int(try byte())
                jumps += 1
                guard target < start else { throw MalformedMessage("a name points to itself or behind it") }
                guard jumps <= Self.jumpLimit else { throw MalformedMessage("a name is in more pieces than it can have labels") }
                end = end ?? position
                start = target
                position = target
            default: throw MalformedMessage("a label of an unknown kind")
            }
        }
    }
}
