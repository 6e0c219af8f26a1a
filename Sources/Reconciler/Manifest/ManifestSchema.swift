import EmailConnect

/// The manifest's JSON Schema, for editors. It takes whatever the reader takes; what depends on two places at once, and the spelling
/// of names, only the reader knows. https://json-schema.org/draft/2020-12
public enum ManifestSchema {
    /// The schema, indented by no one, with a line feed at its end.
    public static var json: String {
        var json = JSONWriter()
        json.object { json in
            json.member("$schema", "https://json-schema.org/draft/2020-12/schema")
            json.member("title", "reconcile manifest")
            json.member(
                "description", "What an EmailConnect account shall hold: domains, aliases, webhooks and API keys of one environment.")
            Schema.object(members, isClosed: true).write(to: &json)
            json.array("examples") { $0.item(json: example) }
        }
        json.endLine()
        return json.text
    }

    private static let example =
        #"{"version":1,"manifest":"acme-mail","environment":"production","webhooks":{"helpdesk":{"url":"https://hooks.acme.example/in"}},"domains":{"acme.example":{"aliases":{"support":"helpdesk"}}}}"#

    private static var members: [Schema.Member] {
        [
            .init("version", .either([.constant(.integer(1)), .constant(.text("1"))]), "The manifest's format: 1."),
            .init("manifest", slug, "The manifest's name; with the environment the owner of all below."),
            .init("environment", slug, "The environment: one manifest has one."),
            .init("manifest_moved_from", .written(), "The manifest's name until now, or NAME/ENVIRONMENT.", isRequired: false),
            .init("repository_moved_from", .written(), "The repository that CI ran it from until now.", isRequired: false),
            .init(
                "server",
                .object(
                    [
                        .init("url", .written(pattern: "^[hH][tT][tT][pP]"), "Refused against any other URL.", isRequired: false),
                        .init("account", .written(), "Refused against any other account, acct_...", isRequired: false),
                    ], isClosed: true), "Pins: whom this manifest is for.", isRequired: false),
            .init("allow", consent, "Consent to what a plan does not do by itself; reviewed with the rest.", isRequired: false),
            .init("removed", .list(removal), "Deletions that are written down: no guard counts them.", isRequired: false),
            .init("webhooks", .names(webhook, pattern: slugPattern), "The endpoints that get messages, by key.", isRequired: false),
            .init("domains", .names(domain), "The domains that receive mail, by name, or by key with name:.", isRequired: false),
            .init("api_keys", .names(apiKey, pattern: slugPattern), "The keys of programs, by key.", isRequired: false),
        ]
    }

    private static let slugPattern = "^[a-z0-9._-]{1,64}$"
    private static var slug: Schema { .written(pattern: slugPattern) }
    private static var owner: Schema { .written(pattern: "^[a-z0-9._-]{1,64}/[a-z0-9._-]{1,64}$") }
    private static var names: Schema { .list(.written()) }

    /// A reference to a secret.
    private static var reference: Schema {
        .choosing(
            .object(
                [
                    .init("env", .written(pattern: "^[A-Za-z_][A-Za-z0-9_]*$"), "A variable of the environment.", isRequired: false),
                    .init("file", .written(), "A file below the manifest's folder.", isRequired: false),
                    .init("prefix", .written(), "What stands before the value, as \"Bearer \".", isRequired: false),
                ], isClosed: true), exactlyOne: [["env", "file"]], atMostOne: [])
    }

    private static var consent: Schema {
        .object(
            [
                .init("deletes", .integer(1...(.max)), "Exactly so many deletions that nobody wrote down.", isRequired: false),
                .init("mail_moves", .integer(1...(.max)), "Exactly so many addresses whose mail goes elsewhere.", isRequired: false),
                .init(
                    "adopt", .either([.constant(.text("all")), names]), "What nobody manages: domains, addresses, or all.",
                    isRequired: false),
                .init("take_over", .names(names), "What another owner manages, by owner.", isRequired: false),
            ], isClosed: true)
    }

    private static var removal: Schema {
        let kinds = Kind.allCases.map(\.rawValue)
        return .choosing(
            .object(
                kinds.map { .init($0, .written(), "The \($0.replacing("_", with: " "))'s name.", isRequired: false) } + [
                    .init("keep", .boolean, "true: not deleted, but managed by nobody.", isRequired: false)
                ], isClosed: true), exactlyOne: [kinds], atMostOne: [])
    }

    private static var webhook: Schema {
        .object(
            fields(Webhook.self) + [
                manage, .init("owner", owner, "Whose it is, with manage: false.", isRequired: false),
                .init("id", .written(pattern: "^wh_"), "Which one it is, with manage: false.", isRequired: false), adopt("wh_"), ignored,
            ], isClosed: true)
    }

    private static var domain: Schema {
        .object(
            fields(Domain.self) + [
                .init(
                    "aliases", .names(.either([alias, .written(pattern: slugPattern)])), "The mailbox names; \"*\" is the catch-all.",
                    isRequired: false),
                manage, ignored,
            ], isClosed: true)
    }

    private static var alias: Schema {
        .object(
            fields(Alias.self) + [
                .init("moved_from", .written(), "The alias's name until now: it keeps its id and its history.", isRequired: false), ignored,
            ], isClosed: true)
    }

    private static var apiKey: Schema {
        let sink = Schema.object([.init("file", .written(), "The file that a new token is written to.")], isClosed: true)
        return .object(
            fields(APIKey.self, required: ["scopes"]) + [
                .init("deliver_to", sink, "Where a new token goes.", isRequired: false),
                .init("reissue", .written(), "A date: a key that was revoked before it is made again.", isRequired: false), adopt("key_"),
                ignored,
            ], isClosed: true)
    }

    private static var manage: Schema.Member {
        .init("manage", .boolean, "false: somebody else's; it must exist and is never written.", isRequired: false)
    }
    private static var ignored: Schema.Member {
        .init("ignore_fields", names, "Fields that are left to others, as enabled or headers.X-Team.", isRequired: false)
    }
    private static func adopt(_ prefix: String) -> Schema.Member {
        let id = Schema.object([.init("id", .written(), "Its id, \(prefix)...")], isClosed: true)
        return .init("adopt", id, "Made by another client until now.", isRequired: false)
    }

    /// The kind's own fields.
    private static func fields<R: Resource>(_: R.Type, required: [String] = []) -> [Schema.Member] {
        R.fields.filter(\.isInManifest).map { field in
            .init(field.name, schema(field), field.about, isRequired: required.contains(field.name))
        }
    }

    private static func schema<R: Resource>(_ field: Field<R>) -> Schema {
        if field.name == "url" { return .either([.written(), reference]) }
        switch field.shape {
        case .boolean: return .boolean
        case .text: return .written()
        case .list(of: nil): return .list(.written())
        case .list(of: let values?):
            let bare = values.filter { $0.hasSuffix(":write") }.map { String($0.dropLast(6)) }
            return .list(.values(values + bare), count: 1...(.max))
        case .secret: return reference
        case .headers: return .names(.either([.written(), reference]))
        case .token: return .anything
        }
    }
}
