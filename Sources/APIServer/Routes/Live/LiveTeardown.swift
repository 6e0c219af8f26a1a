import EmailConnect
import Hummingbird

/// What `POST /api/webhooks/alias/teardown` asks for: a trigger is switched off, unless its webhook is another one's by now.
struct LiveTeardown: Sendable {
    private(set) var webhookID = ""
    private(set) var expectedURL = ""
    /// What its aliases and domains point at from then on.
    private(set) var restored: String?

    init(_ body: Node) throws(Rejection) {
        var given: Set<String> = []
        for member in try body.members("an object") {
            given.insert(member.key.text)
            do throws(Rejection) {
                switch member.key.text {
                case "webhookId": webhookID = try member.value.text("a webhook's id")
                case "expectedUrl":
                    // Compared as it is stored.
                    let text = try member.value.text("a URL")
                    guard text.unicodeScalars.count <= 4096 else { throw Rejection("the URL is longer than 4,096 characters") }
                    expectedURL = (try? HTTPURL(text).text) ?? text
                case "restoreWebhookId":
                    let text = member.value.isNull ? "" : try member.value.text("a webhook's id")
                    restored = text.isEmpty ? nil : text
                default: throw Dialect.unknown(member.key.text, known: ["webhookId", "expectedUrl", "restoreWebhookId"])
                }
            } catch { throw Rejection(error.problem, error.remedy, pointer: error.pointer.isEmpty ? "/\(member.key.text)" : error.pointer) }
        }
        for name in ["webhookId", "expectedUrl"] where !given.contains(name) { throw Rejection("\(name) is required", pointer: "/\(name)") }
        // Its own place is no place to go back to.
        if restored == webhookID { restored = nil }
    }
}

/// What a teardown comes to, found out in the transaction that does it.
private struct LiveTeardownPlan: Sendable {
    private(set) var action = "skipped_superseded"
    private(set) var url: String?
    private(set) var operations: [AnyOperation] = []

    init(_ teardown: LiveTeardown, _ caller: Caller, in transaction: Transaction) throws {
        let account = RowValue.text(caller.accountID)
        let id = RowValue.text(teardown.webhookID)
        let found = try transaction.first("SELECT url, created_at FROM webhooks WHERE account_id = ? AND id = ?", [account, id]) {
            (url: $0.optionalText(0), madeAt: $0.text(1))
        }
        guard let found else { throw Problem(.notFound, "there is no webhook \(teardown.webhookID.prefix(64))") }
        url = found.url
        guard found.url == teardown.expectedURL else { return }
        if let restored = teardown.restored {
            let isThere = try transaction.first("SELECT 1 FROM webhooks WHERE account_id = ? AND id = ?", [account, .text(restored)]) { _ in
                true
            }
            guard isThere == true else { throw Rejection("there is no webhook \(restored.prefix(64))", pointer: "/restoreWebhookId") }
        }
        let reference = teardown.restored.map(WebhookReference.id)
        try transaction.each("SELECT id FROM domains WHERE webhook_id = ? ORDER BY id", [id]) { row in
            var set = Stated<Domain>()
            set.state("webhook") { $0.webhook = reference }
            operations.append(.domain(Operation(.update(.id(row.text(0)), set), expect: nil)))
            return true
        }
        // An alias that was made together with the webhook, and that nobody has touched since, goes with it.
        try transaction.each(
            "SELECT id, owner_id IS NULL AND NOT protected AND version = 1 AND created_at = ? FROM aliases WHERE webhook_id = ? ORDER BY id",
            [.text(found.madeAt), id]
        ) { row in
            if reference == nil, row.boolean(1) {
                operations.append(.alias(Operation(.delete(.id(row.text(0)), nil), expect: nil)))
            } else {
                var set = Stated<Alias>()
                set.state("webhook") { $0.webhook = reference }
                operations.append(.alias(Operation(.update(.id(row.text(0)), set), expect: nil)))
            }
            return true
        }
        operations.append(.webhook(Operation(.delete(.id(teardown.webhookID), nil), expect: nil)))
        action = reference == nil ? "deleted" : "restored_and_deleted"
    }

    func write(_ teardown: LiveTeardown, to json: inout JSONWriter) {
        json.object { json in
            json.member("success", true)
            json.member("action", action)
            if operations.isEmpty {
                json.object("webhook") { json in
                    json.member("id", teardown.webhookID)
                    json.member("url", url)
                }
            }
            json.member(
                "message", operations.isEmpty ? "The webhook has another URL by now; nothing was changed" : "The webhook was deleted")
        }
    }
}

extension Routes {
    /// Deletes a trigger's webhook and takes it away from what points at it, in one transaction, if it still has the trigger's URL.
    func tearDown(_ call: Call) async throws -> Response {
        _ = try call.query()
        let teardown = try LiveTeardown(try await call.json())
        let caller = call.caller
        let (bytes, scopes) = try await ledger.commit(by: caller) { transaction in
            let plan = try LiveTeardownPlan(teardown, caller, in: transaction)
            if plan.operations.isEmpty { try caller.requireOwner(nil) }
            return (Batch(owner: nil, operations: plan.operations), CommitOptions(), plan)
        } answer: { plan, _ in
            var json = JSONWriter()
            plan.write(teardown, to: &json)
            return (json.bytes, Set(plan.operations.map(\.kind.writeScope)))
        }
        call.context.notes.use(scopes)
        return Reply.json(.ok, bytes)
    }
}
