import EmailConnect

/// Finds out whether domains have their records and whether webhooks' endpoints want to be called, and writes it down.
struct Verifier: Sendable {
    let store: Store
    let clock: Clock
    let random: Randomness
    let outside: Outside

    /// What came of a call to a webhook's endpoint.
    struct Called: Sendable {
        var attempt: Attempt
        /// When the endpoint has answered: now, or before.
        var verifiedAt: String?
        /// Until when the code is good that waits for somebody to send it; nil when the endpoint has repeated it, or the call left nothing there.
        var codeUntil: Timestamp?
    }

    /// Looks for a domain's records.
    /// - Throws: ``Problem`` when there is no such domain, or it is none of the caller's, or it is known that nobody can be asked.
    func domain(_ id: String, by caller: Caller) async throws {
        let account = caller.accountID
        let found = try await store.read { transaction in
            try transaction.first(
                """
                SELECT d.name, o.name, (SELECT mail_host FROM server) FROM domains d LEFT JOIN owners o ON o.id = d.owner_id
                WHERE d.account_id = ? AND d.id = ?
                """, [.text(account), .text(id)]
            ) { (name: $0.text(0), owner: $0.optionalText(1), mailHost: $0.text(2)) }
        }
        guard let found else { throw Problem(.notFound, "there is no domain \(id.prefix(64))") }
        try caller.requireOwner(found.owner)
        // It is the server's own file: not to be taken for name servers that do not answer.
        if let trouble = outside.trouble() { throw Problem(.internal, trouble) }
        let needed = try DomainNeeds.records(of: found.name, account: account, mailHost: found.mailHost)
        let check = await DomainCheck(needed, outside.lookUp)
        let time = clock.now()
        try await store.write {
            try DomainVerification.note(check, of: id, name: found.name, mailHost: found.mailHost, at: time, in: $0)
        }
    }

    /// Calls a webhook's endpoint with a code.
    /// - Throws: ``Problem`` when there is no such webhook, or it is none of the caller's.
    func webhook(_ id: String, by caller: Caller) async throws -> Called {
        let (account, time) = (caller.accountID, clock.now())
        let challenge = WebhookChallenge(id, at: time, random)
        let endpoint = try await store.write { transaction in
            try Webhook.require(id, of: caller, in: transaction)
            guard let endpoint = try WebhookEndpoint.find(id, account: account, in: transaction) else {
                throw Problem(.notFound, "there is no webhook \(id.prefix(64))")
            }
            try WebhookVerification.begin(challenge, to: endpoint.url.text, in: transaction)
            return endpoint
        }
        let attempt = await outside.send(challenge.outgoing(to: endpoint))
        let isAnswered = challenge.isAnswered(by: attempt)
        let now = clock.now()
        return try await store.write { transaction in
            var isWaiting = attempt.failure.map(\.mayHaveArrived) ?? true
            if isAnswered, case .verified = try WebhookVerification.take(challenge.code.reveal(), of: id, at: now, in: transaction) {
                isWaiting = false
            }
            return Called(
                attempt: attempt, verifiedAt: try WebhookVerification.verifiedAt(id, in: transaction),
                codeUntil: isWaiting ? challenge.expiresAt : nil)
        }
    }

    /// Takes the code that a webhook's endpoint was called with.
    /// - Throws: ``Problem`` when it is not the one, or there is no such webhook, or it is none of the caller's.
    func complete(_ id: String, code: String, by caller: Caller) async throws {
        let time = clock.now()
        let outcome = try await store.write { transaction in
            try Webhook.require(id, of: caller, in: transaction)
            return try WebhookVerification.take(code, of: id, at: time, in: transaction)
        }
        switch outcome {
        case .verified: return
        case .wrong(let left) where left > 0:
            throw Problem(.wrongCode, "this is not the code that the endpoint was called with; \(left) more may be tried")
        case .wrong, .none: throw Problem(.wrongCode, "no code is good any more: the webhook's /verify sends another one")
        }
    }
}

extension DeliveryFailure {
    /// Whether the endpoint may have read the call all the same.
    fileprivate var mayHaveArrived: Bool {
        switch self {
        case .unresolvable, .addressRefused, .tls: false
        case .unreachable, .timeout, .malformed: true
        }
    }
}
