/// One commit that changed something, as the history has it.
public struct ApplyRecord: Equatable, Sendable {
    /// The account's revision that it made.
    public var revision: Int
    /// When, by the server's clock.
    public var time: Timestamp
    /// For whom; nil for a plain request.
    public var owner: Owner?
    /// The prefix of the key, or `local`.
    public var actor: String
    /// The digest of the plan that it was; nil for a plain request.
    public var digest: String?
    /// The number of the run.
    public var sequence: Int?
    /// Commit, actor and the like, as the run gave them.
    public var context: [String: String]
    /// How many operations it had.
    public var operations: Int
    /// What of it has changed since; nil when that was not asked.
    public var moved: [String]?

    /// One commit.
    public init(
        revision: Int, time: Timestamp, owner: Owner?, actor: String, digest: String?, sequence: Int?, context: [String: String],
        operations: Int, moved: [String]? = nil
    ) {
        self.revision = revision
        self.time = time
        self.owner = owner
        self.actor = actor
        self.digest = digest
        self.sequence = sequence
        self.context = context
        self.operations = operations
        self.moved = moved
    }

    /// Writes it as an item of a list.
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("revision", revision)
            json.member("time", time.text)
            json.member("owner", owner?.text)
            json.member("actor", actor)
            json.member("digest", digest)
            if let sequence { json.member("sequence", sequence) } else { json.null("sequence") }
            json.object("context") { json in
                for (name, value) in context.sorted(by: { $0.key < $1.key }) { json.member(name, value) }
            }
            json.member("operations", operations)
            if let moved {
                json.member("stands", moved.isEmpty)
                json.member("moved", moved)
            }
        }
    }

    /// Reads an item of a list.
    /// - Throws: when it is none.
    public init(_ node: Node) throws(Rejection) {
        var texts: [String: String] = [:]
        var numbers: [String: Int] = [:]
        var context: [String: String] = [:]
        var moved: [String]?
        for member in try node.members("an apply") where !member.value.isNull {
            switch member.key.text {
            case "time", "owner", "actor", "digest": texts[member.key.text] = try member.value.text()
            case "revision", "sequence", "operations": numbers[member.key.text] = try member.value.integer()
            case "context": for entry in try member.value.members("a context") { context[entry.key.text] = try entry.value.text() }
            case "moved":
                var names: [String] = []
                for item in try member.value.items("names") { names.append(try item.text()) }
                moved = names
            default: break
            }
        }
        guard let revision = numbers["revision"], let time = texts["time"], let actor = texts["actor"] else {
            throw Rejection("an apply in the history has no revision, time or actor")
        }
        self.init(
            revision: revision, time: try Timestamp(time), owner: try texts["owner"].map { (text) throws(Rejection) in try Owner(text) },
            actor: actor, digest: texts["digest"], sequence: numbers["sequence"], context: context,
            operations: numbers["operations"] ?? 0, moved: moved)
    }
}
