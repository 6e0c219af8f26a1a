/// The first line of a state: whose it is and what it holds.
public struct StateHeader: Equatable, Sendable {
    /// The format that this side writes and the only one that it reads.
    public static let format = 1

    /// A random id of the database.
    public var serverID: String
    /// A random id of the account.
    public var accountID: String
    /// Changes when the account is restored from a copy.
    public var epoch: String
    /// Counts the account's changes.
    public var revision: Int
    /// What the state holds.
    public var kinds: [Kind]
    /// The server's clock.
    public var time: Timestamp
    /// The ids of the keys that nobody has to manage: the server's first one and the one that asked.
    public var ownKeys: [String]
    /// The id of the key that asked; nil for who needs none.
    public var callerKey: String?
    /// Who manages anything here.
    public var owners: [OwnerRecord]
    /// How many of a kind the account may have; a kind that is missing has no limit.
    public var resourceLimits: [Kind: Int]
    /// How the server is spoken to.
    public var dialect = ServerDialect.v1
    /// Fields that the server does not tell and does not take, by kind: nothing is known of them.
    public var untold: [Kind: Set<String>] = [:]
    /// An apply of the viewer that did not come to its end; nil where what is applied is applied as a whole.
    public var unfinished: UnfinishedApply?

    /// The first line of a state.
    public init(
        serverID: String, accountID: String, epoch: String, revision: Int, kinds: [Kind], time: Timestamp, ownKeys: [String],
        callerKey: String? = nil, owners: [OwnerRecord] = [], resourceLimits: [Kind: Int] = [:]
    ) {
        self.serverID = serverID
        self.accountID = accountID
        self.epoch = epoch
        self.revision = revision
        self.kinds = kinds
        self.time = time
        self.ownKeys = ownKeys
        self.callerKey = callerKey
        self.owners = owners
        self.resourceLimits = resourceLimits
    }

    /// Writes the line.
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("format", Self.format)
            json.member("server_id", serverID)
            json.member("account_id", accountID)
            json.member("epoch", epoch)
            json.member("revision", revision)
            json.member("kinds", kinds.map(\.plural))
            json.member("time", time.text)
            json.member("own_keys", ownKeys)
            json.member("caller_key", callerKey)
            json.array("owners") { json in for owner in owners { owner.write(to: &json) } }
            json.object("limits") { json in
                json.member("batch_bytes", Batch.byteLimit)
                for kind in Kind.allCases { if let limit = resourceLimits[kind] { json.member(kind.plural, limit) } }
            }
            json.member("capabilities", ["batch", "expect", "idempotency", "owners", "applies"])
        }
        json.endLine()
    }
}

/// What the account knows of an owner.
public struct OwnerRecord: Equatable, Sendable {
    /// `manifest/environment`.
    public var name: Owner
    /// The repository that it is used from; nil until a run names one.
    public var repository: String?
    /// The number of its latest run; nil until a run has one.
    public var sequence: Int?

    /// What the account knows of an owner.
    public init(name: Owner, repository: String? = nil, sequence: Int? = nil) {
        self.name = name
        self.repository = repository
        self.sequence = sequence
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("name", name.text)
            json.member("repository", repository)
            if let sequence { json.member("sequence", sequence) }
        }
    }
}

/// What an owner managed and somebody else has deleted or renamed since its last apply.
public struct LostRecord: Hashable, Sendable {
    /// Its kind.
    public var kind: Kind
    /// Its id until then, and still if it was only renamed.
    public var id: String
    /// Its name until then.
    public var name: String
    /// Who managed it.
    public var owner: Owner
    /// ``Resource/configuration`` as it was applied last.
    public var applied: String

    /// What somebody else took away.
    public init(kind: Kind, id: String, name: String, owner: Owner, applied: String) {
        self.kind = kind
        self.id = id
        self.name = name
        self.owner = owner
        self.applied = applied
    }

    /// Writes its line.
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("kind", Self.word)
            json.member("of", kind.rawValue)
            json.member("id", id)
            json.member("name", name)
            json.member("managed_by", owner.text)
            json.member("applied", applied)
        }
        json.endLine()
    }

    static let word = "lost"
}

/// One resource as the account has it.
public struct Record<R: Resource>: Equatable, Sendable {
    /// The server's id.
    public var id: String
    /// Moves with configuration only.
    public var version: Int
    /// Who manages it; nil for what nobody does.
    public var owner: Owner?
    /// Its fields.
    public var value: R
    /// ``Resource/configuration`` as its owner applied it last; nil while it still is so.
    public var applied: String?

    /// One resource as the account has it.
    public init(id: String, version: Int, owner: Owner?, value: R, applied: String? = nil) {
        self.id = id
        self.version = version
        self.owner = owner
        self.value = value
        self.applied = applied
    }
}

/// One token of an API key, as far as anybody may know it.
public struct TokenRecord: Equatable, Sendable {
    /// The shown part.
    public var prefix: String
    /// When it was made.
    public var issuedAt: Timestamp
    /// When its delivery was acknowledged.
    public var acknowledgedAt: Timestamp?
    /// When it ends, after a rotation.
    public var graceUntil: Timestamp?
}

/// Whose eyes an account is seen through: what points at an owner's own webhook does not name the owner.
public struct Viewer: Equatable, Sendable {
    /// The owner.
    public var owner: Owner?
    /// The owner's name until now; it counts while the account knows it and does not know the new one.
    public var formerly: Owner?

    /// An owner, perhaps under a new name.
    public init(_ owner: Owner?, formerly: Owner? = nil) {
        self.owner = owner
        self.formerly = formerly
    }
}

/// An account from one consistent read.
public struct AccountState: Equatable, Sendable {
    /// Whose it is.
    public var header: StateHeader
    /// The webhooks.
    public var webhooks: [Record<Webhook>] = []
    /// The domains.
    public var domains: [Record<Domain>] = []
    /// The aliases.
    public var aliases: [Record<Alias>] = []
    /// The API keys.
    public var apiKeys: [Record<APIKey>] = []
    /// The tokens of each key, by the key's id.
    public var tokens: [String: [TokenRecord]] = [:]
    /// When keys were revoked, by the key's id.
    public var revoked: [String: Timestamp] = [:]
    /// What others took away from its owners since they applied last.
    public var lost: [LostRecord] = []
    /// The name that the viewer had until now; what it managed counts as the viewer's already.
    public var movedFrom: Owner?

    /// An account without resources.
    public init(_ header: StateHeader) { self.header = header }
}
