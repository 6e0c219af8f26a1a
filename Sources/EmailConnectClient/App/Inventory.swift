public import EmailConnect

/// What an owner manages in an account that takes no note of that itself: a superset of what this owner made and did not delete.
/// Whatever is about to be made stands in it first, by its name; its id comes when the account has told it.
public struct Inventory: Equatable, Sendable {
    /// The format that this version writes and the only one that it reads.
    static let format = 1
    /// The digests of so many applies are kept.
    private static let mostDigests = 20

    /// One resource.
    struct Entry: Equatable, Sendable {
        var kind: Kind
        /// The natural key: a domain, `local@domain`, a webhook's key in the manifest.
        var name: String
        /// The account's id; nil for what was about to be made.
        var id: String?
        /// A webhook's name in the account, by which it is found as long as there is no id.
        var label: String?
        /// The ids of all webhooks of that name that were there before.
        var others: [String] = []
        /// ``Resource/configuration`` as it was applied last.
        var applied: String?
        /// What the account told then, as ``AppLists`` has it.
        var seen: String?
        /// Both as they are once the change is done that is being made; nil when none is.
        var next: Next?

        /// What a change comes to.
        struct Next: Equatable, Sendable {
            var applied: String?
            var seen: String?
        }

        /// For people.
        var title: String { "\(kind.word) \(name)" }
    }

    /// Who manages what stands here.
    var owner: Owner
    /// The base URL of the server that it is about.
    var server: String
    /// How often this owner has changed the account.
    var revision = 0
    /// The number of its latest run.
    var sequence: Int?
    /// The repository that it is used from.
    var repository: String?
    /// The digests of the plans that were applied, the latest first.
    var digests: [String] = []
    /// What is being applied; nil when the last apply came to its end.
    var unfinished: UnfinishedApply?
    /// Each resource.
    var entries: [Entry] = []

    init(owner: Owner, server: String) {
        self.owner = owner
        self.server = server
    }

    /// Notes that a plan was applied to its end.
    mutating func finish(_ digest: String?) {
        for digest in [digest, unfinished?.digest].compactMap(\.self) where digests.first != digest {
            digests.removeAll { $0 == digest }
            digests.insert(digest, at: 0)
        }
        digests.removeLast(max(0, digests.count - Self.mostDigests))
        unfinished = nil
    }

    /// Puts an entry in the place of the one of that id, or of what was about to be made under that name, or beside the others.
    mutating func note(_ entry: Entry) {
        entries.removeAll { $0.kind == entry.kind && ($0.id == nil ? $0.name == entry.name : $0.id == entry.id) }
        entries.append(entry)
    }

    /// Takes what has an id away.
    mutating func forget(_ id: String) { entries.removeAll { $0.id == id } }
}

// MARK: - The file

extension Inventory {
    /// The bytes of the file: a resource a line, sorted, so that versions of it compare well.
    var bytes: [UInt8] {
        var head = JSONWriter()
        head.object { json in
            json.member("format", Self.format)
            json.member("owner", owner.text)
            json.member("server", server)
            json.member("revision", revision)
            if let sequence { json.member("sequence", sequence) }
            if let repository { json.member("repository", repository) }
            json.member("applied", digests)
            if let unfinished {
                json.object("unfinished") { json in
                    json.member("digest", unfinished.digest)
                    json.member("steps", unfinished.steps.sorted())
                }
            }
        }
        let lines = entries.sorted { ($0.kind, $0.name) < ($1.kind, $1.name) }.map { entry in
            var json = JSONWriter()
            entry.write(to: &json)
            return json.text
        }
        return head.bytes.dropLast() + Array(",\"managed\":[\n\(lines.joined(separator: ",\n"))\n]}\n".utf8)
    }

    /// Reads the file.
    /// - Throws: when it is none.
    init(_ bytes: [UInt8]) throws(Rejection) {
        var texts: [String: String] = [:]
        var numbers: [String: Int] = [:]
        var digests: [String] = []
        var entries: [Entry] = []
        var unfinished: UnfinishedApply?
        var reader = JSONReader(bytes)
        try reader.object { json, name throws(Rejection) in
            let node = try json.node()
            switch name {
            case "owner", "server", "repository": texts[name] = try node.text()
            case "format", "revision", "sequence": numbers[name] = try node.integer()
            case "applied": digests = try Self.texts(node)
            case "unfinished": unfinished = try UnfinishedApply(node)
            case "managed": for item in try node.items("a list") { entries.append(try Entry(item)) }
            default: throw Rejection("an inventory has no such member: \(name.prefix(64))")
            }
        }
        try reader.finish()
        guard numbers["format"] == Self.format else {
            throw Rejection("this is no inventory of format \(Self.format)", "install the reconcile that wrote it")
        }
        guard let owner = texts["owner"], let server = texts["server"] else { throw Rejection("the inventory has no owner or no server") }
        self.init(owner: try Owner(owner), server: server)
        revision = numbers["revision"] ?? 0
        sequence = numbers["sequence"]
        repository = texts["repository"]
        self.digests = digests
        self.entries = entries
        self.unfinished = unfinished
        var ids: Set<String> = []
        for entry in entries {
            if let id = entry.id, !ids.insert(id).inserted { throw Rejection("the inventory names \(id.prefix(64)) twice") }
        }
    }

