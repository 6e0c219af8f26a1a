import EmailConnect

/// Where mail comes in: each recipient's way is found, written down with the message in one transaction, and only then is it answered
/// for. What is queued after that is not lost, whatever happens. Also what people do so that something is delivered after all.
struct Inlet: Sendable {
    /// The most recipients of one message.
    static let recipientLimit = 100

    let store: Store
    let clock: Clock
    let random: Randomness
    /// Says that there is something to deliver.
    let bell: Bell
    let counts: MailCounts

    /// Takes a message for those of its recipients whose domain is the account's.
    /// - Returns: the ids of the emails, one a recipient.
    /// - Throws: ``Problem`` when there is no such recipient.
    func accept(_ arrival: Arrival, account: String) async throws -> [String] {
        let (ids, statuses) = try await store.write { transaction in
            let time = clock.now()
            var routes: [(recipient: MailRecipient, route: MailRoute)] = []
            for recipient in arrival.recipients {
                if let route = try MailRoute.find(recipient, account: account, in: transaction) {
                    routes.append((recipient, route))
                } else if arrival.isEnvelope {
                    // The sender says that it is for somebody else: mail is never passed on.
                    throw Problem(
                        .notFound,
                        "the account has no domain of \(recipient.address.beginning(bytes: Arrival.addressLimit)); mail is not passed on")
                }
            }
            guard !routes.isEmpty else { throw Problem(.notFound, "the account has the domain of none of the recipients") }
            guard routes.count <= Self.recipientLimit else {
                throw Problem(.invalid, "a message is taken for at most \(Self.recipientLimit) recipients at once")
            }
            let ids = try keep(arrival, routes, account: account, at: time, in: transaction)
            try MailLog.prune(at: time, in: transaction)
            return (ids, routes.map(\.route.status))
        }
        for status in statuses { counts.note(status) }
        bell.ring()
        return ids
    }

    /// Queues an email anew; one that waits is due now.
    /// - Throws: ``Problem`` when there is none of this id, or it cannot be delivered.
    func replay(_ id: String, account: String) async throws {
        let time = clock.now()
        let isAnew = try await store.write { try Replay.begin(id, account: account, at: time, in: $0) }
        if isAnew { counts.note(.queued) }
        bell.ring()
    }

    /// Takes one message for several accounts, in one transaction: a sender that is told to try again has reached none of them.
    /// - Throws: ``Problem`` when a recipient's domain is not the account's any more.
    func accept(_ arrivals: [(account: String, arrival: Arrival)]) async throws {
        let statuses = try await store.write { transaction in
            let time = clock.now()
            var statuses: [EmailStatus] = []
            for (account, arrival) in arrivals {
                let routes = try arrival.recipients.map { recipient in
                    guard let route = try MailRoute.find(recipient, account: account, in: transaction) else {
                        throw Problem(.notFound, "the account has no domain \(recipient.domain.text) any more")
                    }
                    return (recipient: recipient, route: route)
                }
                _ = try keep(arrival, routes, account: account, at: time, in: transaction)
                statuses += routes.map(\.route.status)
            }
            try MailLog.prune(at: time, in: transaction)
            return statuses
        }
        for status in statuses { counts.note(status) }
        bell.ring()
    }

    /// Writes a message into the log, once for each recipient.
    /// - Returns: their ids.
    private func keep(
        _ arrival: Arrival, _ routes: [(recipient: MailRecipient, route: MailRoute)], account: String, at time: Timestamp,
        in transaction: Transaction
    ) throws -> [String] {
        // What goes nowhere is logged without its content.
        let isKept = routes.contains { $0.route.webhookID != nil }
        let content = try isKept ? MailLog.keep(arrival.raw, account: account, at: time, in: transaction) : nil
        return try routes.map { recipient, route in
            let id = "email_" + random.identifier(16)
            try MailLog.add(id, arrival, recipient, route, content: content, account: account, at: time, in: transaction)
            return id
        }
    }

    /// Ends a webhook's suspension; what has waited is due now.
    /// - Throws: ``Problem`` when there is none of this id, or the caller does not act for its owner.
    func resume(_ id: String, for caller: Caller) async throws {
        let time = clock.now()
        try await store.write { transaction in
            try Webhook.require(id, of: caller, in: transaction)
            try WebhookHealth.resume(id, at: time, in: transaction)
        }
        bell.ring()
    }
}
