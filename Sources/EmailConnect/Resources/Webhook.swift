/// A webhook is the HTTPS endpoint that gets a message as signed JSON.
public struct Webhook: Resource {
    /// The manifest's slug; nil for one that another client made.
    public var key: Slug?
    /// A name for people.
    public var name = ""
    /// Where messages are sent.
    public var url: WebhookURL?
    /// What it is for, in free text.
    public var description = ""
    /// false keeps it and takes it out of use.
    public var enabled = true
    /// true: cannot be deleted until it says false.
    public var protected = false
    /// Headers sent with each message.
    public var headers = Headers()
    /// nil: the server makes one.
    public var signingSecret: Sensitive?

    /// Every field at its default.
    public init() {}
    /// The kind.
    public static let kind = Kind.webhook
    /// Its natural key.
    public var naturalKey: Slug? { key }

    /// With secrets by name only.
    public var withoutSecrets: Webhook {
        var copy = mappingSecrets { _ in .stored(nil) }
        copy.signingSecret = nil
        return copy
    }

    /// With references, but without fingerprints.
    public var withoutFingerprints: Webhook {
        mappingSecrets { secret in if case .stored = secret { .stored(nil) } else { secret } }
    }

    /// With its secrets as `map` has them.
    public func mappingSecrets(_ map: (Sensitive) -> Sensitive) -> Webhook {
        var copy = self
        if let secret = url?.sensitive { copy.url = .secret(map(secret)) }
        for (name, value) in headers.values {
            if case .secret(let secret) = value { copy.headers.values[name] = .secret(map(secret)) }
        }
        copy.signingSecret = signingSecret.map(map)
        return copy
    }

    /// The field table.
    public static let fields: [Field<Webhook>] = [
        Field("key", \.key, "The manifest's key.", inManifest: false),
        Field("name", \.name, "A name for people, if it is not the entry's key."),
        Field("url", \.url, "Where messages are sent; a reference if the URL itself is a secret.", also: ["secret_url"]),
        Field("description", \.description, "What the endpoint does."),
        Field("enabled", \.enabled, "false stops deliveries and keeps the webhook."),
        Field("protected", \.protected, "true: cannot be deleted until it says false."),
        Field("headers", \.headers, "Headers sent with each message; a secret one by reference.", also: ["secret_headers"]),
        Field("signing_secret", \.signingSecret, "Signs each message; without one the server makes it."),
    ]
}
