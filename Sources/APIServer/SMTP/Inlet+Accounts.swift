import EmailConnect

extension Inlet {
    /// Takes one message for several accounts, in one transaction: a sender that is told to try again has reached none of them.
    /// - Throws: ``Problem`` when a recipient's domain is not the account's any more.
    func accept(_ arrivals: [(account: String, arrival: Arrival)]) async throws {
        let (clock, random) = (clock, random)
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
                // What goes nowhere is logged without its content.
                let isKept = routes.contains { $0.route.webhookID != nil }
                let content = try isKept ? MailLog.keep(arrival.raw, account: account, at: time, in: transaction) : nil
                for (recipient, route) in routes {
                    try MailLog.add(
                        "email_" + random.identifier(16), arrival, recipient, route, content: content, account: account, at: time,
                        in: transaction)
                    statuses.append(route.status)
                }
            }
            try MailLog.prune(at: time, in: transaction)
            return statuses
        }
        for status in statuses { counts.note(status) }
        bell.ring()
    }
}
