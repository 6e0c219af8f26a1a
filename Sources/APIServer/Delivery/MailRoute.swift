import EmailConnect

/// Where a message goes: the exact alias, then `*`, then the domain's webhook. What is disabled takes it and lets it go nowhere; nothing
/// falls through.
struct MailRoute: Sendable {
    /// What becomes of it.
    enum Outcome: Equatable, Sendable {
        case delivers(webhookID: String)
        case blocks(EmailReason)
        case refuses(EmailReason)
    }

    let domainID: String
    let allowsAttachments: Bool
    let includesEnvelope: Bool
    /// The alias that takes it.
    let alias: (id: String, name: String)?
    let outcome: Outcome

    /// The way to a recipient; nil when the domain is none of the account's.
    static func find(_ recipient: MailRecipient, account: String, in transaction: Transaction) throws -> MailRoute? {
        let domain = try transaction.first(
            "SELECT id, enabled, webhook_id, allow_attachments, include_envelope FROM domains WHERE account_id = ? AND name = ?",
            [.text(account), .text(recipient.domain.text)]
        ) { row in
            (
                id: row.text(0), isEnabled: row.boolean(1), webhook: row.optionalText(2), allowsAttachments: row.boolean(3),
                includesEnvelope: row.boolean(4)
            )
        }
        guard let domain else { return nil }
        let alias = try alias(recipient.name, domain.id, in: transaction) ?? alias(LocalPart.catchAll, domain.id, in: transaction)
        let outcome: Outcome =
            if !domain.isEnabled {
                .refuses(.domainDisabled)
            } else if let alias, !alias.isEnabled {
                .blocks(.aliasDisabled)
            } else if let webhook = alias?.webhook ?? domain.webhook {
                .delivers(webhookID: webhook)
            } else { .refuses(alias == nil ? .unknownRecipient : .noWebhook) }
        return MailRoute(
            domainID: domain.id, allowsAttachments: domain.allowsAttachments, includesEnvelope: domain.includesEnvelope,
            alias: alias.map { ($0.id, $0.name) }, outcome: outcome)
    }

    private static func alias(
        _ name: String, _ domain: String, in transaction: Transaction
    ) throws -> (id: String, name: String, isEnabled: Bool, webhook: String?)? {
        try transaction.first(
            "SELECT id, name, enabled, webhook_id FROM aliases WHERE domain_id = ? AND name = ?", [.text(domain), .text(name)]
        ) { row in (row.text(0), row.text(1), row.boolean(2), row.optionalText(3)) }
    }

    /// What the log says of it.
    var status: EmailStatus {
        switch outcome {
        case .delivers: .queued
        case .blocks: .blocked
        case .refuses: .refused
        }
    }

    var reason: EmailReason? {
        switch outcome {
        case .delivers: nil
        case .blocks(let reason), .refuses(let reason): reason
        }
    }

    var webhookID: String? { if case .delivers(let id) = outcome { id } else { nil } }
}
