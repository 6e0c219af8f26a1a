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
        let place = FieldPlace(path)
        read = { node, owner throws(Rejection) in
            let value = try Value(node)
            place.change(&owner) { $0 = value }
        }
        take = { node, wire, owner throws(Rejection) in
            try place.change(&owner) { value throws(Rejection) in try value.take(node, wire: wire) }
        }
        write = { place($0).write(name, to: &$1) }
        same = { place($0) == place($1) }
        keep = { part, old, new in
            guard let kept = place(new).keeping(part, of: place(old)) else { return false }
            place.change(&new) { $0 = kept }
            return true
        }
        show = { place($0).shown }
        differences = { place($0).differences(from: place($1), named: name, with: $2) }
        column = { place($0).column }
        replace = { owner in place.change(&owner) { $0 = $0.replacing } }
        inherit = { inherited, owner in place.change(&owner) { $0 = $0.over(place(inherited)) } }
        patch = { want, have, secrets, owner in
            let value = place(want).patch(from: place(have), with: secrets)
            place.change(&owner) { $0 = value }
        }
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
    /// Reads one field as a manifest has it. This and what follows are requirements, though no kind implements them: so other modules
    /// reach the code that was made for the kind.
    /// - Throws: when the value is not of the field's type.
    static func read(_ row: Int, _ node: Node, into value: inout Self) throws(Rejection)
    /// Takes an inherited field over, or merges it with what is stated.
    static func inherit(_ row: Int, from inherited: Self, into value: inout Self, isStated: Bool)
    /// The rows that differ from the defaults, one bit each: all that a create needs to say.
    var worthWriting: UInt64 { get }
    /// Writes the fields of some rows, one bit each, as members of an object that is open.
    func write(_ rows: UInt64, to json: inout JSONWriter)
    /// How `old` differs from this value; empty when it does not.
    func differences(from old: Self, with secrets: Secrets) -> [(row: Int, difference: Difference)]
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
