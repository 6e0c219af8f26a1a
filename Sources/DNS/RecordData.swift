/// The types of records that are asked for, by their numbers. https://www.rfc-editor.org/rfc/rfc1035#section-3.2.2
public enum RecordType: UInt16, CaseIterable, Sendable {
    case cname = 5
    case mx = 15
    case txt = 16
}

/// What a record says.
public enum RecordData: Hashable, Sendable, CustomStringConvertible {
    /// The name is another one's.
    case cname(DNSName)
    /// Where mail goes; the lowest preference first.
    case mx(preference: UInt16, exchange: DNSName)
    /// Text, its parts joined.
    case txt([UInt8])

    /// Its type.
    public var type: RecordType {
        switch self {
        case .cname: .cname
        case .mx: .mx
        case .txt: .txt
        }
    }

    /// For people, in printable ASCII.
    public var description: String {
        switch self {
        case .cname(let name): name.description
        case .mx(let preference, let exchange): "\(preference) \(exchange)"
        case .txt(let bytes): Escape.text(bytes, escaping: "\\")
        }
    }
}

/// A record: a name, and what is said of it.
struct Record {
    let name: DNSName
    let data: RecordData
}

extension [DNSName: [RecordData]] {
    /// How many aliases one after the other are followed.
    private static var aliasLimit: Int { 8 }

    /// What is said of a name, or of the one that it is an alias of.
    func answers(_ name: DNSName, _ type: RecordType) -> [RecordData] {
        var name = name
        for _ in 0...Self.aliasLimit {
            let known = self[name] ?? []
            let found = known.filter { $0.type == type }
            if !found.isEmpty { return found }
            guard case .cname(let next)? = known.first(where: { $0.type == .cname }) else { return [] }
            name = next
        }
        return []
    }
}
