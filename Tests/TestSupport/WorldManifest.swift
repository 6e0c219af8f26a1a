/// A manifest as a value: it can be changed a little, printed as YAML in any order, and made smaller.
public struct WorldManifest: Equatable, Sendable {
    /// An entry: YAML by field, and below a domain the aliases.
    public struct Entry: Equatable, Sendable {
        /// YAML by field.
        public var fields: [String: String] = [:]
        /// The fields of a domain's aliases, by name.
        public var aliases: [String: [String: String]] = [:]

        /// An entry.
        public init(_ fields: [String: String] = [:]) { self.fields = fields }

        var isExternal: Bool { fields["manage"] == "false" }
    }

    /// The line `manifest:`; the environment is `test`.
    public var name: String
    /// The line `manifest_moved_from:`.
    public var movedFrom: String?
    /// By key.
    public var webhooks: [String: Entry] = [:]
    /// By name.
    public var domains: [String: Entry] = [:]
    /// By key.
    public var keys: [String: Entry] = [:]
    /// `alias:x@one.example`, and whether it is kept.
    public var removed: [String: Bool] = [:]
    /// What may be adopted; `all` is everything.
    public var adopt: Set<String> = []
    /// What may be taken over, by owner.
    public var takeOver: [String: Set<String>] = [:]

    /// A manifest without entries.
    public init(_ name: String) { self.name = name }

    /// `manifest/environment`.
    public var owner: String { "\(name)/test" }

    /// Every alias that it declares, `local@domain`.
    public var addresses: [String] {
        domains.sorted { $0.key < $1.key }.flatMap { domain, entry in entry.aliases.keys.sorted().map { "\($0)@\(domain)" } }
    }

    /// Every name that it declares, as `removed:` and `allow:` take it with its kind.
    public var names: [String] {
        webhooks.filter { !$0.value.isExternal }.keys.sorted().map { "webhook:\($0)" }
            + domains.filter { !$0.value.isExternal }.keys.sorted().map { "domain:\($0)" } + addresses.map { "alias:\($0)" }
            + keys.keys.sorted().map { "api_key:\($0)" }
    }

    /// The same without what a manifest cannot say: references into the void, names that are declared and removed.
    public var normal: WorldManifest {
        var copy = self
        if movedFrom == name { copy.movedFrom = nil }
        for (key, entry) in webhooks where entry.isExternal {
            copy.webhooks[key]?.fields = entry.fields.filter { ["manage", "owner", "id"].contains($0.key) }
            if entry.fields["owner"] == owner { copy.webhooks[key] = nil }
        }
        var sources: Set<String> = []
        for (name, entry) in domains.sorted(by: { $0.key < $1.key }) {
            if entry.isExternal { copy.domains[name]?.fields = ["manage": "false"] }
            if let hook = entry.fields["webhook"], copy.webhooks[hook] == nil { copy.domains[name]?.fields["webhook"] = nil }
            for (local, fields) in entry.aliases.sorted(by: { $0.key < $1.key }) {
                if let hook = fields["webhook"], copy.webhooks[hook] == nil { copy.domains[name]?.aliases[local]?["webhook"] = nil }
                guard let source = fields["moved_from"]?.replacing("\"", with: "") else { continue }
                let whole = source.contains("@") ? source : "\(source)@\(name)"
                if whole == "\(local)@\(name)" || !sources.insert(whole).inserted {
                    copy.domains[name]?.aliases[local]?["moved_from"] = nil
                }
            }
        }
        let declared = Set(copy.names)
        copy.removed = removed.filter { !declared.contains($0.key) }
        copy.takeOver = takeOver.filter { $0.key != owner && !$0.value.isEmpty }
        return copy
    }

    /// The manifest as YAML: an entry a line.
    public var yaml: String { yaml { $0.sorted() } }

    /// The manifest as YAML with its entries and fields in another order.
    public func yaml(shuffledBy generator: inout SeededGenerator) -> String { yaml { $0.shuffled(using: &generator) } }

