import EmailConnect

/// What SMTP needs of the server: whether somebody takes mail for an address, and a place to put it.
struct SMTPMailbox: Sendable {
    /// A recipient with the account whose domain it is.
    struct Recipient: Hashable, Sendable {
        var account: String
        var recipient: MailRecipient
    }

    let store: Store
    let inlet: Inlet

    /// Where mail for a recipient would go; nil when its domain is nobody's. Of several accounts with the domain it is the one that made it
    /// first: a later one does not get at its mail by making it too.
    func find(_ recipient: MailRecipient) async throws -> (recipient: Recipient, outcome: MailRoute.Outcome)? {
        try await store.read { transaction in
            let account = try transaction.first(
                "SELECT account_id FROM domains WHERE name = ? ORDER BY created_at, rowid LIMIT 1", [.text(recipient.domain.text)]
            ) { $0.text(0) }
            guard let account, let route = try MailRoute.find(recipient, account: account, in: transaction) else { return nil }
            return (Recipient(account: account, recipient: recipient), route.outcome)
        }
    }

    /// Takes a message; it is on disk when this returns.
    /// - Throws: when it was not taken.
    func accept(_ raw: [UInt8], from sender: String?, for recipients: [Recipient]) async throws {
        for account in Set(recipients.map(\.account)).sorted() {
            let own = recipients.filter { $0.account == account }.map(\.recipient)
            _ = try await inlet.accept(Arrival(raw, sender: sender, recipients: own), account: account)
        }
    }
}
