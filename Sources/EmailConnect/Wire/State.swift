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

    /// The first line of a state.
    public init(
        serverID: String, accountID: String, epoch: String, revision: Int, kinds: [Kind], time: Timestamp, ownKeys: [String]
    ) {
        self.serverID = serverID
        self.accountID = accountID
        self.epoch = epoch
        self.revision = revision
        self.kinds = kinds
        self.time = time
        self.ownKeys = ownKeys
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
            json.object("limits") { $0.member("batch_bytes", Batch.byteLimit) }
            json.member("capabilities", ["batch", "expect", "idempotency"])
        }
        json.endLine()
    }
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

    /// One resource as the account has it.
    public init(id: String, version: Int, owner: Owner?, value: R) {
        self.id = id
        self.version = version
        self.owner = owner
        self.value = value
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

    /// An account without resources.
    public init(_ header: StateHeader) { self.header = header }
}
