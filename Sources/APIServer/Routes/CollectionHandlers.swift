import EmailConnect
import HTTPTypes
import Hummingbird

/// What the plain routes do; every write is a list of operations.
extension Routes {
    func list<R: StoredResource>(_: R.Type, _ call: Call) async throws -> Response {
        let query = try call.query()
        let page = try ListPage(query, kind: R.kind)
        var condition = "t.account_id = ?"
        var values: [RowValue] = [.text(call.caller.accountID)]
        for (filter, kind) in [("domain_id", Kind.domain), ("webhook_id", .webhook)] {
            guard let value = try Self.id(query, filter, [kind]) else { continue }
            condition += " AND t.\(filter) = ?"
            values.append(.text(value))
        }
        let (view, account) = (call.itemView(at: clock.now()), call.caller.accountID)
        let (sql, bound) = (condition, values)
        let bytes = try await store.read { transaction in
            let total =
                try bound.count == 1
                ? Accounts.counts(of: account, in: transaction)[R.kind, default: 0]
                : transaction.first("SELECT count(*) FROM \(R.kind.table) t WHERE \(sql)", bound) { $0.integer(0) } ?? 0
            var json = JSONWriter()
            var items: [(place: Int, json: String)] = []
            try transaction.each(
                "\(R.query.select) WHERE \(sql) AND t.rowid > ? ORDER BY t.rowid LIMIT ? OFFSET ?",
                bound + [.integer(page.after), .integer(page.limit + 1), .integer(page.offset)]
            ) { row in
                json.removeAll()
                try R.query.write(row, view, in: transaction, to: &json)
                items.append((R.query.place(row), json.text))
                return true
            }
            return page.answer(items, total: total)
        }
        return Reply.json(.ok, bytes)
    }

    func read<R: StoredResource>(_: R.Type, _ call: Call) async throws -> Response {
        _ = try call.query()
        return try await item(R.self, try call.id(), call, .ok)
    }

    func create<R: StoredResource>(_: R.Type, _ call: Call) async throws -> Response {
        let node = try call.route.dialect.read(R.kind, try await call.json(), isNew: true)
        return try await call.route.renaming { try await create(R.self, call, node) }
    }

    /// - Parameters:
    ///   - node: the request under the names of the field tables.
    ///   - then: what is done with the new id before it is answered.
    func create<R: StoredResource>(
        _: R.Type, _ call: Call, _ node: Node, then: (_ id: String) async throws -> Void = { _ in }
    ) async throws -> Response {
        _ = try call.query()
        var node = node
        let attach = R.kind == .webhook ? try node.removeText("alias_id") : nil
        let (operation, token) = try Self.creation(R.self, node, random)
        let id = R.kind.idPrefix + random.identifier(16)
        var operations = [operation]
        if let attach {
            var set = Alias()
            set.webhook = .id(id)
            let row = Alias.fields.indices.filter { Alias.fields[$0].name == "webhook" }
            operations.append(.alias(Operation(.update(.id(attach), Stated(set, rows: row)), expect: nil)))
            try call.require([.aliasesWrite])
        }
        _ = try await ledger.commit(
            Batch(owner: nil, operations: operations), by: call.caller, CommitOptions(ids: [0: id], hasServersToken: token != nil))
        try await then(id)
        var response = try await item(R.self, id, call, .created, token: token)
        response.headers[.location] = "\(call.route.path)/\(id)"
        return response
    }

    func change<R: StoredResource>(_: R.Type, _ call: Call, replaces: Bool) async throws -> Response {
        let node = try call.route.dialect.read(R.kind, try await call.json(), isNew: false)
        return try await call.route.renaming { try await change(R.self, call, node, replaces: replaces) }
    }

    /// - Parameters:
    ///   - node: the request under the names of the field tables.
    ///   - then: what is done with the id before it is answered.
    func change<R: StoredResource>(
        _: R.Type, _ call: Call, _ node: Node, replaces: Bool, then: (_ id: String) async throws -> Void = { _ in }
    ) async throws -> Response {
        _ = try call.query()
        var set = try Stated<R>(request: node)
        guard !set.states("token") else { throw R.invalid("token", "a token is made by creating a key") }
        if replaces {
            for field in R.required where field != "token" && !set.states(field) {
                throw R.invalid(field, "\(field) is required in a PUT; use PATCH to change some fields only")
            }
            set = set.replacing
        }
        let id = try call.id()
        let operation = Operation(.update(.id(id), set), expect: try call.expectedVersion())
        _ = try await ledger.commit(Batch(owner: nil, operations: [R.any(operation)]), by: call.caller, CommitOptions())
        try await then(id)
        return try await item(R.self, id, call, .ok)
    }