    private func yaml(_ order: ([String]) -> [String]) -> String {
        func mapping(_ fields: [String: String]) -> String {
            let items = order(fields.map { "\($0.key): \($0.value)" })
            return items.isEmpty ? "{}" : "{ \(items.joined(separator: ", ")) }"
        }
        func section(_ name: String, _ lines: [String]) -> String? {
            lines.isEmpty ? nil : "\(name):\n" + order(lines).map { "  \($0)\n" }.joined()
        }
        let domainLines = domains.map { name, entry in
            var fields = entry.fields
            if !entry.aliases.isEmpty {
                let aliases = entry.aliases.map { local, fields in (local == "*" ? "\"*\"" : local, mapping(fields)) }
                fields["aliases"] = mapping(Dictionary(uniqueKeysWithValues: aliases))
            }
            return "\(name): \(mapping(fields))"
        }
        var consent: [String: String] = [:]
        if !adopt.isEmpty { consent["adopt"] = adopt.contains("all") ? "all" : Self.list(order(adopt.map(Self.written))) }
        if !takeOver.isEmpty { consent["take_over"] = mapping(takeOver.mapValues { Self.list(order($0.map(Self.written))) }) }
        let removals = removed.map { name, keeps in
            let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
            return "- { \(parts[0]): \"\(parts[1])\"\(keeps ? ", keep: true" : "") }"
        }
        let sections = [
            "version: 1\n", "manifest: \(name)\n", "environment: test\n", movedFrom.map { "manifest_moved_from: \($0)\n" },
            consent.isEmpty ? nil : "allow: \(mapping(consent))\n",
            section("webhooks", webhooks.map { "\($0.key): \(mapping($0.value.fields))" }), section("domains", domainLines),
            section("api_keys", keys.map { "\($0.key): \(mapping($0.value.fields))" }), section("removed", removals),
        ]
        return order(sections.enumerated().compactMap { place, text in text.map { "\(place)\($0)" } }).map { $0.dropFirst() }.joined()
    }

    private static func list(_ names: [String]) -> String { "[\(names.map { "\"\($0)\"" }.joined(separator: ", "))]" }

    /// A domain and an alias are written without their kind.
    private static func written(_ name: String) -> String {
        ["domain:", "alias:"].first(where: name.hasPrefix).map { String(name.dropFirst($0.count)) } ?? name
    }
}

/// What becomes of an apply on its way.
public enum WorldFate: String, Sendable, CaseIterable {
    /// Everything goes well.
    case fine
    /// The batch is done, and nobody hears of it.
    case answerLost = "the answer is lost"
    /// The batch never arrives.
    case requestLost = "the request is lost"
    /// The answer is lost, and the same batch is sent again.
    case sentTwice = "the answer is lost, sent again"
    /// The batch is done, new tokens do not reach their files.
    case sinkBroken = "the sink is broken"
}

/// One thing that happens to an account.
public enum WorldStep: Equatable, Sendable, CustomStringConvertible {
    /// Somebody applies a manifest; the number says which generation the secrets are of.
    case apply(WorldManifest, secrets: Int, WorldFate)
    /// Somebody edits by hand: operations of a plain batch, each sent by itself.
    case edit([String])
    /// A plan is made, somebody edits by hand, and the plan is applied: from its file, or as it was prepared before the edit.
    case review(WorldManifest, secrets: Int, edits: [String], fromFile: Bool)

    /// Its manifest, if it has one.
    public var manifest: WorldManifest? {
        switch self {
        case .apply(let manifest, _, _), .review(let manifest, _, _, _): manifest
        case .edit: nil
        }
    }

    /// The same with another manifest.
    public func with(_ manifest: WorldManifest) -> WorldStep {
        switch self {
        case .apply(_, let secrets, let fate): .apply(manifest, secrets: secrets, fate)
        case .review(_, let secrets, let edits, let fromFile): .review(manifest, secrets: secrets, edits: edits, fromFile: fromFile)
        case .edit: self
        }
    }

    /// For people, to paste.
    public var description: String {
        switch self {
        case .apply(let manifest, let secrets, let fate):
            "apply, secrets \(secrets)\(fate == .fine ? "" : ", \(fate.rawValue)")\n\(manifest.normal.yaml)"
        case .edit(let operations): "by hand\n\(operations.map { "\($0)\n" }.joined())"
        case .review(let manifest, let secrets, let operations, let fromFile):
            "plan\(fromFile ? " into a file" : ""), secrets \(secrets)\n\(manifest.normal.yaml)by hand\n"
                + operations.map { "\($0)\n" }.joined() + "apply that plan\n"
        }
    }
}
