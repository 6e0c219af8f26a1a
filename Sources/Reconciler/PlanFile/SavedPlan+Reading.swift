public import EmailConnect

extension SavedPlan {
    /// Reads a saved plan.
    /// - Throws: when it is none, is of a format that this version does not know, or is not as it was written.
    public init(_ bytes: [UInt8]) throws(Rejection) {
        var lines = Lines(bytes)
        guard let first = lines.next() else { throw Self.foreign }
        let head = try Self.head(bytes, first)
        guard head.format == Self.format else {
            throw Rejection("the plan is of format \(head.format)", "this version reads format \(Self.format); plan again with it")
        }
        guard Hex.sha256(Array(bytes[min(first.upperBound + 1, bytes.count)...])) == head.sha256 else {
            throw Rejection("the plan is not as it was written", "plan again; a plan is not edited")
        }
        guard let second = lines.next(), let third = lines.next() else { throw Self.foreign }
        var json = JSONReader(bytes, second)
        let header = try StateHeader(&json)
        var frame = JSONReader(bytes, third)
        (plan, server) = try Self.frame(try frame.node(), header)
        while let line = lines.next() {
            var json = JSONReader(bytes, line)
            try add(try json.node())
        }
        let digest = plan.digest
        plan.digest = PlanDigest(of: plan)
        guard plan.digest == digest else {
            throw Rejection("the plan's digest is not that of its changes", "plan again; a plan is not edited")
        }
    }

    private static var foreign: Rejection { Rejection("this is no saved plan", "make one with: reconcile plan --out FILE") }

    private static func head(_ bytes: [UInt8], _ range: Range<Int>) throws(Rejection) -> (format: Int, sha256: String) {
        var json = JSONReader(bytes, range)
        var format: Int?
        var sha256: String?
        do throws(Rejection) {
            for member in try json.node().members("the head of a plan") {
                if member.key.text == "format" { format = try member.value.integer() }
                if member.key.text == "sha256" { sha256 = try member.value.text() }
            }
        } catch { throw foreign }
        guard let format else { throw foreign }
        return (format, sha256 ?? "")
    }

    private static func frame(_ node: Node, _ header: StateHeader) throws(Rejection) -> (Plan, String) {
        let parts = try Parts(node)
        let owner = try Owner(parts.text("owner"))
        var plan = Plan(
            owner: owner, header: header, webhooks: [], domains: [], aliases: [], apiKeys: [], conflicts: [], unmanaged: [:], ensured: [],
            due: try parts.texts("due"), sinks: [:], unavailable: [], digest: PlanDigest(saved: try parts.text("digest")),
            movedFrom: try parts.optional("owner_moved_from").map { (text) throws(Rejection) in try Owner(text) },
            repositoryMovedFrom: try parts.optional("repository_moved_from"), refusals: [],
            consented: try parts.texts("allowed"), writtenDown: [], lost: Plan.Lost([], of: owner))
        for item in try parts.items("conflicts") {
            let conflict = try Parts(item)
            plan.conflicts.append(
                Conflict(
                    kind: try conflict.optional("kind").flatMap(Kind.init), name: try conflict.text("name"),
                    problem: try conflict.text("problem"), remedy: try conflict.text("remedy")))
        }
        for item in try parts.items("refusals") {
            let refusal = try Parts(item)
            plan.refusals.append(
                Refusal(
                    guarded: try refusal.text("guard"), count: try refusal["count"].integer(), problem: try refusal.text("problem"),
                    remedy: try refusal.text("remedy")))
        }
        for member in try parts["unmanaged"].members("counts") {
            if let kind = Kind(rawValue: member.key.text) { plan.unmanaged[kind] = try member.value.integer() }
        }
        // Plans of the first versions have none.
        plan.reported = (try? parts.texts("reported")) ?? []
        for item in try parts.items("ensured") {
            let ensured = try Parts(item)
            plan.ensured.append((try ensured.text("name"), try SecretReference(ensured["reference"])))
        }
        for item in try parts.items("unavailable") { plan.unavailable.insert(try SecretReference(Parts(item)["reference"])) }
        for member in try parts["sinks"].members("sinks") { plan.sinks[try Slug(member.key.text)] = try Sink(member.value) }
        for name in try parts.texts("written_down") { plan.writtenDown.insert(try ResourceName(name)) }
        var lost: [LostRecord] = []
        for item in try parts.items("lost") {
            let record = try Parts(item)
            guard let kind = Kind(rawValue: try record.text("of")) else { throw foreign }
            lost.append(
                LostRecord(
                    kind: kind, id: try record.text("id"), name: try record.text("name"), owner: owner,
                    applied: try record.text("applied")))
        }
        plan.lost = Plan.Lost(lost, of: owner)
        return (plan, try parts.text("server"))
    }

