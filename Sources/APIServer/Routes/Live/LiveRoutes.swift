import EmailConnect
import HTTPTypes
import Hummingbird

/// The live dialect's routes: a loop over its kinds, and what is special.
extension Routes {
    /// Every route under `/api`; the router has them under `/api/v1` as well.
    var liveRoutes: [Route] { live(Domain.self) + live(Alias.self) + live(Webhook.self) + liveVerificationRoutes + liveTriggerRoutes }

    private func live<R: StoredResource>(_: R.Type) -> [Route] {
        let (kind, name, words) = (R.kind, "Live\(R.schemaName)", R.kind.words)
        let path = "/api/\(kind.collection)"
        let plural = kind == .alias ? "LiveAliases" : "\(name)s"
        let one = Route.Answer(status: 200, about: "The \(kind.word).", schema: .named(name), example: LiveExamples.record(kind))
        let filter = Route.Parameter("domainId", .someID([.domain]), "Only those on this domain.")
        let cascade = Route.Parameter("cascade", .values(["true", "false"]), "true deletes the domain's aliases with it.")
        var created = one
        created.status = 201
        created.headers["Location"] = "Where it is."
        if kind == .webhook {
            created.schema = .object([.init("webhook", .named(name), "The webhook.")])
            created.example = #"{"webhook":\#(LiveExamples.record(kind))}"#
        }
        let pages: [Route.Parameter] = [
            .init("page", .integer(1...1_000_000), "Which page, from 1; without page and limit the list is whole."),
            .init("limit", .integer(1...1000), "How many on a page; 50 if left out."),
        ]
        let names = Dialect.live.names(kind)
        return [
            Route(
                method: .get, path: path, name: "list\(plural)",
                about: kind == .alias
                    ? "All aliases, in the order of their creation; those of one domain by name."
                    : "All \(words), in the order of their creation.",
                group: Self.liveGroup,
                access: .scopes([kind.readScope]), dialect: .live, parameters: (kind == .alias ? [filter] : []) + pages,
                answers: [.init(status: 200, about: "The \(words).", schema: .liveList(kind), example: LiveExamples.list(kind))],
                handler: { try await liveList(R.self, $0) }),
            Route(
                method: .post, path: path, name: "create\(name)", about: "Creates \(kind.article) \(kind.word).", group: Self.liveGroup,
                access: .scopes([kind.writeScope]), dialect: .live, names: names,
                body: .init(schema: .named("\(name)Create"), example: LiveExamples.creation(kind)), answers: [created, Self.unseen],
                handler: liveCreate(R.self)),
            Route(
                method: .get, path: "\(path)/{id}", name: "get\(name)", about: "One \(kind.word).", group: Self.liveGroup,
                access: .scopes([kind.readScope]), dialect: .live, answers: [one], handler: { try await read(R.self, $0) }),
            Route(
                method: .put, path: "\(path)/{id}", name: "change\(name)", about: "Changes the fields that are stated; the rest stays.",
                group: Self.liveGroup, access: .scopes([kind.writeScope]), dialect: .live, names: names,
                body: .init(schema: .named("\(name)Change"), example: LiveExamples.change(kind)), answers: [one, Self.unseen],
                handler: liveChange(R.self)),
            Route(
                method: .delete, path: "\(path)/{id}", name: "delete\(name)", about: "Deletes \(kind.article) \(kind.word).",
                group: Self.liveGroup, access: .scopes([kind.writeScope]), dialect: .live, parameters: kind == .domain ? [cascade] : [],
                answers: [.init(status: 204, about: "It is gone.", type: nil)], handler: { try await delete(R.self, $0) }),
        ]
            + (kind == .webhook
                ? []
                : [
                    Route(
                        method: .put, path: "\(path)/{id}/webhook", name: "attach\(name)Webhook",
                        about: "Attaches a webhook, or with null detaches it.", group: Self.liveGroup, access: .scopes([kind.writeScope]),
                        dialect: .live, names: names,
                        body: .init(schema: .liveAttachment, example: #"{"webhookId":"wh_4fK2x9QaB7cD1eF0"}"#),
                        answers: [one, Self.unseen],
                        handler: { try await attach(R.self, $0) })
                ])
    }

    private func liveCreate<R: StoredResource>(_: R.Type) -> Route.Handler {
        switch R.kind {
        case .alias: createLiveAlias
        case .webhook: createLiveWebhook
        case .domain, .apiKey: { try await create(R.self, $0) }
        }
    }

    private func liveChange<R: StoredResource>(_: R.Type) -> Route.Handler {
        switch R.kind {
        case .alias: changeLiveAlias
        case .webhook: changeLiveWebhook
        case .domain, .apiKey: { try await change(R.self, $0, replaces: false) }
        }
    }

    private var liveVerificationRoutes: [Route] {
        let status = Route.Answer(
            status: 200, about: "How it stands.", schema: .named("LiveDomainStatus"),
            example: LiveExamples.domainStatus)
        let verified = Route.Answer(
            status: 200, about: "How it stands.", schema: .named("LiveWebhookStatus"),
            example: #"{"success":true,"id":"wh_4fK2x9QaB7cD1eF0","verified":true,"message":"The webhook is verified"}"#)
        return [
            Route(
                method: .get, path: "/api/domains/{id}/status", name: "getLiveDomainStatus", about: "Whether a domain is verified.",
                group: Self.liveGroup, access: .scopes([.domainsRead]), dialect: .live, answers: [status], handler: liveDomainStatus),
            Route(
                method: .post, path: "/api/domains/{id}/verify", name: "verifyLiveDomain",
                about: "Looks for the DNS records that a domain needs.",
                group: Self.liveGroup, access: .scopes([.domainsWrite]), dialect: .live, answers: [status, Self.unseen],
                handler: liveDomainStatus),
            Route(
                method: .get, path: "/api/webhooks/{id}/status", name: "getLiveWebhookStatus", about: "Whether a webhook is verified.",
                group: Self.liveGroup, access: .scopes([.webhooksRead]), dialect: .live, answers: [verified], handler: liveWebhookStatus),
            Route(
                method: .post, path: "/api/webhooks/{id}/verify", name: "verifyLiveWebhook",
                about: "Calls a webhook's endpoint with a code. It is verified if its answer repeats the code, or when somebody sends it.",
                group: Self.liveGroup, access: .scopes([.webhooksWrite]), dialect: .live, answers: [verified], handler: verifyLiveWebhook),
            Route(
                method: .post, path: "/api/webhooks/{id}/verify/complete", name: "completeLiveVerification",
                about: """
                    Takes the code that a webhook's endpoint was called with. The last five characters of the webhook's id do as well: with \
                    them the client answers for the URL.
                    """, group: Self.liveGroup, access: .scopes([.webhooksWrite]), dialect: .live,
                body: .init(
                    schema: .object([.init("verificationToken", .text(length: 1...128), "The code.")], isClosed: true),
                    example: #"{"verificationToken":"4fK2x9QaB7cD1eF04fK2x9QaB7cD1eF0"}"#),
                answers: [verified], handler: completeLiveVerification),
        ]
    }

    private var liveTriggerRoutes: [Route] {
        let scopes: [Scope] = [.webhooksRead, .webhooksWrite, .aliasesRead, .aliasesWrite]
        return [
            Route(
                method: .post, path: "/api/webhooks/alias", name: "createLiveTrigger",
                about: """
                    Creates or finds a webhook and an alias that points at it, in one transaction; with syncWithDomain a catch-all's domain \
                    points at it too, which takes domains:write.
                    """, group: Self.liveGroup, access: .scopes(scopes), dialect: .live, names: LiveTrigger.names,
                body: .init(schema: .named("LiveTrigger"), example: LiveExamples.trigger),
                answers: [
                    .init(status: 201, about: "The two.", schema: .named("LiveTriggerAnswer"), example: LiveExamples.triggerAnswer)
                ], handler: trigger),
            Route(
                method: .post, path: "/api/webhooks/alias/teardown", name: "tearDownLiveTrigger",
                about: """
                    Deletes the webhook if it still has that URL; what points at it points at another one or at none from then on, and an \
                    alias that was made with it goes too. A domain that points at it takes domains:write.
                    """, group: Self.liveGroup, access: .scopes(scopes), dialect: .live,
                body: .init(schema: .named("LiveTeardown"), example: LiveExamples.teardown),
                answers: [
                    .init(status: 200, about: "What was done.", schema: .named("LiveTeardownAnswer"), example: LiveExamples.teardownAnswer)
                ], handler: tearDown),
        ]
    }

    private static let liveGroup = "Live dialect"
}
