import EmailConnect

/// The schemas of the four kinds, from their field tables.
extension Resource {
    /// What the document calls one.
    static var schemaName: String { kind == .apiKey ? "ApiKey" : kind.rawValue.prefix(1).uppercased() + kind.rawValue.dropFirst() }

    /// A request that creates one.
    static var creation: Schema { plain(requires: true, adding: creationOnly) }
    /// A request that states all of one.
    static var replacement: Schema { plain(requires: true, requiring: kind == .apiKey ? ["scopes"] : []) }
    /// A request that changes some of its fields.
    static var change: Schema { plain(requires: false) }
    /// What a batch with an owner sets: references by name too, and the manifest's key.
    static var setting: Schema { setting(requires: false) }

    /// What a batch sets when it creates one.
    static var batchSetting: Schema { setting(requires: true) }

    private static func setting(requires: Bool) -> Schema {
        let required = requires ? alternatives.filter { requiredAlternatives.contains($0[0]) } : []
        let needed = requires ? creationRequires + (kind == .apiKey ? ["scopes", "token"] : []) : []
        return .choosing(
            .object(fields.flatMap { members($0, isRequired: needed.contains($0.name)) }, isClosed: true), exactlyOne: required,
            atMostOne: alternatives.filter { !required.contains($0) },
            atMostOneValue: ends)
    }

    /// What a plain request states.
    static func plain(requires: Bool, adding more: [Schema.Member] = [], requiring also: [String] = []) -> Schema {
        let required = requires ? alternatives.filter { requiredAlternatives.contains($0[0]) } : []
        return .choosing(
            .object(more + plainMembers(requiring: (requires ? creationRequires : []) + also), isClosed: true), exactlyOne: required,
            atMostOne: alternatives.filter { !required.contains($0) }, atMostOneValue: ends)
    }

    /// The fields that the wire takes under one of two names.
    private static var alternatives: [[String]] { fields.filter { $0.name != "headers" }.map(\.wireNames).filter { $0.count > 1 } }
    /// A key ends in one way.
    private static var ends: [[String]] { kind == .apiKey ? [["expires_after", "expires_at"]] : [] }
    private static var requiredAlternatives: [String] { ["domain", "url"] }

    /// One as it comes back.
    static var record: Schema {
        let common: [Schema.Member] = [
            .init("id", .id(kind), "Its id."),
            .init("version", .integer(1...Schema.largest), "Counts the changes of its configuration; also the ETag."),
            .init("managed_by", .nullable(.text()), "The owner, manifest/environment; null when nobody manages it."),
            .init("created_at", .time, "When it was made."), .init("updated_at", .time, "When its configuration changed last."),
        ]
        return .object(common + fields.compactMap(answerMember) + serversOwn)
    }

    /// The fields that a plain request may state.
    private static func plainMembers(requiring required: [String]) -> [Schema.Member] {
        fields.filter { $0.name != "key" && $0.name != "token" }.flatMap { field in
            members(field, isRequired: required.contains(field.name)).map { member in
                var member = member
                if member.name == "webhook" { member.schema = .nullable(.text(pattern: "^\(Self.slug)/\(Self.slug)#\(Self.slug)$")) }
                return member
            }
        }
    }

    /// How a batch names one.
    static var nameSchema: Schema {
        switch kind {
        case .webhook, .apiKey: .text(pattern: "^(\(slug)/\(slug)#)?\(slug)$")
        case .domain: Schema(DomainName.shape)
        case .alias:
            .text(
                pattern: "^(?=[^@]{1,64}@)(\\*|[a-z0-9]+([._-][a-z0-9]+)*)@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$",
                length: 5...318)
        }
    }

    private static var slug: String { "[a-z0-9._-]{1,64}" }

    private static func members(_ field: Field<Self>, isRequired: Bool) -> [Schema.Member] {
        let names = field.wireNames
        return names.map { name in
            let schema = request(field, name)
            let isNullable = field.isNullable && !isRequired && !["name", "domain", "url", "key"].contains(field.name)
            return Schema.Member(name, isNullable ? .nullable(schema) : schema, about(field, name), isRequired: isRequired)
        }
    }

    private static func about(_ field: Field<Self>, _ wire: String) -> String {
        wire == field.name
            ? field.about : wire.hasSuffix("_id") ? "\(field.about) By id." : "\(field.about) Write-only: it does not come back."
    }

