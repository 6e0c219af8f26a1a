/// An alias is a mailbox name on a domain.
public struct Alias: Resource {
    /// The domain that it is on.
    public var domain: DomainReference?
    /// The mailbox name.
    public var name: LocalPart?
    /// What it is for, in free text.
    public var description = ""
    /// false keeps it and takes it out of use.
    public var enabled = true
    /// true: cannot be deleted until it says false.
    public var protected = false
    /// Where its mail goes; without one, to the domain's webhook.
    public var webhook: WebhookReference?

    /// Every field at its default.
    public init() {}
    /// The kind.
    public static let kind = Kind.alias
    /// Its natural key.
    public var naturalKey: Address? {
        if let domain = domain?.name, let name { Address(name, at: domain) } else { nil }
    }

    /// The field table.
    public static let fields: [Field<Alias>] = [
        Field("domain", \.domain, "The domain.", also: ["domain_id"], inManifest: false),
        Field("name", \.name, "The mailbox name; * is the catch-all.", inManifest: false),
        Field("description", \.description, "What the mailbox is for."),
        Field("enabled", \.enabled, "false refuses mail and keeps the alias."),
        Field("protected", \.protected, "true: cannot be deleted until it says false."),
        Field("webhook", \.webhook, "Where its mail goes; without one, to the domain's webhook.", also: ["webhook_id"]),
    ]
}
