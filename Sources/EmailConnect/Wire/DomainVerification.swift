/// Whether a domain has the DNS records that it needs, as far as the server has looked. It is the server's own: no version, ETag or
/// revision moves with it.
public struct DomainVerification: Equatable, Sendable {
    /// What is known.
    public enum Status: String, CaseIterable, Sendable {
        /// Nobody has looked since the domain has its name and the server its own, or nobody answered.
        case pending
        /// All records are there.
        case verified
        /// A record is missing, or says something else.
        case failed
    }

    /// One record that was looked for.
    public struct Record: Equatable, Sendable {
        /// What came of it.
        public enum Result: String, CaseIterable, Sendable {
            /// It is there.
            case found
            /// There are others of its type, and not this one.
            case different
            /// There is none of its type.
            case missing
            /// No name server answered.
            case unanswered
        }

        /// The record's type.
        public var type: String
        /// Its name.
        public var name: String
        /// What it has to say.
        public var expected: String
        /// What those of its type say, in printable ASCII; the first few of them.
        public var found: [String]
        /// What came of it.
        public var result: Result

        /// One record that was looked for.
        public init(type: String, name: String, expected: String, found: [String], result: Result) {
            self.type = type
            self.name = name
            self.expected = expected
            self.found = found
            self.result = result
        }
    }

    /// What is known.
    public var status: Status
    /// When the server looked last.
    public var checkedAt: Timestamp?
    /// Each record as it was then.
    public var records: [Record]

    /// Whether a domain has its records.
    public init(status: Status = .pending, checkedAt: Timestamp? = nil, records: [Record] = []) {
        self.status = status
        self.checkedAt = checkedAt
        self.records = records
    }

    /// Writes it as a member of an open object.
    public func write(to json: inout JSONWriter) {
        json.object("verification") { json in
            json.member("status", status.rawValue)
            json.member("checked_at", checkedAt?.text)
            json.array("records") { json in for record in records { record.write(to: &json) } }
        }
    }

    init(_ node: Node) throws(Rejection) {
        self.init()
        for member in try node.members("a verification") where !member.value.isNull {
            switch member.key.text {
            case "status":
                guard let status = Status(rawValue: try member.value.text()) else { throw Rejection("no status of a verification") }
                self.status = status
            case "checked_at": checkedAt = try Timestamp(member.value)
            case "records": records = try Record.list(member.value)
            default: break
            }
        }
    }
}

extension DomainVerification.Record {
    /// Writes it as an item of a list.
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("type", type)
            json.member("name", name)
            json.member("expected", expected)
            json.member("found", found)
            json.member("result", result.rawValue)
        }
    }

    /// Reads a list of them.
    /// - Throws: when it is none.
    public static func list(_ node: Node) throws(Rejection) -> [Self] {
        var records: [Self] = []
        for item in try node.items("records") { records.append(try Self(item)) }
        return records
    }

    private init(_ node: Node) throws(Rejection) {
        var texts: [String: String] = [:]
        var found: [String] = []
        for member in try node.members("a record") {
            if member.key.text == "found" {
                for item in try member.value.items("texts") { found.append(try item.text()) }
            } else {
                texts[member.key.text] = try member.value.text()
            }
        }
        guard let type = texts["type"], let name = texts["name"], let expected = texts["expected"],
            let result = texts["result"].flatMap({ Result(rawValue: $0) })
        else { throw Rejection("a record that was looked for is incomplete") }
        self.init(type: type, name: name, expected: expected, found: found, result: result)
    }
}
