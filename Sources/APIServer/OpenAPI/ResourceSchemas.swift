import EmailConnect

/// The schemas of the four kinds, from their field tables.
extension Resource {
    /// What the document calls one.
    static var schemaName: String { kind == .apiKey ? "ApiKey" : kind.rawValue.prefix(1).uppercased() + kind.rawValue.dropFirst() }

    /// A request that creates one.
    static var creation: Schema { .object(plainMembers(requires: true) + creationOnly, isClosed: true) }
    /// A request that states all of one.
    static var replacement: Schema { .object(plainMembers(requires: true), isClosed: true) }
    /// A request that changes some of its fields.
    static var change: Schema { .object(plainMembers(requires: false), isClosed: true) }
    /// What a batch with an owner sets: references by name too, and the manifest's key.
    static var setting: Schema { .object(fields.flatMap { members($0, isRequired: false, inBatch: true) }, isClosed: true) }

    /// One as it comes back.
    static var record: Schema {
        let common: [Schema.Member] = [
            .init("id", .id(kind), "Its id."),
            .init("version", .integer(1...(.max)), "Counts the changes of its configuration; also the ETag."),
            .init("managed_by", .nullable(.text()), "The owner, manifest/environment; null when nobody manages it."),
            .init("created_at", .time, "When it was made."), .init("updated_at", .time, "When its configuration changed last."),
        ]
        return .object(common + fields.compactMap(answerMember) + serversOwn)
    }

    /// The fields that a plain request may state.
    static func plainMembers(requires: Bool) -> [Schema.Member] {
        fields.filter { $0.name != "key" && $0.name != "token" }.flatMap { field in
            // A domain may be named or given by id; a URL may be a secret.
            let isOneOfTwo = field.name == "domain" || field.name == "url"
            let isRequired = requires && !isOneOfTwo && creationRequires.contains(field.name)
            return members(field, isRequired: isRequired, inBatch: false)
        }
    }

    private static func members(_ field: Field<Self>, isRequired: Bool, inBatch: Bool) -> [Schema.Member] {
        let names = field.wireNames
        return names.map { name in
            let schema = request(field, name)
            let isNullable = field.isNullable && !isRequired && field.name != "name" && field.name != "domain" && field.name != "url"
            return Schema.Member(name, isNullable ? .nullable(schema) : schema, about(field, name), isRequired: isRequired)
        }
    }

    private static func about(_ field: Field<Self>, _ wire: String) -> String {
        wire == field.name
            ? field.about : wire.hasSuffix("_id") ? "\(field.about) By id." : "\(field.about) Write-only: it does not come back."
    }

    private static func request(_ field: Field<Self>, _ wire: String) -> Schema {
        if wire == "domain_id" { return .id(.domain) }
        if wire == "webhook_id" { return .id(.webhook) }
        if wire == "url" { return Schema(HTTPURL.shape) }
        return Schema(field.shape)
    }

    private static var creationRequires: [String] {
        switch kind {
        case .domain, .alias: ["name"]
        case .webhook, .apiKey: []
        }
    }

    private static var creationOnly: [Schema.Member] {
        kind == .webhook
            ? [.init("alias_id", .id(.alias), "Attaches the webhook to this alias at once.", isRequired: false)] : []
    }

    /// A field as it comes back; nil for one whose place another member takes.
    private static func answerMember(_ field: Field<Self>) -> Schema.Member? {
        switch field.name {
        case "webhook": .init("webhook_id", .nullable(.id(.webhook)), field.about)
        case "domain": .init("domain", Schema(DomainName.shape), field.about)
        case "url": .init("url", .nullable(Schema(HTTPURL.shape)), "\(field.about) null when it is a secret.")
        case "headers": .init("headers", .names(.text()), field.about)
        case "signing_secret": .init(field.name, .nullable(.named("Fingerprint")), "\(field.about) What it is does not come back.")
        case "token": .init(field.name, .values(["delivered", "undelivered"]), "Whether a token has reached its place.")
        default: .init(field.name, field.isNullable ? .nullable(Schema(field.shape)) : Schema(field.shape), field.about)
        }
    }

    private static var serversOwn: [Schema.Member] {
        switch kind {
        case .domain: return []
        case .alias:
            return [.init("domain_id", .id(.domain), "The domain, by id."), .init("address", .text(format: "email"), "name@domain.")]
        case .webhook:
            return [
                .init("secret_url", .named("Fingerprint"), "There when the URL is a secret.", isRequired: false),
                .init("secret_headers", .names(.named("Fingerprint")), "Headers whose values do not come back."),
                .init("alias_ids", .list(.id(.alias)), "The aliases that it serves."),
                .init("verified", .boolean, "Whether the endpoint has answered the verification."),
                .init("suspended_at", .nullable(.time), "When the server stopped to call it, for it kept failing."),
            ]
        case .apiKey:
            let tokens = Schema.object([
                .init("prefix", .text(pattern: "^ec_[A-Za-z0-9]{8}$"), "How the token begins."),
                .init("issued_at", .time, "When it was made."),
                .init("acknowledged_at", .nullable(.time), "When it reached its place."),
                .init("grace_until", .nullable(.time), "Until when it is still valid after a rotation."),
            ])
            return [
                .init(
                    "api_key", .text(pattern: Schema.tokenPattern), "The token, shown once: by a create and a rotation.", isRequired: false),
                .init("tokens", .list(tokens), "Its tokens: at a rotation there are two for a while."),
                .init("revoked_at", .nullable(.time), "When it was revoked; a revoked key stays as a tombstone."),
                .init("status", .values(KeyStatus.allCases.map(\.rawValue)), "Whether it can be used now."),
                .init("last_used_at", .nullable(.time), "When it was used last; written down once a second."),
                .init("last_used_ip", .nullable(.text()), "From where; null over a local socket."),
            ]
        }
    }
}

extension Schema {
    static let tokenPattern = "^ec_[A-Za-z0-9]{8}_[A-Za-z0-9]{49}$"

    /// What comes back of a secret.
    static let fingerprint = Schema.either([
        .constant(.boolean(true)),
        .object([
            .init("salt", .text(pattern: "^[0-9a-f]{32}$"), "Random for each value."),
            .init("hmac", .text(pattern: "^[0-9a-f]{64}$"), "HMAC-SHA-256 over the value, keyed with the salt."),
        ]),
    ])

    /// A field's shape.
    init(_ shape: Shape) {
        switch shape {
        case .boolean: self = .boolean
        case .text(let format, let pattern, let length): self = .text(format: format, pattern: pattern, length: length)
        case .list(of: let values?): self = .list(.values(values), count: 1...100)
        case .list(of: nil): self = .list(.text(length: 1...64))
        case .secret: self = .text(length: 1...1024)
        case .headers: self = .names(.nullable(.text(pattern: "^[ -~]*$", length: 0...4096)), pattern: "^[A-Za-z0-9-]{1,128}$", limit: 32)
        case .token:
            self = .object(
                [
                    .init("prefix", .text(pattern: "^ec_[A-Za-z0-9]{8}$"), "How the token begins."),
                    .init("sha256", .text(pattern: "^[0-9a-f]{64}$"), "SHA-256 of the token."),
                ], isClosed: true)
        }
    }
}
