import EmailConnect

/// The document's named schemas.
enum Components {
    /// Every one, with what it is.
    static var all: [(name: String, schema: Schema, about: String)] {
        kind(Domain.self) + kind(Alias.self) + kind(Webhook.self) + kind(APIKey.self) + mail + verification + live + [
            ("Fingerprint", .fingerprint, "What comes back of a secret: true, or salt and HMAC for keys that may compare."),
            ("Batch", batch, "A set of operations: order does not matter, only the final state has to be valid."),
            ("BatchAnswer", batchAnswer, "What each operation came to, in their order."),
            ("Apply", apply, "One commit."), ("Change", change, "One resource before and after a commit, without secrets."),
            ("Activity", .page(of: use, more: [.init("rate_limits", rateLimits, "What is left.")]), "How keys were used."),
            ("Root", root, "Who is calling."), ("Problem", problem, "An error, as in RFC 9457."),
        ]
    }

    private static func kind<R: Resource>(_: R.Type) -> [(String, Schema, String)] {
        [
            (R.schemaName, R.record, ""), ("\(R.schemaName)Create", R.creation, "What a create states; the rest has its default."),
            ("\(R.schemaName)Change", R.change, "The fields to change."),
            ("\(R.schemaName)Replace", R.replacement, "The fields that are not at their default."),
        ]
    }

