/// A domain receives mail.
public struct Domain: Resource {
    /// The natural key; the default stands for "not stated".
    public var name: DomainName?
    /// What it is for, in free text.
    public var description = ""
    /// false keeps it and takes it out of use.
    public var enabled = true
    /// true: cannot be deleted until it says false.
    public var protected = false
    /// Where mail goes that no alias takes.
    public var webhook: WebhookReference?
    /// false drops attachments.
    public var allowAttachments = true
    /// true adds the SMTP envelope.
    public var includeEnvelope = false

    /// Every field at its default.
    public init() {}
    /// The kind.
    public static let kind = Kind.domain
    /// Its natural key.
    public var naturalKey: DomainName? { name }

    /// The field table.
    public static let fields: [Field<Domain>] = [
        Field("name", \.name, "The domain's name, if it is not the entry's key."),
        Field("description", \.description, "What the domain is for."),
        Field("enabled", \.enabled, "false refuses all mail and keeps the domain."),
        Field("protected", \.protected, "true: cannot be deleted until it says false."),
        Field("webhook", \.webhook, "Where mail goes that no alias takes.", also: ["webhook_id"]),
        Field("allow_attachments", \.allowAttachments, "false drops attachments."),
        Field("include_envelope", \.includeEnvelope, "true adds the SMTP envelope to what the webhook gets."),
    ]
}
