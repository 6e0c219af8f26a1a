/// Records as a zone's file has them: names with their MX, TXT and CNAME records; records of other types are left out.
/// https://www.rfc-editor.org/rfc/rfc1035#section-5
public struct MasterFile: Sendable {
    private var known: [DNSName: [RecordData]] = [:]

    /// Reads a file.
    /// - Throws: when a line is none of a zone's file.
    /// - Complexity: O(bytes)
    public init(parsing text: [UInt8]) throws(MasterFileFailure) {
        var scanner = MasterFileScanner(text)
        var origin = DNSName(".")
        var owner: DNSName?
        while let line = try scanner.next() {
            var entry = Entry(line)
            if !line.startsWithSpace, let first = entry.take() {
                if first.bytes.first == UInt8(ascii: "$"), !first.isQuoted {
                    if let moved = try entry.control(first, origin) { origin = moved }
                    continue
                }
                owner = try entry.name(first, origin)
            }
            guard let name = owner else { throw entry.failure("the first record has no name") }
            if let data = try entry.record(origin) { known[name, default: []].append(data) }
        }
    }

    /// What the file says of a name, or of the one that it is an alias of.
    public func answers(_ name: DNSName, _ type: RecordType) -> [RecordData] { known.answers(name, type) }
}

/// Why a file is none of a zone's.
public struct MasterFileFailure: Error, Equatable, Sendable {
    /// Which line, from 1.
    public let line: Int
    /// What is wrong with it.
    public let problem: String
}

/// One entry of a file, word by word.
private struct Entry {
    private let number: Int
    private var words: ArraySlice<MasterFileScanner.Word>

    /// Types that are known and that nobody asks for here.
    private static let others: Set<String> = [
        "A", "AAAA", "CAA", "DNAME", "DNSKEY", "DS", "HTTPS", "LOC", "NAPTR", "NS", "NSEC", "NSEC3", "NSEC3PARAM", "PTR", "RRSIG", "SOA",
        "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "URI",
    ]

    init(_ line: MasterFileScanner.Line) {
        number = line.number
        words = line.words[...]
    }

    mutating func take() -> MasterFileScanner.Word? { words.popFirst() }

    func failure(_ problem: String) -> MasterFileFailure { MasterFileFailure(line: number, problem: problem) }

    /// `$ORIGIN` and `$TTL`.
    /// - Returns: the new origin, if it is one.
    mutating func control(_ word: MasterFileScanner.Word, _ origin: DNSName?) throws(MasterFileFailure) -> DNSName? {
        guard let value = words.popFirst(), words.isEmpty else { throw failure("\(word.text) takes one word") }
        switch word.text.uppercased() {
        case "$ORIGIN": return try name(value, origin)
        case "$TTL" where value.isTime: return nil
        default: throw failure("only $ORIGIN NAME and $TTL SECONDS are known")
        }
    }

    func name(_ word: MasterFileScanner.Word, _ origin: DNSName?) throws(MasterFileFailure) -> DNSName {
        if word.text == "@", !word.isQuoted, let origin { return origin }
        let read = DNSName.read(word.bytes[...])
        let labels = read.map { $0.isAbsolute ? $0.labels : $0.labels + (origin?.labels ?? []) }
        guard let name = labels.flatMap({ DNSName(labels: $0) }) else { throw failure("\(word.shown) is no name") }
        return name
    }

    /// How long it may be kept and the class, in either order, then the type, then what it says.
    /// - Returns: nil for a record that nobody asks for here.
    mutating func record(_ origin: DNSName?) throws(MasterFileFailure) -> RecordData? {
        if words.first?.isTime == true { words.removeFirst() }
        if words.first?.text.uppercased() == "IN" { words.removeFirst() }
        if words.first?.isTime == true { words.removeFirst() }
        guard let type = words.popFirst() else { throw failure("the record has no type") }
        let data: RecordData
        switch type.text.uppercased() {
        case "MX":
            guard words.count == 2, let first = words.popFirst(), let preference = UInt16(first.text), let last = words.popFirst() else {
                throw failure("MX takes a preference and a host")
            }
            data = .mx(preference: preference, exchange: try name(last, origin))
        case "CNAME":
            guard words.count == 1, let word = words.popFirst() else { throw failure("CNAME takes one name") }
            data = .cname(try name(word, origin))
        case "TXT":
            guard !words.isEmpty else { throw failure("TXT takes one text or more") }
            var text: [UInt8] = []
            for word in words {
                guard let bytes = word.unescaped else {
                    throw failure("a backslash stands before three digits up to 255, or one character")
                }
                guard bytes.count <= 255 else { throw failure("a text has at most 255 bytes") }
                text += bytes
            }
            data = .txt(text)
        case let other where Self.others.contains(other): return nil
        default: throw failure("\(type.shown) is no type of a record")
        }
        return data
    }
}
