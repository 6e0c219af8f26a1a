import EmailConnect
import HTTPTypes
import Hummingbird

extension Routes {
    /// The plain routes of one kind.
    func collection<R: StoredResource>(_: R.Type) -> [Route] {
        let (kind, name) = (R.kind, R.schemaName)
        let (word, words) = kind == .apiKey ? ("API key", "API keys") : (kind.word, kind.words)
        let path = "/v1/\(kind.collection)"
        let plural = kind == .alias ? "Aliases" : "\(name)s"
        let group = kind == .apiKey ? "API keys" : plural
        let filters: [Route.Parameter] =
            kind == .alias
            ? [
                .init("domain_id", .someID([.domain]), "Only those on this domain."),
                .init("webhook_id", .someID([.webhook]), "Only those that point at this webhook."),
            ] : []
        let one = Route.Answer(status: 200, about: "The \(word).", schema: .named(name), example: Examples.record(kind), headers: Self.etag)
        let cascade = Route.Parameter("cascade", .values(["true", "false"]), "true deletes the domain's aliases with it.")
        var created = one
        created.status = 201
        created.headers["Location"] = "Where it is."
        return [
            Route(
                method: .get, path: path, name: "list\(plural)", about: "The \(words), in the order of their creation.",
                group: group, access: .scopes([kind.readScope]), parameters: ListPage.parameters(kind) + filters,
                answers: [.init(status: 200, about: "A page.", schema: .page(of: .named(name)), example: Examples.page(kind))],
                handler: { try await list(R.self, $0) }),
            Route(
                method: .post, path: path, name: "create\(name)", about: "Creates \(kind.article) \(word).", group: group,
                access: .scopes([kind.writeScope]), body: .init(schema: .named("\(name)Create"), example: Examples.creation(kind)),
                answers: [created, Self.unseen], handler: { try await create(R.self, $0) }),
            Route(
                method: .post, path: "\(path)/batch", name: "batch\(plural)",
                about: "Creates, changes and deletes \(words), all or nothing.",
                group: group, access: .scopes([kind.writeScope]),
                body: .init(schema: .plainBatch(R.self), example: Examples.plainBatch(kind), limit: Batch.byteLimit),
                answers: [
                    .init(status: 200, about: "What each operation came to.", schema: .named("BatchAnswer"), example: Examples.batchAnswer)
                ],
                handler: { try await plainBatch(R.self, $0) }),
            Route(
                method: .get, path: "\(path)/{id}", name: "get\(name)", about: "One \(word).", group: group,
                access: .scopes([kind.readScope]), headers: kind == .domain ? [.ifNoneMatch] : [],
                answers: [one] + (kind == .domain ? [Self.notModified] : []), handler: { try await read(R.self, $0) }),
            Route(
                method: .patch, path: "\(path)/{id}", name: "change\(name)", about: "Changes the fields that are stated.", group: group,
                access: .scopes([kind.writeScope]), headers: [.ifMatch],
                body: .init(schema: .named("\(name)Change"), example: Examples.change(kind)), answers: [one, Self.unseen],
                handler: { try await change(R.self, $0, replaces: false) }),
            Route(
                method: .put, path: "\(path)/{id}", name: "replace\(name)",
                about: "Replaces all fields; what is not stated gets its default.",
                group: group, access: .scopes([kind.writeScope]), headers: [.ifMatch],
                body: .init(schema: .named("\(name)Replace"), example: Examples.replacement(kind)), answers: [one, Self.unseen],
                handler: { try await change(R.self, $0, replaces: true) }),
            Route(
                method: .delete, path: "\(path)/{id}", name: "delete\(name)", about: "Deletes \(kind.article) \(word).", group: group,
                access: .scopes([kind.writeScope]), parameters: kind == .domain ? [cascade] : [], headers: [.ifMatch],
                answers: [.init(status: 204, about: "It is gone.", type: nil)], handler: { try await delete(R.self, $0) }),
        ]
    }

    static let etag = ["ETag": "The version; send it as If-Match to change nothing that has moved."]
    /// For a key that may write and not read.
    static let unseen = Route.Answer(status: 204, about: "It is done; the key may not read it.", type: nil)
    static let notModified = Route.Answer(status: 304, about: "Its configuration is the one of If-None-Match.", type: nil, headers: etag)
}

extension Kind {
    /// The indefinite article.
    var article: String { self == .alias || self == .apiKey ? "an" : "a" }
}