    private static var batch: Schema {
        .object(
            [
                .init("format", .constant(.integer(Batch.format)), "The format."),
                .init("owner", .nullable(owner), "Who acts: what is made is theirs, and nobody else's is touched.", isRequired: false),
                .init("digest", .nullable(.text(length: 0...128)), "The plan that this is.", isRequired: false),
                .init(
                    "sequence", .nullable(.integer(1...Schema.largest)), "The run's number; a lower one is refused later.",
                    isRequired: false),
                .init("planned_at", .nullable(.integer(0...Schema.largest)), "The revision that was planned from.", isRequired: false),
                .init("allow_older", .boolean, "Take it though a run with a higher sequence was here.", isRequired: false),
                .init("owner_moved_from", .nullable(owner), "The owner's name until now.", isRequired: false),
                .init("repository_moved_from", .nullable(Schema(String.shape)), "The owner's repository until now.", isRequired: false),
                .init(
                    "context", .names(Schema(String.shape), pattern: #"^[^\u0000]{1,64}$"#, limit: 32), "Goes into the history.",
                    isRequired: false),
                .init("operations", .list(.either(operations)), "What to do."),
            ], isClosed: true)
    }

    private static var owner: Schema { Schema(Owner.shape) }

    private static var operations: [Schema] {
        operation(Webhook.self) + operation(Domain.self) + operation(Alias.self) + operation(APIKey.self)
    }

    private static func operation<R: Resource>(_: R.Type) -> [Schema] {
        func base(_ verb: String) -> [Schema.Member] {
            [
                .init("op", .constant(.text(verb)), "What to do."),
                .init("kind", .constant(.text(R.kind.rawValue)), "To what kind."),
            ]
        }
        let id = Schema.Member("id", .text(length: 1...64), "The resource, by id.")
        let name = Schema.Member(
            "name", R.nameSchema, "The resource, by name: a domain's, local@domain, an owner's key or OWNER#key.")
        let version = Schema.Member(
            "expect", .object([.init("version", .integer(1...Schema.largest), "Its version.")], isClosed: true), "412 when it is not so.",
            isRequired: false)
        let absent = Schema.Member("expect", .constant(.text("absent")), "412 when it is there.", isRequired: false)
        let set = Schema.Member("set", R.setting, "Fields and their values.")
        let all = Schema.Member("set", R.batchSetting, "Fields and their values; the rest has its default.")
        let transfers: [Schema.Member] = [
            .init("adopt", .constant(.boolean(true)), "It is nobody's, and becomes the owner's.", isRequired: false),
            .init("take_over_from", owner, "It is another owner's, and becomes this one's.", isRequired: false),
        ]
        let release = Schema.Member("release", .constant(.boolean(true)), "It becomes nobody's.", isRequired: false)
        let cascade = Schema.Member(
            "cascade",
            .object(
                [
                    .init("aliases", .integer(0...Schema.largest), "How many aliases go with the domain."),
                    .init("digest", .text(length: 0...64), "Of their ids and versions."),
                ], isClosed: true), "What goes with it, as it was shown.", isRequired: false)
        var operations: [Schema] = [.object(base("create") + [absent, all], isClosed: true)]
        for target in [id, name] {
            let update: [Schema.Member] = base("update") + [target, version, set, release] + transfers
            let delete: [Schema.Member] = base("delete") + [target, version, cascade] + transfers
            operations += [update, delete].map { members in
                .choosing(
                    .object(members, isClosed: true), exactlyOne: [],
                    atMostOne: [["adopt", "take_over_from"], ["adopt", "release"], ["release", "take_over_from"]])
            }
        }
        return operations
    }

    private static var batchAnswer: Schema {
        let result = Schema.object([
            .init("index", .integer(0...Schema.largest), "The operation's place, from 0."),
            .init("status", .integer(200...204), "201 created, 200 changed or already so, 204 deleted."),
            .init("id", .text(), "The resource's id."),
            .init("version", .integer(1...Schema.largest), "Its version now.", isRequired: false),
            .init("token", .text(pattern: "^ec_[A-Za-z0-9]{8}$"), "How the token begins that an API key was given.", isRequired: false),
        ])
        return .object([
            .init("revision", .integer(0...Schema.largest), "The account's revision after it."),
            .init("results", .list(result), "In the order of the operations."),
        ])
    }

    private static var common: [Schema.Member] {
        [
            .init("revision", .integer(0...Schema.largest), "The account's revision after it."), .init("time", .time, "When."),
            .init("owner", .nullable(.text()), "For which owner."), .init("actor", .text(), "How the key begins that did it."),
            .init("digest", .nullable(.text()), "For which plan."),
        ]
    }

    private static var apply: Schema {
        .object(
            common + [
                .init("sequence", .nullable(.integer(nil)), "The run's number."),
                .init("context", .names(.text()), "What the run said of itself."),
                .init("operations", .integer(0...Schema.largest), "How many operations."),
                .init("stands", .boolean, "Whether what it wrote is still so; with digest.", isRequired: false),
                .init("moved", .list(.text()), "What is not any more as it left it; with digest.", isRequired: false),
            ])
    }

    private static var change: Schema {
        .object(
            common + [
                .init("kind", .text(), "The kind, or owner."), .init("resource_id", .text(), "The resource."),
                .init("before", .nullable(.object([])), "Before it; null when it was made."),
                .init("after", .nullable(.object([])), "After it; null when it was deleted."),
            ])
    }

    private static var use: Schema {
        .object([
            .init("id", .id(.apiKey), "The key."), .init("key", .nullable(.text()), "The manifest's key."),
            .init("name", .text(), "Its name."),
            .init("managed_by", .nullable(.text()), "Its owner."), .init("requests", .integer(0...Schema.largest), "How many requests."),
            .init("first_used_at", .nullable(.time), "When it was used first."), .init("last_used_at", .nullable(.time), "When last."),
            .init("last_used_ip", .nullable(.text()), "From where."),
            .init(
                "tokens",
                .list(
                    .object([
                        .init("prefix", .text(), "How it begins."), .init("requests", .integer(0...Schema.largest), "How many requests."),
                        .init("last_used_at", .time, "When last."),
                    ])), "Each of its tokens that was used."),
            .init("scopes", .names(.time), "Each scope that was needed, and when last."),
            .init("addresses", .names(.time), "The last 50 addresses, and when last."),
        ])
    }

    private static var rateLimits: Schema {
        .list(
            .object([
                .init("window", .values(RequestWindow.allCases.map(\.rawValue)), "The window."),
                .init("limit", .integer(0...Schema.largest), "Requests in it."),
                .init("remaining", .integer(0...Schema.largest), "How many are left."),
                .init("reset", .integer(0...Schema.largest), "When it begins anew, in seconds since 1970."),
            ]))
    }

    private static var root: Schema {
        let limit = Schema.object([
            .init("used", .integer(0...Schema.largest), "How many there are."),
            .init("limit", .nullable(.integer(0...Schema.largest)), "How many there may be; null for any number."),
        ])
        return .object([
            .init("name", .text(), "The API."), .init("version", .text(), "Its version."),
            .init("account_id", .text(pattern: "^acct_"), "The account."), .init("scopes", .list(.text()), "What the caller may do."),
            .init("limits", .object(Kind.allCases.map { .init($0.plural, limit, "") }), "What the account may hold."),
            .init("rate_limits", rateLimits, "What is left."),
        ])
    }

    private static var problem: Schema {
        let code = Schema.values(Problem.Code.allCases.map(\.rawValue))
        return .object([
            .init("type", .text(), "about:blank: the code says what it is."), .init("title", .text(), "What the status means."),
            .init("status", .integer(400...599), "The status."), .init("detail", .text(), "What is wrong, for people."),
            .init("code", code, "What is wrong, for programs."), .init("request_id", .text(), "As in the server's log."),
            .init(
                "errors",
                .list(
                    .object([
                        .init("pointer", .text(), "JSON pointer into the request; empty for the whole."),
                        .init("code", code, "What is wrong there."), .init("detail", .text(), "For people."),
                    ])), "Each single thing that is wrong, at most 100.", isRequired: false),
        ])
    }
}

extension Schema {
    /// A page of a list.
    static func page(of item: Schema, more: [Member] = []) -> Schema {
        .object(
            [
                .init("data", .list(item), "The items."),
                .init("page", .integer(1...Schema.largest), "Which page; not with a cursor.", isRequired: false),
                .init("limit", .integer(1...100), "How many on a page."), .init("total", .integer(0...Schema.largest), "How many in all."),
                .init("has_more", .boolean, "Whether there is another page."), .init("next_cursor", .nullable(.text()), "The next page."),
            ] + more)
    }

    /// A page of a list that begins with the latest.
    static func latest(of item: Schema) -> Schema {
        .object([
            .init("data", .list(item), "The items, the latest first."), .init("limit", .integer(1...100), "How many on a page."),
            .init("has_more", .boolean, "Whether there may be another page."), .init("next_cursor", .nullable(.text()), "The next page."),
        ])
    }

    /// The documented batch of one kind.
    static func plainBatch<R: Resource>(_: R.Type) -> Schema {
        let id = Member("id", .text(length: 1...64), "Which one.")
        func operation(_ action: String, _ data: Schema) -> Schema {
            .object(
                [.init("action", .constant(.text(action)), "What to do."), .init("data", data, "With what.")], isClosed: true)
        }
        // An API key is shown when it is made, and a batch shows nothing.
        let creations = R.kind == .apiKey ? [] : [operation("create", R.plain(requires: true))]
        return .object(
            [
                .init(
                    "operations",
                    .list(
                        .either(
                            creations + [
                                operation("update", R.plain(requires: false, adding: [id])),
                                operation("delete", .object([id], isClosed: true)),
                            ])), "What to do, all or nothing; order does not matter.")
            ], isClosed: true)
    }
}
