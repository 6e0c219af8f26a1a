/// What a name server answers.
public enum Response: Equatable, Sendable {
    /// What there is; nothing when there is no such name, or nothing of the type.
    case records([RecordData])
    /// The whole answer takes a connection. https://www.rfc-editor.org/rfc/rfc7766#section-5
    case truncated
    /// The server cannot or will not say, with its code. https://www.rfc-editor.org/rfc/rfc1035#section-4.1.1
    case failed(UInt8)

    static let internet: UInt16 = 1
    private static let noSuchName: UInt8 = 3

    /// Reads a message as the answer to a question.
    /// - Throws: when it is the answer to something else, or none: somebody else may have sent it.
    /// - Complexity: O(bytes)
    public init(_ message: [UInt8], to query: Query) throws(MalformedMessage) {
        var reader = WireReader(message)
        guard try reader.word() == query.id else { throw MalformedMessage("another question's answer") }
        let flags = try reader.word()
        guard flags & 0x8000 != 0, flags & 0x7800 == 0 else { throw MalformedMessage("no answer to a question") }
        guard try reader.word() == 1 else { throw MalformedMessage("not one question") }
        let answers = try reader.word()
        // What is beside the answer, this side does not need.
        _ = try reader.bytes(4)
        guard try reader.name() == query.name, try reader.word() == query.type.rawValue, try reader.word() == Self.internet else {
            throw MalformedMessage("another question's answer")
        }
        let code = UInt8(flags & 0x000F)
        guard code == 0 || code == Self.noSuchName else {
            self = .failed(code)
            return
        }
        guard flags & 0x0200 == 0 else {
            self = .truncated
            return
        }
        var known: [DNSName: [RecordData]] = [:]
        for _ in 0..<answers { if let record = try Self.record(&reader) { known[record.name, default: []].append(record.data) } }
        self = .records(known.answers(query.name, query.type))
    }

    /// One record; nil when it is of a type that nobody asks for here.
    private static func record(_ reader: inout WireReader) throws(MalformedMessage) -> Record? {
        let name = try reader.name()
        let type = RecordType(rawValue: try reader.word())
        let isInternet = try reader.word() == internet
        // How long it may be kept: nothing is.
        _ = try reader.bytes(4)
        let length = Int(try reader.word())
        let end = reader.position + length
        guard let type, isInternet else {
            _ = try reader.bytes(length)
            return nil
        }
        guard end <= reader.count else { throw MalformedMessage("a record ends behind the message") }
        let data: RecordData
        switch type {
        case .cname: data = .cname(try reader.name())
        case .mx: data = .mx(preference: try reader.word(), exchange: try reader.name())
        case .txt: data = .txt(try strings(&reader, until: end))
        }
        guard reader.position == end else { throw MalformedMessage("a record's length is not so") }
        return Record(name: name, data: data)
    }

    private static func strings(_ reader: inout WireReader, until end: Int) throws(MalformedMessage) -> [UInt8] {
        var text: [UInt8] = []
        while reader.position < end { text += try reader.bytes(Int(try reader.byte())) }
        return text
    }
}

/// A message that is not what it should be.
public struct MalformedMessage: Error, Equatable, Sendable {
    /// What is wrong with it.
    public let problem: String

    init(_ problem: String) { self.problem = problem }
}
