import EmailConnect

/// The schemas of the live dialect, from its tables.
extension Components {
    /// Every one, with what it is.
    static var live: [(name: String, schema: Schema, about: String)] {
        kind(Domain.self) + kind(Alias.self) + kind(Webhook.self) + [
            ("LiveDomainStatus", domainStatus, "Whether a domain is verified."),
            ("LiveWebhookStatus", webhookStatus, "Whether a webhook is verified."), ("LiveTrigger", trigger, "A URL for an address."),
            ("LiveTriggerAnswer", triggerAnswer, "A webhook, and the alias that points at it."),
            ("LiveTeardown", teardown, "The end of a trigger."), ("LiveTeardownAnswer", teardownAnswer, "What became of a trigger."),
            ("LiveError", error, "An error."),
        ]
    }

    private static func kind<R: Resource>(_: R.Type) -> [(String, Schema, String)] {
        let name = "Live\(R.schemaName)"
        let members = Dialect.live.members?[R.kind] ?? []
        let record = Schema.object(members.map { .init($0.name, $0.mayBeMissing ? .nullable($0.schema) : $0.schema, $0.about) })
        return [
            (name, record, ""),
            ("\(name)Create", request(R.kind, members, requires: true), "What a create states; the rest has its default."),
            ("\(name)Change", request(R.kind, members, requires: false), "The fields to change."),
        ]
    }

    private static func request(_ kind: Kind, _ members: [Dialect.Member], requires: Bool) -> Schema {
        let required = requires ? Dialect.live.required[kind, default: []] : []
        let fields = members.filter { $0.field != nil }.map {
            Schema.Member($0.name, $0.schema, $0.about, isRequired: required.contains($0.name))
        }
        guard kind == .alias else { return .object(fields, isClosed: true) }
        let asIs = "Has to be as it is: for the domain, or always."
        let more: [Schema.Member] = [
            .init("email", Alias.nameSchema, "In place of localPart.", isRequired: false),
            .init(
                "destinationEmail", .nullable(.text(pattern: "^[!-?A-~]+@[!-?A-~]+$", length: 3...320)),
                "Looked at and not kept: mail goes to webhooks.", isRequired: false),
        ]
        let flags = ["allowAttachments", "includeEnvelope", "includeHtml", "includeText"].map {
            Schema.Member($0, .boolean, asIs, isRequired: false)
        }
        let choice = Schema.choosing(
            .object(fields + more + flags, isClosed: true), exactlyOne: requires ? [["localPart", "email"]] : [],
            atMostOne: requires ? [] : [["localPart", "email"]])
        return requires ? .together(choice, [("localPart", ["domainId"])]) : choice
    }

    private static var domainStatus: Schema {
        .object([
            .init("id", .id(.domain), "The domain."), .init("domain", .text(), "Its name."),
            .init("isVerified", .boolean, "Whether it is."),
            .init(
                "dnsRecords",
                .list(
                    .object(
                        dnsRecord + [
                            .init(
                                "status", .values(DomainVerification.Status.allCases.map(\.rawValue)),
                                "Whether it was there when the server looked last.")
                        ])), "The records that it needs."),
        ])
    }

    private static var webhookStatus: Schema {
        .object([
            .init("success", .boolean, "true."), .init("id", .id(.webhook), "The webhook."), .init("verified", .boolean, "Whether it is."),
            .init("message", .text(), "The same for people."),
        ])
    }

    private static var trigger: Schema {
        let isSpecific: [Schema.Member] = [
            .init("aliasType", .constant(.text("specific")), "One address."),
            .init("localPart", .text(pattern: specificName, length: 1...64), "Its part before the @."),
        ]
        let isCatchAll: [Schema.Member] = [
            .init("aliasType", .constant(.text("catchall")), "All others of the domain."),
            .init("localPart", .nullable(Schema(LocalPart.shape)), "Means nothing here.", isRequired: false),
        ]
        return .either([isSpecific, isCatchAll].map { .object(triggerMembers + $0, isClosed: true) })
    }

    private static let specificName = #"^[A-Za-z0-9!#$%&'\-/=?^_`{|}~]+(\.[A-Za-z0-9!#$%&'\-/=?^_`{|}~]+)*$"#

    private static var triggerMembers: [Schema.Member] {
        [
            .init("domainId", .someID([.domain]), "The domain."), .init("webhookUrl", Schema(HTTPURL.shape), "Where mail is sent."),
            .init("webhookName", Schema(String.shape), "The webhook's name."),
            .init("webhookDescription", .nullable(Schema(String.shape)), "What it does.", isRequired: false),
            .init("syncWithDomain", .boolean, "For a catch-all: the domain's own webhook is the same.", isRequired: false),
            .init("autoVerify", .boolean, "The client answers for the URL.", isRequired: false),
            .init("firstOrCreate", .boolean, "Take what is there; else 409 when the alias exists.", isRequired: false),
            .init("updateWebhookData", .boolean, "With firstOrCreate: the alias's webhook gets the URL and the rest.", isRequired: false),
        ]
    }

    private static var triggerAnswer: Schema {
        .object([
            .init("success", .boolean, "true."), .init("action", .values(["created", "updated", "found"]), "What became of the alias."),
            .init("webhook", .named("LiveWebhook"), "The webhook."), .init("alias", .named("LiveAlias"), "The alias."),
            .init(
                "domain",
                .object([
                    .init("id", .id(.domain), "The domain."), .init("webhookUpdated", .boolean, "Whether its webhook is another one now."),
                ]), "The domain."), .init("message", .text(), "The same for people."),
        ])
    }

    private static var teardown: Schema {
        .object(
            [
                .init("webhookId", .someID([.webhook]), "The webhook."),
                .init("expectedUrl", .text(length: 0...4096), "Its URL, for who deletes it; with another one nothing is done."),
                .init(
                    "restoreWebhookId", .nullable(.either([.someID([.webhook]), .text(length: 0...0)])),
                    "What its aliases and domains point at from then on.", isRequired: false),
            ], isClosed: true)
    }

    private static var teardownAnswer: Schema {
        .object([
            .init("success", .boolean, "true."),
            .init("action", .values(["deleted", "restored_and_deleted", "skipped_superseded"]), "What was done."),
            .init(
                "webhook",
                .object([.init("id", .id(.webhook), "The webhook."), .init("url", .nullable(.text()), "Its URL.")]),
                "What is there, if nothing was done.", isRequired: false), .init("message", .text(), "The same for people."),
        ])
    }

    private static var error: Schema {
        .object([
            .init("statusCode", .integer(400...599), "The status."), .init("error", .text(), "What the status means."),
            .init("message", .text(), "What is wrong: each field by its name."),
        ])
    }
}

extension Schema {
    /// A list of the live dialect.
    static func liveList(_ kind: Kind) -> Schema {
        let name = kind == .domain ? "LiveDomain" : kind == .alias ? "LiveAlias" : "LiveWebhook"
        return .object([
            .init(kind.collection, .list(.named(name)), "The \(kind.words)."), .init("total", .integer(0...largest), "How many in all."),
        ])
    }

    /// Which webhook is attached.
    static let liveAttachment = Schema.object(
        [.init("webhookId", .nullable(.someID([.webhook])), "The webhook; null for none.")], isClosed: true)
}
