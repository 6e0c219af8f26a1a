/// Which resource an operation is about.
public enum Target: Hashable, Sendable {
    case id(String)
    /// The natural key before the batch: a domain's name, `local@domain`, a slug of the batch's owner, or `OWNER#slug`.
    case name(String)

    /// What a person reads.
    public var text: String {
        switch self {
        case .id(let text), .name(let text): text
        }
    }
}

/// What must hold for an operation to be done; if it does not, nothing of the batch is.
public enum Expectation: Equatable, Sendable {
    /// Nothing of that name exists, but for what the batch itself takes away.
    case absent
    /// The resource is at this version.
    case version(Int)
}

/// What a deletion takes along, as it was shown.
public struct Cascade: Equatable, Sendable {
    /// How many aliases.
    public var aliases: Int
    /// Over their ids and versions.
    public var digest: String

    /// What a deletion takes along.
    public init(aliases: [(id: String, version: Int)]) {
        self.aliases = aliases.count
        digest = Hex.sha256(aliases.sorted { $0.id < $1.id }.map { "\($0.id) \($0.version)\n" }.joined())
    }

    init(aliases: Int, digest: String) {
        self.aliases = aliases
        self.digest = digest
    }
}

/// How a resource passes from one owner to another.
public enum Transfer: Equatable, Sendable {
    /// Nobody managed it.
    case adopt
    /// Somebody else managed it.
    case takeOver(Owner)
    /// Nobody manages it any more.
    case release
}

/// One change of one resource.
public struct Operation<R: Resource>: Equatable, Sendable {
    /// What is done.
    public enum Verb: Equatable, Sendable {
        case create(Stated<R>)
        case update(Target, Stated<R>)
        case delete(Target, Cascade?)
    }

    /// What is done.
    public var verb: Verb
    /// What must hold; nil in a plain request.
    public var expect: Expectation?
    /// How its owner changes; nil leaves it with the batch's.
    public var transfer: Transfer?

    /// One change of one resource.
    public init(_ verb: Verb, expect: Expectation?, transfer: Transfer? = nil) {
        self.verb = verb
        self.expect = expect
        self.transfer = transfer
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            switch verb {
            case .create(let set):
                json.member("op", "create")
                json.member("kind", R.kind.rawValue)
                writeCommon(to: &json)
                json.object("set") { set.write(to: &$0) }
            case .update(let target, let set):
                json.member("op", "update")
                json.member("kind", R.kind.rawValue)
                target.write(to: &json)
                writeCommon(to: &json)
                json.object("set") { set.write(to: &$0) }
            case .delete(let target, let cascade):
                json.member("op", "delete")
                json.member("kind", R.kind.rawValue)
                target.write(to: &json)
                writeCommon(to: &json)
                if let cascade {
                    json.object("cascade") { json in
                        json.member("aliases", cascade.aliases)
                        json.member("digest", cascade.digest)
                    }
                }
            }
        }
    }

    private func writeCommon(to json: inout JSONWriter) {
        switch expect {
        case .absent: json.member("expect", "absent")
        case .version(let version): json.object("expect") { $0.member("version", version) }
        case nil: break
        }
        switch transfer {
        case .adopt: json.member("adopt", true)
        case .takeOver(let owner): json.member("take_over_from", owner.text)
        case .release: json.member("release", true)
        case nil: break
        }
    }
}

extension Target {
    func write(to json: inout JSONWriter) {
        switch self {
        case .id(let id): json.member("id", id)
        case .name(let name): json.member("name", name)
        }
    }
}

/// An operation on a resource of any kind. In a box, since most are of the smallest kind.
public indirect enum AnyOperation: Equatable, Sendable {
    case webhook(Operation<Webhook>)
    case domain(Operation<Domain>)
    case alias(Operation<Alias>)
    case apiKey(Operation<APIKey>)

    /// The kind that it is about.
    public var kind: Kind {
        switch self {
        case .webhook: .webhook
        case .domain: .domain
        case .alias: .alias
        case .apiKey: .apiKey
        }
    }

    /// Writes it as an item of a list.
    public func write(to json: inout JSONWriter) {
        switch self {
        case .webhook(let operation): operation.write(to: &json)
        case .domain(let operation): operation.write(to: &json)
        case .alias(let operation): operation.write(to: &json)
        case .apiKey(let operation): operation.write(to: &json)
        }
    }
}
