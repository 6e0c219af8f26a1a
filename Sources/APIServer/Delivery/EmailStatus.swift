/// What became of a message for one recipient.
enum EmailStatus: String, CaseIterable, Sendable {
    /// It waits for its first attempt, or for the next one.
    case queued
    /// The webhook has answered that it has it.
    case delivered
    /// Nobody tries any more.
    case failed
    /// A disabled alias has swallowed it.
    case blocked
    /// Nobody takes mail for the recipient.
    case refused
}

/// Why a message is where it is.
enum EmailReason: String, CaseIterable, Sendable {
    /// The alias says that it is disabled.
    case aliasDisabled = "alias_disabled"
    /// The domain says that it is disabled.
    case domainDisabled = "domain_disabled"
    /// There is no such alias, no catch-all, and the domain has no webhook.
    case unknownRecipient = "unknown_recipient"
    /// There is the alias, but neither it nor the domain has a webhook.
    case noWebhook = "no_webhook"
    /// All attempts have failed.
    case attemptsFailed = "attempts_failed"
    /// The webhook has answered 410: it wants no more.
    case gone
    /// It has waited for too long, for a webhook that was suspended or disabled.
    case expired
    /// The webhook was deleted while the message waited.
    case webhookDeleted = "webhook_deleted"
}
