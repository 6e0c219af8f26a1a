/// A record that a domain needs in the domain name system.
public struct DNSRecord: Hashable, Sendable {
    /// What it says.
    public enum Data: Hashable, Sendable {
        /// Where mail goes; the lowest preference first.
        case mx(preference: Int, exchange: DomainName)
        /// A text of printable ASCII.
        case txt(String)
    }

    /// Whose it is: lower case, no dot at the end. It may have a label that begins with `_`.
    public let name: String
    /// What it says.
    public let data: Data

    /// A record.
    /// - Throws: when the name is none of a record, or a text has what nobody can read.
    public init(name: String, _ data: Data) throws(Rejection) {
        guard Self.isName(name) else { throw Rejection("no name of a DNS record") }
        if case .txt(let text) = data {
            guard text.utf8.count <= 1024, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
                throw Rejection("no text of a DNS record")
            }
        }
        self.name = name
        self.data = data
    }

    /// Its type, in capitals.
    public var type: String {
        switch data {
        case .mx: "MX"
        case .txt: "TXT"
        }
    }

    /// What it says, in one text.
    public var value: String {
        switch data {
        case .mx(let preference, let exchange): "\(preference) \(exchange)"
        case .txt(let text): text
        }
    }

    /// Writes it as an item of a list.
    public func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    /// Writes it as members of an open object.
    public func writeMembers(to json: inout JSONWriter) {
        json.member("type", type)
        json.member("name", name)
        switch data {
        case .mx(let preference, let exchange):
            json.member("priority", preference)
            json.member("value", exchange.text)
        case .txt(let text):
            json.null("priority")
            json.member("value", text)
        }
    }

    /// Reads one.
    /// - Throws: when it is none that this version knows.
    public init(_ node: Node) throws(Rejection) {
        var texts: [String: String] = [:]
        var preference: Int?
        for member in try node.members("a DNS record") where !member.value.isNull {
            switch member.key.text {
            case "type", "name", "value": texts[member.key.text] = try member.value.text()
            case "priority": preference = try member.value.integer()
            default: break
            }
        }
        guard let type = texts["type"], let name = texts["name"], let value = texts["value"] else {
            throw Rejection("a DNS record is incomplete")
        }
        switch type {
        case "MX":
            guard let preference, (0...65535).contains(preference) else { throw Rejection("an MX record has no priority") }
            try self.init(name: name, .mx(preference: preference, exchange: try DomainName(value)))
        case "TXT": try self.init(name: name, .txt(value))
        default: throw Rejection("the server wants a DNS record of a type that this version does not know", "install a newer reconcile")
        }
    }

    private static func isName(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, text.utf8.count <= 253 else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.utf8.allSatisfy { byte in
                    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                }
        }
    }
}
