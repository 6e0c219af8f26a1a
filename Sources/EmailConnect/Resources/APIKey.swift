/// An API key lets a program use the API with limited scopes.
public struct APIKey: Resource {
    /// The manifest's slug; nil for one that another client made.
    public var key: Slug?
    /// A name for people.
    public var name = ""
    /// What it is for, in free text.
    public var description = ""
    /// true: cannot be deleted until it says false.
    public var protected = false
    /// What the key may do.
    public var scopes = Scopes.none
    /// What it may grant beyond its own scopes, with `api_keys:grant`.
    public var grants: Scopes?
    /// The only owner that the key acts for; nil for any.
    public var boundTo: Owner?
    /// How long a token is valid from its making.
    public var expiresAfter: TimeSpan?
    /// When the key ends.
    public var expiresAt: Timestamp?
    /// How often a new token is due.
    public var rotateEvery: TimeSpan?
    /// How long an older token stays valid after a rotation.
    public var grace = APIKey.defaultGrace
    /// Where the key may be used from.
    public var allowedIPs = IPRanges.anywhere
    /// Whether its token has reached its sink.
    public var token = KeyToken.delivered

    /// How long an older token stays valid after a rotation.
    public static let defaultGrace = TimeSpan(seconds: 86_400)

    /// A key that lives no longer ends before anybody would have to manage it.
    public static let shortLife = TimeSpan(seconds: 86_400)

    /// Every field at its default.
    public init() {}
    /// The kind.
    public static let kind = Kind.apiKey
    /// Its natural key.
    public var naturalKey: Slug? { key }

    /// Without the token's delivery, which no manifest decides on.
    public var withoutSecrets: APIKey {
        var copy = self
        copy.token = .delivered
        return copy
    }

    /// The field table.
    public static let fields: [Field<APIKey>] = [
        Field("key", \.key, "The manifest's key.", inManifest: false),
        Field("name", \.name, "A name for people, if it is not the entry's key."),
        Field("description", \.description, "What uses the key."),
        Field("protected", \.protected, "true: cannot be deleted until it says false."),
        Field("scopes", \.scopes, "What the key may do."),
        Field("grants", \.grants, "What it may grant beyond its own scopes, with api_keys:grant."),
        Field("bound_to", \.boundTo, "The only owner, manifest/environment, that the key acts for."),
        Field("expires_after", \.expiresAfter, "How long a token is valid from its making."),
        Field("expires_at", \.expiresAt, "When the key ends."),
        Field("rotate_every", \.rotateEvery, "How often a new token is due."),
        Field("grace", \.grace, "How long an older token stays valid after a rotation."),
        Field("allowed_ips", \.allowedIPs, "Where the key may be used from; [] is anywhere."),
        Field("token", \.token, "The token: made by the client, delivered to its sink, acknowledged.", inManifest: false),
    ]
}
