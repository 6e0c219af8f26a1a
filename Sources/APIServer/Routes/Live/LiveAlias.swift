import EmailConnect
import Hummingbird

/// An alias as the live dialect states it: by `localPart` and `domainId`, or by `email`; with members that the domain decides here, and
/// with one that nobody keeps.
private struct LiveAlias {
    /// What the dialect's table knows, under the names of the field tables.
    var node: Node
    /// The whole address, if it was sent.
    var address: Address?
    /// The domain's id, if it was sent.
    var domainID: String?
    /// Members that have to be as the domain has them.
    var flags: [String: Bool] = [:]

    private static let decided = ["allowAttachments", "includeEnvelope", "includeHtml", "includeText"]

    init(_ body: Node, isNew: Bool) throws(Rejection) {
        var own: [Node.Member] = []
        var names: Set<String> = []
        for member in try body.members("an object") {
            let name = member.key.text
            names.insert(name)
            do throws(Rejection) {
                switch name {
                case "email": address = try Address(member.value.text("an address"))
                case "destinationEmail": try Self.check(member.value)
                case let name where Self.decided.contains(name): flags[name] = try Bool(member.value)
                default:
                    if name == "domainId" { domainID = try member.value.text("a domain's id") }
                    own.append(member)
                }
            } catch { throw Rejection(error.problem, error.remedy, pointer: "/\(name)") }
        }
        let extra = ["email", "destinationEmail"] + Self.decided
        for name in own.map(\.key.text) where Dialect.live.members?[.alias]?.contains(where: { $0.name == name && $0.field != nil }) != true
        {
            let known = (Dialect.live.members?[.alias] ?? []).filter { $0.field != nil }.map(\.name)
            throw Dialect.unknown(name, known: known + extra)
        }
        if names.isSuperset(of: ["email", "localPart"]) {
            throw Rejection("email says it already", "send one of them", pointer: "/localPart")
        }
        if isNew, address == nil {
            for name in ["localPart", "domainId"] where !names.contains(name) {
                throw Rejection("\(name) is required", pointer: "/\(name)")
            }
        }
        node = try Dialect.live.read(.alias, .mapping(own, body.position), isNew: isNew)
    }

    /// An address elsewhere is looked at and not kept: mail goes to webhooks.
    private static func check(_ node: Node) throws(Rejection) {
        guard !node.isNull else { return }
        let text = try node.text("an address")
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard text.utf8.count <= 320, parts.count == 2, parts.allSatisfy({ !$0.isEmpty }),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw Rejection("not an address", "write local@domain") }
    }

    /// The body for the ledger, once the domain is known: the one of the request, else the alias's own.
    func settled(_ call: Call, id: String?, in transaction: Transaction) throws -> Node {
        let account = RowValue.text(call.caller.accountID)
        let condition: (String, RowValue)? =
            if let domainID { ("id = ?", .text(domainID)) } else if let address { ("name = ?", .text(address.domain.text)) } else if let id
            {
                ("id = (SELECT domain_id FROM aliases WHERE id = ?)", .text(id))
            } else { nil }
        let domain = try condition.flatMap { condition in
            try transaction.first(
                "SELECT name, allow_attachments, include_envelope FROM domains WHERE account_id = ? AND \(condition.0)",
                [account, condition.1]
            ) { (name: $0.text(0), attachments: $0.boolean(1), envelope: $0.boolean(2)) }
        }
        // A domain or an alias that is not there is refused by the ledger.
        if let domain {
            let has = [
                "allowAttachments": domain.attachments, "includeEnvelope": domain.envelope, "includeHtml": true, "includeText": true,
            ]
            for (name, wanted) in flags.sorted(by: { $0.key < $1.key }) where has[name] != wanted {
                let isDomains = name == "allowAttachments" || name == "includeEnvelope"
                throw Rejection(
                    "it is \(!wanted) for every alias\(isDomains ? " of the domain" : "")",
                    isDomains ? "set it on the domain" : "leave it out",
                    pointer: "/\(name)")
            }
        }
        guard let address, case .mapping(var members, let position) = node else { return node }
        if let domain, domainID != nil, domain.name != address.domain.text {
            throw Rejection("the address is not on the domain of domainId", "send one of them", pointer: "/email")
        }
        members.append(Node.Member(Scalar("name", .quoted), .scalar(Scalar(address.local.text, .quoted))))
        if domainID == nil { members.append(Node.Member(Scalar("domain", .quoted), .scalar(Scalar(address.domain.text, .quoted)))) }
        return .mapping(members, position)
    }
}

extension Routes {
    /// Creates an alias, with a webhook or without.
    func createLiveAlias(_ call: Call) async throws -> Response {
        let alias = try LiveAlias(try await call.json(), isNew: true)
        let node = try await store.read { try alias.settled(call, id: nil, in: $0) }
        return try await call.route.renaming { try await create(Alias.self, call, node) }
    }

    /// Changes the fields of an alias that are stated.
    func changeLiveAlias(_ call: Call) async throws -> Response {
        let (alias, id) = (try LiveAlias(try await call.json(), isNew: false), try call.id())
        let node = try await store.read { try alias.settled(call, id: id, in: $0) }
        return try await call.route.renaming { try await change(Alias.self, call, node, replaces: false) }
    }

    /// Attaches a webhook, or detaches the one that there is.
    func attach<R: StoredResource>(_: R.Type, _ call: Call) async throws -> Response {
        let members = try (try await call.json()).members("an object")
        for member in members where member.key.text != "webhookId" { throw Dialect.unknown(member.key.text, known: ["webhookId"]) }
        guard let webhook = members.first?.value else { throw Rejection("webhookId is required", "an id, or null", pointer: "/webhookId") }
        let node = Node.mapping([.init(Scalar("webhook_id", .quoted), webhook)], webhook.position)
        return try await call.route.renaming { try await change(R.self, call, node, replaces: false) }
    }
}
