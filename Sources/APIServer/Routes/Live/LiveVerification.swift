import EmailConnect
import HTTPTypes
import Hummingbird

/// What the live dialect says of verification: what the verifier finds out, under its own names, and that a webhook also counts as verified
/// when a client answers for it.
enum LiveVerification {
    /// Whether a domain is verified, among its members.
    static let domainMember = Dialect.answered(
        "isVerified",
        """
        EXISTS (SELECT 1 FROM domain_verification v WHERE v.domain_id = t.id AND v.name = t.name AND v.status = 'verified'
            AND v.mail_host = (SELECT mail_host FROM server))
        """, .boolean, "Whether its DNS records were found.", .boolean)

    /// Clients whose webhooks count as verified from the first.
    private static let trusted: Set<String> = ["n8n-node", "zapier", "make"]

    /// Whether the request comes from a client that answers for the URLs that it states.
    static func isTrusted(_ request: Request) -> Bool { request.headers[.source].map(trusted.contains) ?? false }

    /// What early clients send in place of a code: the end of the webhook's id. It proves nothing; the client answers for the URL.
    static func token(of id: String) -> String { String(id.suffix(5)) }

    /// The proof that a request has.
    static func proof(_ body: Node) throws(Rejection) -> String {
        var proof: String?
        for member in try body.members("an object") {
            guard member.key.text == "verificationToken" else { throw Dialect.unknown(member.key.text, known: ["verificationToken"]) }
            do throws(Rejection) { proof = try member.value.text() } catch {
                throw Rejection(error.problem, error.remedy, pointer: "/verificationToken")
            }
        }
        guard let proof else { throw Rejection("verificationToken is required", pointer: "/verificationToken") }
        guard (1...128).contains(proof.unicodeScalars.count) else {
            throw Rejection("not 1 to 128 characters", "send the code that the endpoint was called with", pointer: "/verificationToken")
        }
        return proof
    }
}

extension Routes {
    /// Creates a webhook; one of a client that answers for it counts as verified.
    func createLiveWebhook(_ call: Call) async throws -> Response {
        let node = try call.route.dialect.read(.webhook, try await call.json(), isNew: true)
        return try await call.route.renaming { try await create(Webhook.self, call, node) { try await trust($0, node, call) } }
    }

    /// Changes the fields of a webhook that are stated.
    func changeLiveWebhook(_ call: Call) async throws -> Response {
        let node = try call.route.dialect.read(.webhook, try await call.json(), isNew: false)
        return try await call.route.renaming {
            try await change(Webhook.self, call, node, replaces: false) { try await trust($0, node, call) }
        }
    }

    /// A client answers for the URL that it states, and for no other.
    private func trust(_ id: String, _ node: Node, _ call: Call) async throws {
        guard LiveVerification.isTrusted(call.request), let stated = try node.members("an object").first(where: { $0.key.text == "url" }),
            let url = try? HTTPURL(stated.value.text())
        else { return }
        let account = call.caller.accountID
        _ = try await store.write { try WebhookVerification.trust(id, with: url, account: account, in: $0) }
    }

    /// Whether a domain's DNS records are there; `verify` looks for them first.
    func liveDomainStatus(_ call: Call) async throws -> Response {
        _ = try call.query()
        let (id, account) = (try call.id(), call.caller.accountID)
        if !call.isReading { try await verifier.domain(id, by: call.caller) }
        guard call.caller.scopes.allows(.domainsRead) else { return Response(status: .noContent) }
        let bytes = try await store.read { transaction in
            let found = try transaction.first(
                "SELECT name, (SELECT mail_host FROM server) FROM domains WHERE account_id = ? AND id = ?", [.text(account), .text(id)]
            ) { (name: $0.text(0), mailHost: $0.text(1)) }
            guard let found else { throw Problem(.notFound, "there is no domain \(id.prefix(64))") }
            let verification = try DomainVerification.find(id, name: found.name, mailHost: found.mailHost, in: transaction)
            let records = try DomainNeeds.records(of: found.name, account: account, mailHost: found.mailHost)
            var json = JSONWriter()
            json.object { json in
                json.member("id", id)
                json.member("domain", found.name)
                json.member("isVerified", verification.status == .verified)
                json.array("dnsRecords") { json in
                    for record in records {
                        json.object { json in
                            record.writeMembers(to: &json)
                            json.member("status", verification.status(of: record).rawValue)
                        }
                    }
                }
            }
            return json.bytes
        }
        return Reply.json(.ok, bytes)
    }

    /// Whether a webhook counts as verified.
    func liveWebhookStatus(_ call: Call) async throws -> Response {
        _ = try call.query()
        return try await webhookStatus(call)
    }

    /// Calls a webhook's endpoint with a code.
    func verifyLiveWebhook(_ call: Call) async throws -> Response {
        _ = try call.query()
        let called = try await verifier.webhook(call.id(), by: call.caller)
        let answer = called.attempt.status.map { "answered \($0), without the code" }
        return try await webhookStatus(call, because: "its endpoint \(answer ?? "was not reached")")
    }

    /// Takes the code that a webhook's endpoint was called with, or ``LiveVerification/token(of:)``.
    func completeLiveVerification(_ call: Call) async throws -> Response {
        _ = try call.query()
        let (id, caller) = (try call.id(), call.caller)
        let proof = try LiveVerification.proof(try await call.json())
        var isTrusted = false
        if proof == LiveVerification.token(of: id) {
            isTrusted = try await store.write { transaction in
                try Webhook.require(id, of: caller, in: transaction)
                return try WebhookVerification.trust(id, account: caller.accountID, in: transaction)
            }
        }
        if !isTrusted { try await verifier.complete(id, code: proof, by: caller) }
        return try await webhookStatus(call)
    }

    private func webhookStatus(_ call: Call, because reason: String? = nil) async throws -> Response {
        let (id, account) = (try call.id(), call.caller.accountID)
        let isVerified = try await store.read { transaction in
            try transaction.first("SELECT verified FROM webhooks WHERE account_id = ? AND id = ?", [.text(account), .text(id)]) {
                $0.boolean(0)
            }
        }
        guard let isVerified else { throw Problem(.notFound, "there is no webhook \(id.prefix(64))") }
        var json = JSONWriter()
        json.object { json in
            json.member("success", true)
            json.member("id", id)
            json.member("verified", isVerified)
            json.member("message", isVerified ? "The webhook is verified" : "The webhook is not verified\(reason.map { ": \($0)" } ?? "")")
        }
        return Reply.json(.ok, json.bytes)
    }
}

extension DomainVerification {
    /// What is known of one of the records.
    fileprivate func status(of record: DNSRecord) -> Status {
        switch records.first(where: { $0.type == record.type && $0.name == record.name && $0.expected == record.value })?.result {
        case .found: .verified
        case .missing, .different: .failed
        case .unanswered, nil: .pending
        }
    }
}
