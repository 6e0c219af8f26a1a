import EmailConnect

/// The JSON Schema of a manifest and of the files that it extends and includes, for editors. It takes whatever the reader takes; what
/// depends on two places at once, and the spelling of names, only the reader knows. https://json-schema.org/draft/2020-12
public enum ManifestSchema {
    /// The schema, indented by no one, with a line feed at its end.
    public static var json: String {
        var json = JSONWriter()
        json.object { json in
            json.member("$schema", "https://json-schema.org/draft/2020-12/schema")
            json.member("title", "reconcile manifest")
            json.member(
                "description", "What an EmailConnect account shall hold: domains, aliases, webhooks and API keys of one environment.")
            let others = ["version", "manifest", "environment"]
            Schema.together(.object(members, isClosed: true), [("manifest", others), ("environment", others)]).write(to: &json)
            json.array("examples") { $0.item(json: example) }
        }
        json.endLine()
        return json.text
    }

    private static let example =
        #"{"version":1,"manifest":"acme-mail","environment":"production","webhooks":{"helpdesk":{"url":"https://hooks.acme.example/in"}},"domains":{"acme.example":{"aliases":{"support":"helpdesk"}}}}"#

    private static var members: [Schema.Member] {
        [
            .init("version", .either([.constant(.integer(1)), .constant(.text("1"))]), "The manifest's format: 1.", isRequired: false),
            .init(
                "manifest", slug,
                "The manifest's name; with the environment the owner of all below. A file to be extended or included has none.",
                isRequired: false),
            .init("environment", slug, "The environment: one manifest has one.", isRequired: false),
            .init("extends", .written(), "A file whose values hold where this one says nothing else.", isRequired: false),
            .init(
                "include", .either([.written(), names]), "Files that belong to this one; * and ? stand for what they do in a shell.",
                isRequired: false),
            .init("manifest_moved_from", .written(), "The manifest's name until now, or NAME/ENVIRONMENT.", isRequired: false),
            .init("repository_moved_from", .written(), "The repository that CI ran it from until now.", isRequired: false),
            .init(
                "server",
                .object(
                    [
                        .init("url", .written(pattern: "^[hH][tT][tT][pP]"), "Refused against any other URL.", isRequired: false),
                        .init("account", .written(), "Refused against any other account, acct_...", isRequired: false),
                        .init(
                            "dialect", .values(ServerDialect.allCases.map(\.rawValue)),
                            "How the server is spoken to: by /v1, or by /api (app); found out if left out.", isRequired: false),
                    ], isClosed: true), "Pins: whom this manifest is for.", isRequired: false),
            .init("policy", policy, "What may not be, whoever wrote it; only ever tightened.", isRequired: false),
            .init("allow", consent, "Consent to what a plan does not do by itself; reviewed with the rest.", isRequired: false),
            .init("removed", .list(removal), "Deletions that are written down: no guard counts them.", isRequired: false),
            .init("webhooks", entries(webhook, pattern: slugPattern), "The endpoints that get messages, by key.", isRequired: false),
            .init(
                "alias_sets", entries(aliases, pattern: slugPattern), "Aliases that several domains have; a domain names them under use.",
                isRequired: false),
            .init("domains", entries(domain), "The domains that receive mail, by name, or by key with name:.", isRequired: false),
            .init("api_keys", entries(apiKey, pattern: slugPattern), "The keys of programs, by key.", isRequired: false),
        ]
    }

    private static let slugPattern = "^[a-z0-9._-]{1,64}$"
    private static var slug: Schema { .written(pattern: slugPattern) }
    private static var owner: Schema { .written(pattern: "^[a-z0-9._-]{1,64}/[a-z0-9._-]{1,64}$") }
    private static var names: Schema { .list(.written()) }
    /// A section, an entry and a field may be null: what is inherited goes.
    private static func entries(_ schema: Schema, pattern: String? = nil) -> Schema {
        .nullable(.names(.nullable(schema), pattern: pattern))
    }

