import EmailConnect
import Logging
import Mail

/// What SMTP needs of the server: whether somebody takes mail for an address, a place to put it, and one to note what was refused.
struct SMTPMailbox: Sendable {
    /// A recipient with the account whose domain it is.
    struct Recipient: Hashable, Sendable {
        var account: String
        var recipient: MailRecipient
    }

    let store: Store
    let inlet: Inlet
    var logger: Logger

    /// Where mail for a recipient would go; nil when its domain is nobody's. Of several accounts with the domain it is one that has verified
    /// it, and of those the one that made it first: nobody gets at a domain's mail by making it too, not even before its owner.
    func find(_ recipient: MailRecipient) async throws -> (recipient: Recipient, outcome: MailRoute.Outcome)? {
        try await store.read { transaction in
            let account = try transaction.first(
                """
                SELECT d.account_id FROM domains d LEFT JOIN domain_verification v ON v.domain_id = d.id AND v.name = d.name
                    AND v.status = 'verified' AND v.mail_host = (SELECT mail_host FROM server)
                WHERE d.name = ? ORDER BY v.domain_id IS NULL, d.created_at, d.rowid LIMIT 1
                """, [.text(recipient.domain.text)]
            ) { $0.text(0) }
            guard let account, let route = try MailRoute.find(recipient, account: account, in: transaction) else { return nil }
            return (Recipient(account: account, recipient: recipient), route.outcome)
        }
    }

    /// Who reads what is for `<postmaster>`, without a domain: the alias of this name in a domain of the first account, which is of whoever
    /// runs the server; nil when there is none. https://www.rfc-editor.org/rfc/rfc5321#section-4.5.1
    func postmaster() async throws -> MailRecipient? {
        try await store.read { transaction in
            guard let account = try Accounts.oldest(in: transaction) else { return nil }
            let domain = try transaction.first(
                """
                SELECT d.name FROM domains d JOIN aliases a ON a.domain_id = d.id AND a.name = 'postmaster'
                WHERE d.account_id = ? AND d.enabled = 1 AND a.enabled = 1 ORDER BY d.created_at, d.rowid LIMIT 1
                """, [.text(account)]
            ) { $0.text(0) }
            return domain.flatMap { MailRecipient(AddrSpec(localPart: "postmaster", domain: $0)) }
        }
    }

    /// Takes a message; it is on disk for all of them when this returns, and for none when it does not.
    /// - Throws: when it was not taken.
    func accept(_ raw: [UInt8], from sender: String?, for recipients: [Recipient]) async throws {
        let arrivals = try Dictionary(grouping: recipients, by: \.account).sorted { $0.key < $1.key }.map { account, own in
            (account: account, arrival: try Arrival(raw, sender: sender, recipients: own.map(\.recipient)))
        }
        try await inlet.accept(arrivals)
    }

    /// Counts a refusal, and logs it without saying whom the message was for.
    /// - Parameter domain: of the recipient that was refused.
    func note(_ refusal: SMTPRefusal, from peer: SMTPPeer, domain: DomainName?) {
        inlet.counts.note(refusal)
        var metadata: Logger.Metadata = ["reason": "\(refusal.rawValue)", "peer": "\(peer.address)"]
        if let domain { metadata["domain"] = "\(domain.text)" }
        logger.info("mail refused", metadata: metadata)
    }
}