    private mutating func add(_ node: Node) throws(Rejection) {
        let parts = try Parts(node)
        switch Kind(rawValue: try parts.text("kind")) {
        case .webhook: plan.webhooks.append(try Self.change(parts))
        case .domain: plan.domains.append(try Self.change(parts))
        case .alias: plan.aliases.append(try Self.change(parts))
        case .apiKey: plan.apiKeys.append(try Self.change(parts))
        case nil: throw Self.foreign
        }
    }

    private static func change<R: Resource>(_ parts: Parts) throws(Rejection) -> Change<R> {
        switch try parts.text("op") {
        case "create": return .create(try Stated<R>(request: parts["new"]).value)
        case "update":
            var differences: [Difference] = []
            for item in try parts.items("differences") {
                let difference = try Parts(item)
                guard let certainty = Difference.Certainty(rawValue: try difference.text("certainty")) else { throw foreign }
                differences.append(
                    Difference(
                        try difference.text("field"), from: try Shown(saved: difference["from"]), to: try Shown(saved: difference["to"]),
                        certainty))
            }
            return .update(old: try record(parts["old"]), new: try Stated<R>(request: parts["new"]).value, differences: differences)
        case "delete":
            var cascade: [Record<Alias>] = []
            for item in try parts.items("cascade") { cascade.append(try record(item)) }
            return .delete(try record(parts["old"]), cascade: cascade)
        default: throw foreign
        }
    }

    private static func record<R: Resource>(_ node: Node) throws(Rejection) -> Record<R> {
        let parts = try Parts(node)
        return Record(
            id: try parts.text("id"), version: try parts["version"].integer(),
            owner: try parts.optional("managed_by").map { (text) throws(Rejection) in try Owner(text) },
            value: try Stated<R>(request: parts["value"]).value, applied: try parts.optional("applied"))
    }
}

/// The ranges of the lines of some bytes.
private struct Lines {
    private let bytes: [UInt8]
    private var start = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> Range<Int>? {
        guard start < bytes.count else { return nil }
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        defer { start = end + 1 }
        return start..<end
    }
}

/// The members of an object, by name.
private struct Parts {
    private var members: [String: Node] = [:]

    init(_ node: Node) throws(Rejection) {
        for member in try node.members("an object") { members[member.key.text] = member.value }
    }

    subscript(_ name: String) -> Node {
        get throws(Rejection) {
            guard let node = members[name] else { throw Rejection("the plan has no \(name)", "plan again with this version") }
            return node
        }
    }

    func text(_ name: String) throws(Rejection) -> String { try self[name].text() }
    func items(_ name: String) throws(Rejection) -> [Node] { try self[name].items("a list") }
    func optional(_ name: String) throws(Rejection) -> String? {
        guard let node = members[name], !node.isNull else { return nil }
        return try node.text()
    }
    func texts(_ name: String) throws(Rejection) -> [String] {
        var texts: [String] = []
        for item in try items(name) { texts.append(try item.text()) }
        return texts
    }
}

extension Shown {
    fileprivate init(saved node: Node) throws(Rejection) {
        guard let member = try node.members("a value").first else {
            self = .none
            return
        }
        switch member.key.text {
        case "text": self = .text(try member.value.text())
        case "word": self = .word(try member.value.text())
        case "boolean": self = .boolean(try Bool(member.value))
        case "secret": self = .secret(try member.value.text())
        case "list":
            var items: [String] = []
            for item in try member.value.items("a list") { items.append(try item.text()) }
            self = .list(items)
        default: throw Rejection("the plan has a value that this version does not know", "plan again with this version")
        }
    }
}
