/// Why mail was refused by SMTP, as the metrics and the log name it.
enum SMTPRefusal: String, CaseIterable, Sendable {
    /// No account has the recipient's domain.
    case unknownDomain = "unknown_domain"
    /// The domain has no such alias, or one that leads nowhere.
    case unknownMailbox = "unknown_mailbox"
    case domainDisabled = "domain_disabled"
    /// It was for `<postmaster>`, and nobody reads that.
    case noPostmaster = "no_postmaster"
    case tooManyRecipients = "too_many_recipients"
    case tooLarge = "too_large"
    /// It could not be stored.
    case storage
    /// The client does not speak SMTP well enough.
    case mistakes
    /// The client has asked for too many recipients that are not here.
    case guesses
}
