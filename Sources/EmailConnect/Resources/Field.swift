/// One row of a resource's table: the only place that knows that a field exists. Decoding, diff, report, wire, schema
/// and documents read the table. A class, since rows are handed around in the hottest loops.
public final class Field<R: Sendable>: Sendable {
    /// The manifest's name and, but for alternatives, the wire's.
    public let name: String
    /// All names that the wire has for it.
    public let wireNames: [String]
    /// One line for people.
    public let about: String
    /// What its value looks like.
    public let shape: Shape
    /// Whether the wire takes null for "none".
    public let isNullable: Bool
    /// Whether a resource's entry in a manifest may state it.
    public let isInManifest: Bool

    let read: @Sendable (Node, inout R) throws(Rejection) -> Void
    let take: @Sendable (Node, String, inout R) throws(Rejection) -> Void
    let write: @Sendable (R, inout JSONWriter) -> Void
    let same: @Sendable (R, R) -> Bool
    let keep: @Sendable (_ part: String?, _ old: R, inout R) -> Bool
    let show: @Sendable (R) -> Shown
    let differences: @Sendable (R, R, Secrets) -> [Difference]
    /// What a row of a database holds of the field; nil for what does not stand in the row itself.
    public let column: @Sendable (R) -> RowValue?
    let replace: @Sendable (inout R) -> Void
    let inherit: @Sendable (_ inherited: R, inout R) -> Void
    let patch: @Sendable (_ want: R, _ have: R, Secrets, inout R) -> Void

    init<Value: FieldValue>(
        _ name: String, _ path: any WritableKeyPath<R, Value> & Sendable, _ about: String, also: [String] = [],
        inManifest: Bool = true
    ) {
        self.name = name
        self.wireNames = [name] + also
        self.about = about
        self.shape = Value.shape
        self.isNullable = Value.isNullable
        self.isInManifest = inManifest
        read = { node, owner throws(Rejection) in owner[keyPath: path] = try Value(node) }
        take = { node, wire, owner throws(Rejection) in try owner[keyPath: path].take(node, wire: wire) }
        write = { $0[keyPath: path].write(name, to: &$1) }
        same = { $0[keyPath: path] == $1[keyPath: path] }
        keep = { part, old, new in
            guard let kept = new[keyPath: path].keeping(part, of: old[keyPath: path]) else { return false }
            new[keyPath: path] = kept
            return true
        }
        show = { $0[keyPath: path].shown }
        differences = { $0[keyPath: path].differences(from: $1[keyPath: path], named: name, with: $2) }
        column = { $0[keyPath: path].column }
        replace = { $0[keyPath: path] = $0[keyPath: path].replacing }
        inherit = { $1[keyPath: path] = $1[keyPath: path].over($0[keyPath: path]) }
        patch = { $3[keyPath: path] = $0[keyPath: path].patch(from: $1[keyPath: path], with: $2) }
    }
}

/// A kind of resource: its fields at their defaults, and the table that describes them.
public protocol Resource: Equatable, Sendable {
    /// What names one of its kind within an account and, for webhooks and keys, an owner.
    associatedtype Name: Hashable & Comparable & Sendable & CustomStringConvertible

    /// Every field at its documented default.
    init()
    /// Whether the server refuses to delete it.
    var protected: Bool { get set }
    /// The kind.
    static var kind: Kind { get }
    /// In the order that people read and write them.
    static var fields: [Field<Self>] { get }
    /// Reads one field as a manifest has it. This and the next are requirements, though no kind implements them: so other modules
    /// reach the code that was made for the kind.
    /// - Throws: when the value is not of the field's type.
    static func read(_ row: Int, _ node: Node, into value: inout Self) throws(Rejection)
    /// Takes an inherited field over, or merges it with what is stated.
    static func inherit(_ row: Int, from inherited: Self, into value: inout Self, isStated: Bool)
    /// Its natural key; nil for what another client made without one.
    var naturalKey: Name? { get }
    /// With secrets by name only, and nothing that is not configuration.
    var withoutSecrets: Self { get }
    /// With references to secrets, but without fingerprints.
    var withoutFingerprints: Self { get }
}

/// The four kinds, in the order of creation: what is pointed at comes first.
public enum Kind: String, CaseIterable, Sendable, Comparable {
    case webhook
    case domain
    case alias
    case apiKey = "api_key"

    /// The path of its collection.
    public var collection: String {
        switch self {
        case .webhook: "webhooks"
        case .domain: "domains"
        case .alias: "aliases"
        case .apiKey: "api-keys"
        }
    }

    /// Its name in scopes and in `kinds=`.
    public var plural: String { self == .apiKey ? "api_keys" : collection }
    /// What people call one.
    public var word: String { self == .apiKey ? "api key" : rawValue }
    /// What people call several.
    public var words: String { self == .apiKey ? "api keys" : collection }
    /// What its ids begin with.
    public var idPrefix: String {
        switch self {
        case .webhook: "wh_"
        case .domain: "dom_"
        case .alias: "alias_"
        case .apiKey: "key_"
        }
    }
    /// The scope that reading it takes.
    public var readScope: Scope {
        switch self {
        case .webhook: .webhooksRead
        case .domain: .domainsRead
        case .alias: .aliasesRead
        case .apiKey: .apiKeysRead
        }
    }
    /// The scope that changing it takes.
    public var writeScope: Scope {
        switch self {
        case .webhook: .webhooksWrite
        case .domain: .domainsWrite
        case .alias: .aliasesWrite
        case .apiKey: .apiKeysWrite
        }
    }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    /// In the order of creation.
    public static func < (left: Kind, right: Kind) -> Bool { left.rank < right.rank }
}
