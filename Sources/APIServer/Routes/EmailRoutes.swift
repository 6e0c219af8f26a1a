import EmailConnect
import HTTPTypes
import Hummingbird

extension Routes {
    /// The largest message, in bytes.
    static let messageLimit = 25 << 20

    /// Mail: what comes in, and what became of it.
    var emailRoutes: [Route] {
        [
            Route(
                method: .get, path: "/v1/emails", name: "listEmails", about: "What came in and what became of it, the latest first.",
                group: "Emails", access: .scopes([.emailsRead]), parameters: ListPage.parameters("email") + Self.emailFilters,
                answers: [.init(status: 200, about: "A page.", schema: .page(of: .named("Email")), example: Examples.emails)],
                handler: emails),
            Route(
                method: .post, path: "/v1/emails", name: "receiveEmail",
                about: "Takes a message as it would come by SMTP, for those recipients whose domain is the account's.", group: "Emails",
                access: .scopes([.emailsWrite]),
                parameters: [
                    .init(
                        "from", .text(pattern: "^(<>|\(Self.address))$", length: 2...254),
                        "The envelope's sender, `<>` for none, as a bounce has it; else the header's."),
                    .init(
                        "to", .text(pattern: "^\(Self.address)(,\(Self.address)){0,99}$"),
                        "The envelope's recipients, with commas between, all on the account's domains; else those of the header."),
                ],
                body: .init(
                    schema: .text(), example: Examples.message, limit: Self.messageLimit,
                    types: ["message/rfc822", "application/octet-stream"]),
                answers: [
                    .init(
                        status: 202, about: "What became of it, for each recipient.",
                        schema: .object([.init("data", .list(.named("Email")), "One for each recipient.")]), example: Examples.received)
                ], handler: receive),
            Route(
                method: .get, path: "/v1/emails/{id}", name: "getEmail", about: "One email, with each attempt to deliver it.",
                group: "Emails", access: .scopes([.emailsRead]),
                answers: [.init(status: 200, about: "The email.", schema: .named("EmailWithDeliveries"), example: Examples.email)],
                handler: email),
            Route(
                method: .get, path: "/v1/statistics", name: "getStatistics",
                about: "How much came in, and what became of it: in all, by day, by domain and by alias.", group: "Emails",
                access: .scopes([.statisticsRead]),
                parameters: [.init("domain_id", .someID([.domain]), "Only what came for this domain.")] + Self.times,
                answers: [.init(status: 200, about: "The counts.", schema: .named("Statistics"), example: Examples.statistics)],
                handler: statistics),
        ]
    }

    /// What every address of this form is; there are others, which are taken too. https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2
    private static let address =
        #"[A-Za-z0-9_+-]{1,30}(\.[A-Za-z0-9_+-]{1,30})?@([A-Za-z0-9]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?\.){1,6}[A-Za-z]{2,20}"#

    static var emailFilters: [Route.Parameter] {
        [
            .init("alias_id", .someID([.alias]), "Only those that this alias took."),
            .init("domain_id", .someID([.domain]), "Only those on this domain."),
            .init("status", .values(EmailStatus.allCases.map(\.rawValue)), "Only those of which this became."),
        ] + times
    }

    static var times: [Route.Parameter] {
        [
            .init("since", Schema(Timestamp.shape), "Only what came at this moment or later."),
            .init("until", Schema(Timestamp.shape), "Only what came before this moment."),
        ]
    }

    static func emailFilter(_ query: [String: String], _ call: Call) throws(Problem) -> EmailQuery.Filter {
        let status = query["status"].map { EmailStatus(rawValue: $0) }
        if case .some(nil) = status {
            throw Problem(.invalid, "status takes \(EmailStatus.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return EmailQuery.Filter(
            account: call.caller.accountID, domainID: try id(query, "domain_id", [.domain]), aliasID: try id(query, "alias_id", [.alias]),
            status: status ?? nil, since: try time(query, "since"), until: try time(query, "until"))
    }

    private static func time(_ query: [String: String], _ name: String) throws(Problem) -> Timestamp? {
        guard let text = query[name] else { return nil }
        do throws(Rejection) { return try Timestamp(text) } catch { throw Problem(.invalid, "\(name): \(error.sentence)") }
    }

    private func emails(_ call: Call) async throws -> Response {
        let query = try call.query()
        let page = try ListPage(query, letters: "email")
        let filter = try Self.emailFilter(query, call)
        let found = try await store.read {
            try EmailQuery.list(filter, before: page.after, offset: page.offset, limit: page.limit + 1, in: $0)
        }
        return Reply.json(.ok, page.answer(found.items, total: found.total))
    }

    private func email(_ call: Call) async throws -> Response {
        _ = try call.query()
        return Reply.json(.ok, try await email(try call.id(), call))
    }

    func email(_ id: String, _ call: Call) async throws -> [UInt8] {
        let account = call.caller.accountID
        guard let bytes = try await store.read({ try EmailQuery.item(id, account: account, in: $0) }) else {
            throw Problem(.notFound, "there is no email \(id.prefix(64))")
        }
        return bytes
    }

    private func statistics(_ call: Call) async throws -> Response {
        let filter = try Self.emailFilter(try call.query(), call)
        return Reply.json(.ok, try await store.read { try MailStatistics.json(filter, in: $0) })
    }

    private func receive(_ call: Call) async throws -> Response {
        let query = try call.query()
        // Mail is the account's, and no owner's.
        try call.caller.requireOwner(nil)
        let account = call.caller.accountID
        let ids = try await largeBodies.one(call) {
            try await inlet.accept(Arrival(try await call.body(), from: query["from"], to: query["to"]), account: account)
        }
        let emails = try await store.read { transaction in
            try ids.compactMap { try EmailQuery.record($0, account: account, in: transaction) }
        }
        var json = JSONWriter()
        json.object { json in json.array("data") { json in for email in emails { json.item(json: email) } } }
        return Reply.json(.accepted, json.bytes)
    }
}