    fileprivate static func texts(_ node: Node) throws(Rejection) -> [String] {
        var texts: [String] = []
        for item in try node.items("a list") { texts.append(try item.text()) }
        return texts
    }
}

extension UnfinishedApply {
    fileprivate init(_ node: Node) throws(Rejection) {
        self.init(digest: "", steps: [])
        for member in try node.members("an apply") {
            switch member.key.text {
            case "digest": digest = try member.value.text()
            case "steps": steps = Set(try Inventory.texts(member.value))
            default: break
            }
        }
    }
}

extension Inventory.Entry {
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("kind", kind.rawValue)
            json.member("name", name)
            if let id { json.member("id", id) }
            if let label { json.member("label", label) }
            if !others.isEmpty { json.member("others", others) }
            if let applied { json.member("applied", applied) }
            if let seen { json.member("seen", seen) }
            if let next {
                json.object("next") { json in
                    json.member("applied", next.applied)
                    json.member("seen", next.seen)
                }
            }
        }
    }

    fileprivate init(_ node: Node) throws(Rejection) {
        var texts: [String: String] = [:]
        var others: [String] = []
        var next: Next?
        for member in try node.members("a resource") {
            switch member.key.text {
            case "others": others = try Inventory.texts(member.value)
            case "next":
                var parts: [String: String] = [:]
                for part in try member.value.members("a change") where !part.value.isNull { parts[part.key.text] = try part.value.text() }
                next = Next(applied: parts["applied"], seen: parts["seen"])
            default: texts[member.key.text] = try member.value.text()
            }
        }
        guard let kind = texts["kind"].flatMap(Kind.init), let name = texts["name"] else {
            throw Rejection("a resource in the inventory has no kind or no name")
        }
        self.init(
            kind: kind, name: name, id: texts["id"], label: texts["label"], others: others, applied: texts["applied"], seen: texts["seen"],
            next: next)
    }
}

/// Where inventories are kept. Writing is done when the file is safe on the disk.
public struct InventoryStore: Sendable {
    /// The owner whose file it is.
    public var owner: Owner
    /// What people call the owner's file.
    public var name: String
    /// The owner's file; nil as long as there is none.
    public var read: @Sendable () throws(AccountFailure) -> [UInt8]?
    /// The files of all other owners.
    public var readOthers: @Sendable () throws(AccountFailure) -> [(name: String, bytes: [UInt8])]
    /// Replaces the owner's file.
    public var write: @Sendable (_ bytes: [UInt8]) throws(AccountFailure) -> Void

    /// Where inventories are kept.
    public init(
        owner: Owner, name: String, read: @escaping @Sendable () throws(AccountFailure) -> [UInt8]?,
        readOthers: @escaping @Sendable () throws(AccountFailure) -> [(name: String, bytes: [UInt8])],
        write: @escaping @Sendable ([UInt8]) throws(AccountFailure) -> Void
    ) {
        self.owner = owner
        self.name = name
        self.read = read
        self.readOthers = readOthers
        self.write = write
    }

    /// The owner's inventory, and the others' that are about the same server.
    func load(_ server: String) throws(AccountFailure) -> (own: Inventory, others: [Inventory]) {
        var own = Inventory(owner: owner, server: server)
        if let bytes = try read() {
            own = try Self.inventory(bytes, name)
            guard own.owner == owner else {
                throw AccountFailure(
                    .unreachable, "\(name) is the inventory of \(own.owner.text), not of \(owner.text)",
                    "put each owner's inventory back to its place")
            }
            guard own.server == server else {
                throw AccountFailure(
                    .unreachable, "\(name) is about \(own.server), and this is \(server)",
                    "correct EMAILCONNECT_URL; or, if the account has moved there with all ids, the line server in the inventory")
            }
        }
        var others: [Inventory] = []
        for file in try readOthers() {
            let other = try Self.inventory(file.bytes, file.name)
            if other.server == server, other.owner != owner { others.append(other) }
        }
        return (own, others)
    }

    private static func inventory(_ bytes: [UInt8], _ name: String) throws(AccountFailure) -> Inventory {
        do throws(Rejection) { return try Inventory(bytes) } catch {
            throw AccountFailure(
                .unreachable, "\(name) cannot be read as an inventory: \(error.problem)",
                error.remedy.isEmpty ? "take its last version from Git or from CI" : error.remedy)
        }
    }
}