    static func request(_ field: Field<Self>, _ wire: String) -> Schema {
        if wire == "webhook" { return .text(pattern: "^(\(slug)/\(slug)#)?\(slug)$") }
        if wire == "domain_id" { return .someID([.domain]) }
        if wire == "webhook_id" { return .someID([.webhook]) }
        if wire == "url" || wire == "secret_url" { return Schema(HTTPURL.shape) }
        if wire == "headers" { return .headers(Schema.headerValue(from: 0)) }
        if wire == "secret_headers" { return .headers(Schema.headerValue(from: 1)) }
        if field.name == "scopes" || field.name == "grants" { return .scopes }
        if field.name == "allowed_ips" { return .list(.addresses) }
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
            ? [.init("alias_id", .someID([.alias]), "Attaches the webhook to this alias at once.", isRequired: false)] : []
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

    private static var received: [Schema.Member] {
        [
            .init("received", .integer(0...Schema.largest), "How many messages it has taken."),
            .init("last_received_at", .nullable(.time), "When it took the last one."),
        ]
    }

    private static var serversOwn: [Schema.Member] {
        switch kind {
        case .domain:
            return received + [
                .init("verification", .named("DomainVerification"), "Whether it has them."),
                .init("dns_records", .list(.named("DnsRecord")), "The DNS records that it needs."),
            ]
        case .alias:
            return [.init("domain_id", .id(.domain), "The domain, by id."), .init("address", .text(format: "email"), "name@domain.")]
                + received
        case .webhook:
            return [
                .init("secret_url", .named("Fingerprint"), "There when the URL is a secret.", isRequired: false),
                .init("secret_headers", .names(.named("Fingerprint")), "Headers whose values do not come back."),
                .init("alias_ids", .list(.id(.alias)), "The aliases that it serves."),
                .init("verified", .boolean, "Whether the endpoint has answered the verification."),
                .init("verified_at", .nullable(.time), "When it did."),
                .init("suspended_at", .nullable(.time), "When the server stopped to call it, for it kept failing."),
                .init("failures", .integer(0...Schema.largest), "How many attempts have failed since the last that did not."),
                .init("last_delivered_at", .nullable(.time), "When it took a message last."),
                .init("last_failed_at", .nullable(.time), "When an attempt failed last."),
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
    /// The largest number that every client reads as it is. https://www.rfc-editor.org/rfc/rfc8259#section-6
    static let largest = 9_007_199_254_740_991
    /// An id of a kind.
    static func id(_ kind: Kind) -> Schema { .text(pattern: "^\(kind.idPrefix)[A-Za-z0-9]{16}$") }
    /// What may be an id of one of some kinds.
    static func someID(_ kinds: [Kind]) -> Schema {
        .text(pattern: "^(\(kinds.map { String($0.idPrefix.dropLast()) }.joined(separator: "|")))_[A-Za-z0-9]{1,60}$")
    }
    /// A moment, UTC.
    static let time = Schema.text(format: "date-time")

    static let tokenPattern = "^ec_[A-Za-z0-9]{8}_[A-Za-z0-9]{49}$"

    static func headers(_ value: Schema) -> Schema { .names(.nullable(value), pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$", limit: 32) }
    static func headerValue(from least: Int) -> Schema { .text(pattern: #"^[^\u0000-\u001f\u007f]*$"#, length: least...4096) }

    /// What a request asks for: full alone, or any others; a bare name means reading and writing.
    static var scopes: Schema {
        let single = Scope.allCases.filter { $0 != .full }.map(\.rawValue)
        let bare = single.filter { $0.hasSuffix(":write") }.map { String($0.dropLast(6)) }
        return .either([.list(.values([Scope.full.rawValue]), count: 1...(.max)), .list(.values(single + bare), count: 1...(.max))])
    }

    /// An address or a range of them. https://www.rfc-editor.org/rfc/rfc4632#section-3.1 and
    /// https://www.rfc-editor.org/rfc/rfc4291#section-2.3
    static var addresses: Schema {
        let byte = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
        let group = "[0-9a-fA-F]{1,4}"
        let short = (1...6).map { "(\(group):){1,\($0)}(:\(group)){1,\(7 - $0)}" }
        let forms = ["(\(group):){7}\(group)", "(\(group):){1,7}:", ":(:\(group)){1,7}", "::"] + short
        return .either([
            .text(pattern: #"^(\#(byte)\.){3}\#(byte)(/(3[0-2]|[12]?[0-9]))?$"#),
            .text(pattern: "^(\(forms.joined(separator: "|")))(/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?$"),
        ])
    }

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
        case .list(of: let values?): self = .list(.values(values), count: 1...(.max))
        case .list(of: nil): self = .list(.text(length: 1...64))
        case .secret: self = .text(pattern: #"^[^\u0000]*$"#, length: 1...4096)
        case .headers: self = .headers(Schema.headerValue(from: 0))
        case .token:
            self = .object(
                [
                    .init("prefix", .text(pattern: "^ec_[A-Za-z0-9]{8}$"), "How the token begins."),
                    .init("sha256", .text(pattern: "^[0-9a-f]{64}$"), "SHA-256 of the token."),
                ], isClosed: true)
        }
    }
}
