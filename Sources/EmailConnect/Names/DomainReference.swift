/// Which domain an alias belongs to: by name everywhere but in a request, which may use the id.
public enum DomainReference: Hashable, Sendable {
    case name(DomainName)
    case id(String)

    /// The name, if it is one.
    public var name: DomainName? {
        if case .name(let name) = self { name } else { nil }
    }
}

extension DomainReference: FieldValue {
    /// What it looks like.
    public static var shape: Shape { DomainName.shape }

    /// Reads the value as a manifest has it.
    public init(_ node: Node) throws(Rejection) { self = .name(try DomainName(node)) }

    /// Reads the value as the wire has it under one of its names.
    public init(_ node: Node, wire name: String) throws(Rejection) {
        self = name.hasSuffix("_id") ? .id(try node.text("a domain's id")) : .name(try DomainName(node))
    }

    /// Writes the member as the wire has it.
    public func write(_ name: String, to json: inout JSONWriter) {
        switch self {
        case .name(let domain): json.member(name, domain.text)
        case .id(let id): json.member("\(name)_id", id)
        }
    }

    /// How it may be shown.
    public var shown: Shown {
        switch self {
        case .name(let domain): .word(domain.text)
        case .id(let id): .word(id)
        }
    }
}