    /// A reference to a secret.
    private static var reference: Schema {
        .choosing(
            .object(
                [
                    .init("env", .written(pattern: "^[A-Za-z_][A-Za-z0-9_]*$"), "A variable of the environment.", isRequired: false),
                    .init("file", .written(), "A file below the manifest's folder.", isRequired: false),
                    .init(
                        "command", .list(.written(), count: 1...(.max)), "A program that prints it; only with apply --allow-commands.",
                        isRequired: false), .init("age", .written(), "The value itself, encrypted with age, armored.", isRequired: false),
                    .init("prefix", .written(), "What stands before the value, as \"Bearer \".", isRequired: false),
                ], isClosed: true), exactlyOne: [["env", "file", "command", "age"]], atMostOne: [])
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
                .init("aliases", .nullable(aliases), "The mailbox names; \"*\" is the catch-all.", isRequired: false),
                .init("use", .nullable(names), "The alias sets whose aliases it has too.", isRequired: false), manage, ignored,
            ], isClosed: true)
    }

    private static var aliases: Schema { .names(.either([alias, .written(pattern: slugPattern)])) }

    private static var alias: Schema {
        .object(
            fields(Alias.self) + [
                .init("moved_from", .written(), "The alias's name until now: it keeps its id and its history.", isRequired: false), ignored,
            ], isClosed: true)
    }

    private static var apiKey: Schema {
        let sink = Schema.choosing(
            .object(
                [
                    .init("file", .written(), "The file that a new token is written to.", isRequired: false),
                    .init("age_file", .written(), "The same, encrypted for the recipients.", isRequired: false),
                    .init("recipients", .list(.written(), count: 1...(.max)), "Who can open the age_file: age1...", isRequired: false),
                    .init(
                        "command", .list(.written(), count: 1...(.max)),
                        "A program and its arguments; it reads the token from standard input.",
                        isRequired: false),
                ], isClosed: true), exactlyOne: [["file", "command", "age_file"]], atMostOne: [])
        return .object(
            fields(APIKey.self) + [
                .init("deliver_to", .nullable(sink), "Where a new token goes.", isRequired: false),
                .init("reissue", .written(), "A date: a key that was revoked before it is made again.", isRequired: false), adopt("key_"),
                ignored,
            ], isClosed: true)
    }

    private static var manage: Schema.Member {
        .init("manage", .nullable(.boolean), "false: somebody else's; it must exist and is never written.", isRequired: false)
    }
    private static var ignored: Schema.Member {
        .init("ignore_fields", .nullable(names), "Fields that are left to others, as enabled or headers.X-Team.", isRequired: false)
    }
    private static func adopt(_ prefix: String) -> Schema.Member {
        let id = Schema.object([.init("id", .written(), "Its id, \(prefix)...")], isClosed: true)
        return .init("adopt", .nullable(id), "Made by another client until now.", isRequired: false)
    }

    private static var policy: Schema {
        let rule = Schema.values(Policy.Unmanaged.allCases.map(\.rawValue))
        let kinds = Kind.allCases.map { kind in
            Schema.Member(kind.plural, rule, "What is done about \(kind.words) that nobody manages.", isRequired: false)
        }
        let limits: [Schema.Member] = [
            .init("deletes", .integer(0...(.max)), "No plan deletes more that is not written down.", isRequired: false),
            .init("mail_moves", .integer(0...(.max)), "No plan moves the mail of more addresses.", isRequired: false),
        ]
        return .object(
            [
                .init("domains", names, "acme.example, or *.acme.example for all below it; no other domain.", isRequired: false),
                .init(
                    "require", .list(.values(Policy.Requirement.allCases.map(\.rawValue))), "What every entry must have.", isRequired: false
                ),
                .init("forbid_scopes", scopes, "What no API key may do.", isRequired: false),
                .init(
                    "unmanaged", .either([rule, .object(kinds, isClosed: true)]), "What is done about what nobody manages.",
                    isRequired: false),
                .init("limits", .object(limits, isClosed: true), "Limits that no consent lifts.", isRequired: false),
            ], isClosed: true)
    }

    private static var scopes: Schema {
        let values = Scope.allCases.map(\.rawValue)
        return .list(.values(values + values.filter { $0.hasSuffix(":write") }.map { String($0.dropLast(6)) }), count: 1...(.max))
    }

    /// The kind's own fields.
    private static func fields<R: Resource>(_: R.Type) -> [Schema.Member] {
        R.fields.filter(\.isInManifest).map { field in
            .init(field.name, schema(field), field.about, isRequired: false)
        }
    }

    private static func schema<R: Resource>(_ field: Field<R>) -> Schema {
        if field.name == "url" { return .either([.written(), reference]) }
        switch field.shape {
        case .boolean: return .nullable(.boolean)
        case .text: return .written()
        case .list(of: nil): return .nullable(names)
        case .list(of: _?): return .nullable(scopes)
        case .secret: return .nullable(reference)
        case .headers: return .nullable(.names(.either([.written(), reference])))
        case .token: return .anything
        }
    }
}
