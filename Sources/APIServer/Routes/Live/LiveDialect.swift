import EmailConnect
import HTTPTypes

extension Dialect {
    /// What EmailConnect's own clients speak: its n8n node, and what is built like it.
    static let live = Dialect(
        roots: ["/api", "/api/v1"], keyHeader: .apiKey, problemType: "application/json", problemSchema: "LiveError", hasVersions: false,
        members: [.domain: domainMembers, .alias: aliasMembers, .webhook: webhookMembers],
        required: [.domain: ["domain"], .webhook: ["url"]], wrapped: [.webhook],
        writeProblem: { problem, json in
            json.object { json in
                json.member("statusCode", problem.code.status)
                json.member("error", Problem.title(of: problem.code.status))
                json.member("message", message(problem))
            }
        })

    /// Everything that is wrong in one text, each field named.
    private static func message(_ problem: Problem) -> String {
        guard !problem.items.isEmpty else { return problem.detail }
        let shown = problem.items.prefix(5).map { item in
            item.pointer.isEmpty ? item.detail : "\(item.pointer.dropFirst().replacing("/", with: ".")): \(item.detail)"
        }
        let rest = problem.items.count - shown.count
        return shown.joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : "")
    }

    private static let domainMembers: [Member] =
        [
            id(.domain), member(Domain.self, "domain", sets: "name"),
            answered("domainName", "t.name", Schema(DomainName.shape), "As `domain`."),
            member(Domain.self, "description", sets: "description"), member(Domain.self, "active", sets: "enabled", .boolean),
            member(Domain.self, "webhookId", sets: "webhook_id"),
            member(Domain.self, "allowAttachments", sets: "allow_attachments", .boolean),
            member(Domain.self, "includeEnvelope", sets: "include_envelope", .boolean), LiveVerification.domainMember,
        ] + times

    private static let aliasMembers: [Member] =
        [
            id(.alias),
            answered("email", "t.name || '@' || d.name", .text(format: "email"), "localPart@domain; `*@domain` takes all the rest."),
            member(Alias.self, "localPart", sets: "name"), member(Alias.self, "domainId", sets: "domain_id"),
            member(Alias.self, "description", sets: "description"), member(Alias.self, "active", sets: "enabled", .boolean),
            member(Alias.self, "webhookId", sets: "webhook_id"),
            answered("destinationEmail", "NULL", .nullable(.text()), "Always null: mail goes to webhooks."),
            answered("allowAttachments", "d.allow_attachments", .boolean, "The domain's.", .boolean),
            answered("includeEnvelope", "d.include_envelope", .boolean, "The domain's.", .boolean),
            answered("includeHtml", "1", .boolean, "Always true.", .boolean),
            answered("includeText", "1", .boolean, "Always true.", .boolean),
        ] + times

    private static let webhookMembers: [Member] =
        [
            id(.webhook), member(Webhook.self, "name", sets: "name"), member(Webhook.self, "url", sets: "url"),
            member(Webhook.self, "description", sets: "description"), member(Webhook.self, "active", sets: "enabled", .boolean),
            answered("verified", "t.verified", .boolean, "Whether the endpoint counts as verified.", .boolean),
        ] + times

    private static let times = [
        answered("createdAt", "t.created_at", Schema.time, "When it was made."),
        answered("updatedAt", "t.updated_at", Schema.time, "When its configuration changed last."),
    ]

    private static func id(_ kind: Kind) -> Member { answered("id", "t.id", .id(kind), "Its id.") }

    /// A member that no request sets.
    static func answered(
        _ name: String, _ column: String, _ schema: Schema, _ about: String, _ form: Member.Form = .text
    ) -> Member {
        Member(name: name, field: nil, column: column, form: form, schema: schema, about: about)
    }

    /// A field of the table under another name; it stands in a column that is called as the wire calls it.
    private static func member<R: Resource>(
        _: R.Type, _ name: String, sets wire: String, _ form: Member.Form = .text
    ) -> Member {
        let field = R.row(wire: wire).map { R.fields[$0] }
        let schema = field.map { R.request($0, wire) } ?? .anything
        let isNullable = field?.isNullable == true && !["name", "domain", "url"].contains(field?.name)
        return Member(
            name: name, field: wire, column: "t.\(wire)", form: form, schema: isNullable ? .nullable(schema) : schema,
            mayBeMissing: wire == "url", about: field?.about ?? "")
    }
}