    func delete<R: StoredResource>(_: R.Type, _ call: Call) async throws -> Response {
        let cascade = try call.query()["cascade"] ?? "false"
        guard cascade == "true" || cascade == "false" else { throw Problem(.invalid, "cascade takes true or false") }
        let operation = Operation<R>(.delete(.id(try call.id()), nil), expect: try call.expectedVersion())
        _ = try await ledger.commit(
            Batch(owner: nil, operations: [R.any(operation)]), by: call.caller, CommitOptions(cascadesAny: cascade == "true"))
        return Response(status: .noContent)
    }

    /// A create, and for an API key the token that is shown once.
    static func creation<R: StoredResource>(_: R.Type, _ node: Node, _ random: Randomness) throws(Rejection) -> (AnyOperation, Token?) {
        guard R.kind == .apiKey else { return (R.any(Operation(.create(try Stated<R>(request: node)), expect: nil)), nil) }
        var set = try Stated<APIKey>(request: node)
        guard !set.states("token") else { throw Rejection("only a batch with an owner brings its own token", pointer: "/token") }
        if !set.states("scopes") { set.value.scopes = .full }
        var generator = random.generator
        let token = Token(using: &generator)
        set.value.token = .made(token.hash)
        let rows = set.rows + APIKey.fields.indices.filter { ["token", "scopes"].contains(APIKey.fields[$0].name) }
        return (.apiKey(Operation(.create(Stated(set.value, rows: rows)), expect: nil)), token)
    }

    func item<R: StoredResource>(
        _: R.Type, _ id: String, _ call: Call, _ status: HTTPResponse.Status, token: Token? = nil
    ) async throws -> Response {
        guard call.isReading || call.caller.scopes.allows(R.kind.readScope) || token != nil else {
            return Response(status: .noContent)
        }
        let account = call.caller.accountID
        let (view, dialect) = (call.itemView(at: clock.now()), call.route.dialect)
        let found = try await store.read { transaction in
            try transaction.first("\(dialect.select(R.self)) WHERE t.account_id = ? AND t.id = ?", [.text(account), .text(id)]) { row in
                var json = JSONWriter()
                try dialect.write(R.self, row, view, in: transaction, to: &json)
                return (bytes: json.bytes, version: row.integer(1))
            }
        }
        guard let found else { throw Problem(.notFound, "there is no \(R.kind.word) \(id.prefix(64))") }
        var bytes = found.bytes
        if let token {
            var json = JSONWriter()
            json.object { json in
                json.member("api_key", token.secret.reveal())
                json.members(json: bytes)
            }
            bytes = json.bytes
        }
        if status == .created, dialect.wrapped.contains(R.kind) {
            var json = JSONWriter()
            json.object { $0.member(R.kind.rawValue, json: String(decoding: bytes, as: UTF8.self)) }
            bytes = json.bytes
        }
        let etag = "\"\(found.version)\""
        // An alias shows its domain's name, a webhook its aliases, a key its use: those move without the version.
        if dialect.hasVersions, call.isReading, R.kind == .domain, call.knows(etag) {
            return Response(status: .notModified, headers: [.eTag: etag])
        }
        return Reply.json(status, bytes, etag: dialect.hasVersions ? etag : nil)
    }
}

extension Call {
    /// How much of an item the caller sees.
    func itemView(at now: Timestamp) -> RecordView { .item(compare: caller.scopes.allows(.webhooksCompare), at: now) }
}

extension Stated where R: StoredResource {
    /// Every field stated, those of the request as they are and the rest at their defaults; what a client cannot know is
    /// left alone.
    fileprivate var replacing: Stated<R> {
        let kept: Set<String> = ["key", "token", "signing_secret", "protected"]
        return Stated(value.replacing, rows: R.fields.indices.filter { states($0) || !kept.contains(R.fields[$0].name) })
    }
}
