/// A list of operations that is done as a whole or not at all. It is a set: only the final state has to be valid.
public struct Batch: Equatable, Sendable {
    /// The format that this side writes and the only one that it reads.
    public static let format = 1
    /// The largest body, in bytes.
    public static let byteLimit = 64 << 20

    /// Who acts; nil for a plain list, which cannot set an owner.
    public var owner: Owner?
    /// The digest of the plan that this is.
    public var digest: String?
    /// The number of the run, for the order of runs.
    public var sequence: Int?
    /// The account's revision that the operations were planned from.
    public var plannedAt: Int?
    /// Whether a later run of this owner is no hindrance.
    public var allowsOlder = false
    /// The owner's name until now: everything that it manages is the batch's owner's from now on.
    public var ownerMovedFrom: Owner?
    /// The repository that this owner was used from until now.
    public var repositoryMovedFrom: String?
    /// Commit, actor and the like, for the history.
    public var context: [String: String]
    /// What is to be done.
    public var operations: [AnyOperation]
    /// A word for each change that was approved, by which a later run knows what is left of it. Not sent.
    public var steps: [String] = []

    /// A list of operations.
    public init(
        owner: Owner?, digest: String? = nil, sequence: Int? = nil, context: [String: String] = [:],
        operations: [AnyOperation]
    ) {
        self.owner = owner
        self.digest = digest
        self.sequence = sequence
        self.context = context
        self.operations = operations
    }

    /// Writes the body of `POST /v1/batch`.
    /// - Complexity: O(operations)
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("format", Self.format)
            if let owner { json.member("owner", owner.text) }
            if let digest { json.member("digest", digest) }
            if let sequence { json.member("sequence", sequence) }
            if let plannedAt { json.member("planned_at", plannedAt) }
            if allowsOlder { json.member("allow_older", true) }
            if let ownerMovedFrom { json.member("owner_moved_from", ownerMovedFrom.text) }
            if let repositoryMovedFrom { json.member("repository_moved_from", repositoryMovedFrom) }
            if !context.isEmpty {
                json.object("context") { json in
                    for (name, value) in context.sorted(by: { $0.key < $1.key }) { json.member(name, value) }
                }
            }
            json.array("operations") { json in for operation in operations { operation.write(to: &json) } }
        }
    }

    /// Reads the body of `POST /v1/batch`; one operation at a time is held as a tree.
    /// - Throws: when it is none; the pointer says where.
    public init(_ bytes: [UInt8]) throws(Rejection) {
        self.init(owner: nil, operations: [])
        var format: Int?
        var hasOperations = false
        var json = JSONReader(bytes)
        try json.object { json, name throws(Rejection) in
            try at(name) { () throws(Rejection) in
                if name == "operations" {
                    hasOperations = true
                    try json.array { json, index throws(Rejection) in
                        let node = try json.node()
                        operations.append(try at(String(index)) { () throws(Rejection) in try AnyOperation(node) })
                    }
                    return
                }
                let node = try json.node()
                switch name {
                case "format": format = try node.integer()
                case "owner": owner = node.isNull ? nil : try Owner(node)
                case "digest": digest = node.isNull ? nil : try node.text()
                case "sequence": sequence = node.isNull ? nil : try node.integer()
                case "planned_at": plannedAt = node.isNull ? nil : try node.integer()
                case "allow_older": allowsOlder = try Bool(node)
                case "owner_moved_from": ownerMovedFrom = node.isNull ? nil : try Owner(node)
                case "repository_moved_from": repositoryMovedFrom = node.isNull ? nil : try String(node)
                case "context":
                    for member in try node.members("an object") {
                        guard (1...64).contains(member.key.text.unicodeScalars.count) else {
                            throw Rejection("a name has 1 to 64 characters")
                        }
                        context[member.key.text] = try at(member.key.text) { () throws(Rejection) in try String(member.value) }
                    }
                    guard context.count <= 32 else { throw Rejection("at most 32 entries") }
                default:
                    throw Rejection(
                        "a batch has no such member",
                        "format, owner, digest, sequence, planned_at, allow_older, owner_moved_from, repository_moved_from, context, operations"
                    )
                }
            }
        }
        try json.finish()
        guard sequence ?? 1 > 0 else { throw Rejection("a sequence is a number above zero", pointer: "/sequence") }
        guard plannedAt ?? 0 >= 0 else { throw Rejection("a revision is no negative number", pointer: "/planned_at") }
        guard format == Self.format else {
            throw Rejection("a batch of another format", "this server reads format 1", pointer: "/format")
        }
        guard hasOperations else { throw Rejection("the batch has no operations", pointer: "/operations") }
        guard owner != nil || (sequence == nil && ownerMovedFrom == nil && repositoryMovedFrom == nil) else {
            throw Rejection("sequence, owner_moved_from and repository_moved_from are an owner's", "name the owner", pointer: "/owner")
        }
        guard digest?.unicodeScalars.count ?? 0 <= 128 else { throw Rejection("a digest has at most 128 characters", pointer: "/digest") }
    }
}

/// What became of a batch.
public struct BatchAnswer: Equatable, Sendable {
    /// What became of one operation.
    public struct Result: Equatable, Sendable {
        /// The operation's place in the batch, from 0.
        public var index: Int
        /// 201 created, 200 changed or already so, 204 deleted.
        public var status: Int
        /// The resource's id.
        public var id: String
        /// Its version now; nil when it is deleted.
        public var version: Int?
        /// The prefix of the token that the batch gave an API key.
        public var token: String?

        /// What became of one operation.
        public init(index: Int, status: Int, id: String, version: Int?, token: String? = nil) {
            self.index = index
            self.status = status
            self.id = id
            self.version = version
            self.token = token
        }
    }

    /// The account's revision after the batch.
    public var revision: Int
    /// In the order of the operations.
    public var results: [Result]

    /// What became of a batch.
    public init(revision: Int, results: [Result]) {
        self.revision = revision
        self.results = results
    }

    /// Writes the body of the answer.
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("revision", revision)
            json.array("results") { json in
                for result in results {
                    json.object { json in
                        json.member("index", result.index)
                        json.member("status", result.status)
                        json.member("id", result.id)
                        if let version = result.version { json.member("version", version) }
                        if let token = result.token { json.member("token", token) }
                    }
                }
            }
        }
    }

    /// Reads the body of the answer.
    /// - Throws: when it is none.
    public init(_ bytes: [UInt8]) throws(Rejection) {
        var revision: Int?
        var results: [Result] = []
        var names = MemberNames(["index", "status", "id", "version", "token"])
        var json = JSONReader(bytes)
        try json.object { json, name throws(Rejection) in
            guard name == "results" else {
                let node = try json.node()
                if name == "revision" { revision = try node.integer() }
                return
            }
            try json.array { json, index throws(Rejection) in
                var result = Result(index: index, status: 0, id: "", version: nil)
                try json.object(&names) { json, name throws(Rejection) in
                    let node = try json.node()
                    switch name {
                    case .known(0): result.index = try node.integer()
                    case .known(1): result.status = try node.integer()
                    case .known(2): result.id = try node.text()
                    case .known(3): result.version = try node.integer()
                    case .known: result.token = try node.text()
                    case .other: break
                    }
                }
                results.append(result)
            }
        }
        guard let revision else { throw Rejection("the answer to the batch has no revision") }
        self.init(revision: revision, results: results)
    }
}
