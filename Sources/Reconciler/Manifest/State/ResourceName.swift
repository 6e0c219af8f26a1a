public import EmailConnect

/// What people call a resource: its kind and its natural key. Written `alias:support@acme.example`, or without the kind where
/// an address or a domain says it.
public struct ResourceName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Its kind.
    public let kind: Kind
    /// Its natural key, canonical.
    public let name: String

    /// A resource by what is canonical already.
    init(_ kind: Kind, _ name: some CustomStringConvertible) {
        self.kind = kind
        self.name = name.description
    }

    /// Reads a name of a kind that is known.
    /// - Throws: when it is none of that kind.
    public init(_ kind: Kind, written: String) throws(Rejection) {
        self.kind = kind
        switch kind {
        case .alias: name = try Address(written).description
        case .domain: name = try DomainName(written).text
        case .webhook, .apiKey: name = try Slug(written).text
        }
    }

    /// Reads `KIND:NAME`, an address or a domain.
    /// - Throws: when it is none of these.
    public init(_ written: String) throws(Rejection) {
        let parts = written.split(separator: ":", maxSplits: 1).map(String.init)
        if parts.count == 2 {
            guard let kind = Kind(rawValue: parts[0]) else {
                throw Rejection("no such kind of resource", "write webhook:, domain:, alias: or api_key: before the name")
            }
            try self.init(kind, written: parts[1])
        } else {
            guard written.contains("@") || written.contains(".") else {
                throw Rejection("not an address and not a domain", "write webhook:NAME or api_key:NAME for the other kinds")
            }
            try self.init(written.contains("@") ? .alias : .domain, written: written)
        }
    }

    /// Reads what is to be adopted by its name.
    /// - Throws: when it is a kind whose names are an owner's, so that what nobody manages has none.
    public init(adopting written: String) throws(Rejection) {
        try self.init(written)
        guard kind == .domain || kind == .alias else {
            throw Rejection("what nobody manages has no key", "write adopt: { id: ... } in the entry of the \(kind.word)")
        }
    }

    /// As the manifest and the options take it.
    public var written: String { kind == .alias || kind == .domain ? name : "\(kind.rawValue):\(name)" }
    /// For people.
    public var description: String { "\(kind.word) \(name)" }

    /// By kind and name.
    public static func < (left: ResourceName, right: ResourceName) -> Bool {
        left.kind == right.kind ? left.name < right.name : left.kind < right.kind
    }
}
