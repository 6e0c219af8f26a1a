import EmailConnect
import Hummingbird

/// What `POST /api/webhooks/alias` asks for: mail to an address, or to all others of a domain, goes to a URL.
struct LiveTrigger: Sendable {
    private(set) var domainID = ""
    private(set) var webhook = Stated<Webhook>()
    private(set) var local: LocalPart?
    /// Whether the domain's own webhook is the same.
    private(set) var syncs = false
    /// Whether the client answers for the URL.
    private(set) var isVerified = false
    /// Whether what is there already is taken.
    private(set) var takesKnown = false
    /// Whether a webhook that is there already gets the URL and the rest.
    private(set) var updates = false

    static let members = [
        "domainId", "webhookUrl", "webhookName", "webhookDescription", "aliasType", "localPart", "syncWithDomain", "autoVerify",
        "firstOrCreate",
        "updateWebhookData",
    ]

    /// What it calls the fields of the webhook, the alias and the domain.
    static let names = [
        "url": "webhookUrl", "name": "webhookName", "description": "webhookDescription", "domain": "domainId",
    ]

    init(_ body: Node) throws(Rejection) {
        var type: String?
        var given: Set<String> = []
        for member in try body.members("an object") {
            let (name, value) = (member.key.text, member.value)
            given.insert(name)
            do throws(Rejection) {
                switch name {
                case "domainId": domainID = try value.text("a domain's id")
                case "webhookUrl": try set("url", value)
                case "webhookName": try set("name", value)
                case "webhookDescription": if !value.isNull { try set("description", value) }
                case "aliasType":
                    type = try value.text()
                    guard type == "catchall" || type == "specific" else { throw Rejection("no such type", "catchall or specific") }
                case "localPart": if !value.isNull { local = try LocalPart(value.text()) }
                case "syncWithDomain": syncs = try Bool(value)
                case "autoVerify": isVerified = try Bool(value)
                case "firstOrCreate": takesKnown = try Bool(value)
                case "updateWebhookData": updates = try Bool(value)
                default: throw Dialect.unknown(name, known: Self.members)
                }
            } catch { throw Rejection(error.problem, error.remedy, pointer: error.pointer.isEmpty ? "/\(name)" : error.pointer) }
        }
        for name in ["domainId", "webhookUrl", "webhookName", "aliasType"] where !given.contains(name) {
            throw Rejection("\(name) is required", pointer: "/\(name)")
        }
        if type == "catchall" {
            local = try LocalPart(LocalPart.catchAll)
        } else {
            syncs = false
            guard let local else { throw Rejection("localPart is required for a specific alias", pointer: "/localPart") }
            guard local.text != LocalPart.catchAll else {
                throw Rejection("* is no specific alias", "send aliasType catchall", pointer: "/localPart")
            }
        }
    }

    private mutating func set(_ field: String, _ value: Node) throws(Rejection) {
        guard let row = Webhook.row(wire: field) else { return }
        try webhook.take(row, value, wire: field)
    }
}

extension Routes {
    /// Creates or finds a webhook and an alias, in one transaction.
    func trigger(_ call: Call) async throws -> Response {
        _ = try call.query()
        let trigger = try LiveTrigger(try await call.json())
        let (caller, random, dialect) = (call.caller, random, call.route.dialect)
        let isVerified = trigger.isVerified || LiveVerification.isTrusted(call.request)
        let view = call.itemView(at: clock.now())
        if trigger.syncs { try call.require([.domainsWrite]) }
        let bytes = try await call.route.renaming {
            try await ledger.commit(by: caller) { transaction in
                let plan = try LiveTriggerPlan(trigger, caller, random, in: transaction)
                if plan.operations.isEmpty { try caller.requireOwner(nil) }
                return (Batch(owner: nil, operations: plan.operations), CommitOptions(ids: plan.ids), plan)
            } answer: { plan, transaction in
                if isVerified, case .plain(let url) = trigger.webhook.value.url {
                    _ = try WebhookVerification.trust(plan.webhookID, with: url, account: caller.accountID, in: transaction)
                }
                var json = JSONWriter()
                try plan.write(dialect, view, in: transaction, to: &json)
                return json.bytes
            }
        }
        return Reply.json(.created, bytes)
    }
}
