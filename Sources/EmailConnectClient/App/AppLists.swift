import EmailConnect

/// The three lists of an account, as they were told: webhooks by id only, and nobody's.
struct AppLists: Sendable {
    var webhooks: [Record<Webhook>] = []
    var domains: [Record<Domain>] = []
    var aliases: [Record<Alias>] = []
    /// Members that some item did not have, under the names of the fields.
    var untold = ServerDialect.app.untold
    /// The ids of the domains, by name.
    var domainIDs: [DomainName: String] = [:]

    /// What this dialect calls the fields.
    static let members: [Kind: [(field: String, member: String)]] = [
        .webhook: [("name", "name"), ("url", "url"), ("description", "description"), ("enabled", "active")],
        .domain: [
            ("name", "domain"), ("description", "description"), ("enabled", "active"), ("webhook", "webhookId"),
            ("allow_attachments", "allowAttachments"), ("include_envelope", "includeEnvelope"),
        ],
        .alias: [
            ("name", "localPart"), ("domain", "domainId"), ("description", "description"), ("enabled", "active"), ("webhook", "webhookId"),
        ],
    ]

    /// - Throws: when a list is none, or an alias is on a domain that the account did not name.
    init(aliases: [Node], domains: [Node], webhooks: [Node]) throws(Rejection) {
        for node in webhooks {
            let item = try Item(node, .webhook, &untold)
            var webhook = Webhook()
            webhook.name = item.text("name") ?? ""
            webhook.url = item.text("url").flatMap { try? HTTPURL($0) }.map(WebhookURL.plain)
            webhook.description = item.text("description") ?? ""
            webhook.enabled = item.flag("active") ?? true
            self.webhooks.append(Self.record(item.id, webhook))
        }
        var names: [String: DomainName] = [:]
        for node in domains {
            let item = try Item(node, .domain, &untold)
            var domain = Domain()
            domain.name = (item.text("domain") ?? item.text("domainName")).flatMap { try? DomainName($0) }
            domain.description = item.text("description") ?? ""
            domain.enabled = item.flag("active") ?? true
            domain.webhook = item.text("webhookId").map(WebhookReference.id)
            domain.allowAttachments = item.flag("allowAttachments") ?? true
            domain.includeEnvelope = item.flag("includeEnvelope") ?? false
            if let name = domain.name {
                names[item.id] = name
                domainIDs[name] = item.id
            }
            self.domains.append(Self.record(item.id, domain))
        }
        let ids = Set(self.domains.map(\.id))
        for node in aliases {
            let item = try Item(node, .alias, &untold)
            var alias = Alias()
            let parts = item.text("email")?.split(separator: "@", maxSplits: 1).map(String.init)
            alias.name = (item.text("localPart") ?? parts?.first).flatMap { try? LocalPart($0) }
            if let id = item.text("domainId") {
                guard ids.contains(id) else { throw Self.moving }
                alias.domain = names[id].map(DomainReference.name)
            } else {
                alias.domain = parts?.last.flatMap { try? DomainName($0) }.map(DomainReference.name)
            }
            alias.description = item.text("description") ?? ""
            alias.enabled = item.flag("active") ?? true
            alias.webhook = item.text("webhookId").map(WebhookReference.id)
            self.aliases.append(Self.record(item.id, alias))
        }
    }

    /// The lists do not fit together: something was made or deleted between them.
    static let moving = Rejection("the account changed while it was read", "run the command again")

    private static func record<R: Resource>(_ id: String, _ value: R) -> Record<R> {
        Record(id: id, version: version(fingerprint(value)), owner: nil, value: value)
    }

    /// What was told of a resource, in 16 hexadecimal digits. Its webhook counts by id; what this dialect does not tell does not count.
    static func fingerprint<R: Resource>(_ value: R) -> String { value.configuration }

    /// A version for what has none: another one for another content, so that a change in between is noticed.
    static func version(_ fingerprint: String) -> Int { Int(fingerprint.prefix(12), radix: 16) ?? 0 }

    /// The items of an answer's list.
    /// - Throws: when it is none, or is cut off.
    static func items(_ bytes: [UInt8], _ kind: Kind) throws(Rejection) -> [Node] {
        var items: [Node]?
        var total: Int?
        var reader = JSONReader(bytes)
        try reader.object { json, name throws(Rejection) in
            if name == kind.plural {
                var found: [Node] = []
                try json.array { json, _ throws(Rejection) in found.append(try json.node()) }
                items = found
            } else {
                let node = try json.node()
                if name == "total" { total = try node.integer() }
            }
        }
        try reader.finish()
        guard let items else { throw Rejection("the answer has no list of \(kind.plural)") }
        guard total ?? items.count == items.count else {
            throw Rejection(
                "the list of \(kind.plural) has \(items.count) of \(total ?? 0)", "an account of that size cannot be managed through /api")
        }
        return items
    }
}

/// One item of a list; members that are not known are not looked at.
private struct Item {
    private var values: [String: Node] = [:]
    private(set) var id = ""

    init(_ node: Node, _ kind: Kind, _ untold: inout [Kind: Set<String>]) throws(Rejection) {
        for member in try node.members("an item") { values[member.key.text] = member.value }
        guard let id = text("id"), (1...128).contains(id.utf8.count), id.utf8.allSatisfy(Self.isPlain) else {
            throw Rejection("a \(kind.word) in the answer has no id, or one that is no word")
        }
        self.id = id
        for (field, member) in AppLists.members[kind] ?? [] where values[member] == nil && !["name", "domain"].contains(field) {
            untold[kind, default: []].insert(field)
        }
    }

    /// An id goes into paths.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }

    func text(_ name: String) -> String? { values[name].flatMap { try? $0.text() } }
    func flag(_ name: String) -> Bool? { values[name].flatMap { try? Bool($0) } }
}
