import EmailConnect
import HTTPTypes
import Hummingbird

extension Routes {
    /// The plain routes of one kind.
    func collection<R: StoredResource>(_: R.Type) -> [(HTTPRequest.Method, String, Handler)] {
        let path = "/v1/\(R.kind.collection)"
        return [
            (.get, path, { try await list(R.self, $0) }),
            (.post, path, { try await create(R.self, $0) }),
            (.post, "\(path)/batch", { try await plainBatch(R.self, $0) }),
            (.get, "\(path)/:id", { try await read(R.self, $0) }),
            (.patch, "\(path)/:id", { try await change(R.self, $0, replaces: false) }),
            (.put, "\(path)/:id", { try await change(R.self, $0, replaces: true) }),
            (.delete, "\(path)/:id", { try await delete(R.self, $0) }),
        ]
    }

    private func list<R: StoredResource>(_: R.Type, _ call: Call) async throws -> Response {
        try call.caller.require(R.kind.readScope)
        let filters = R.kind == .alias ? ["domain_id", "webhook_id"] : []
        let query = try R.kind == .alias ? call.query("page", "limit", "domain_id", "webhook_id") : call.query("page", "limit")
        let page = try Self.number(query, "page", 1...1_000_000, default: 1)
        let limit = try Self.number(query, "limit", 1...100, default: 50)
        var condition = "t.account_id = ?"
        var values: [RowValue] = [.text(call.caller.accountID)]
        for filter in filters {
            guard let value = query[filter] else { continue }
            condition += " AND t.\(filter) = ?"
            values.append(.text(value))
        }
        let view = RecordView.item(compare: call.caller.scopes.allows(.webhooksCompare))
        let (sql, bound) = (condition, values)
        let bytes = try await store.read { transaction in
            let total = try transaction.first("SELECT count(*) FROM \(R.kind.table) t WHERE \(sql)", bound) { $0.integer(0) } ?? 0
            var json = JSONWriter()
            var items: [String] = []
            try transaction.each(
                "\(R.query.select) WHERE \(sql) ORDER BY t.rowid LIMIT ? OFFSET ?",
                bound + [.integer(limit), .integer((page - 1) * limit)]
            ) { row in
                json.removeAll()
                try R.query.write(row, view, in: transaction, to: &json)
                items.append(json.text)
                return true
            }
            json.removeAll()
            json.object { json in
                json.array("data") { json in for item in items { json.item(json: item) } }
                json.member("page", page)
                json.member("limit", limit)
                json.member("total", total)
                json.member("has_more", page * limit < total)
            }
            return json.bytes
        }
        return Reply.json(.ok, bytes)
    }

    private func read<R: StoredResource>(_: R.Type, _ call: Call) async throws -> Response {
        try call.caller.require(R.kind.readScope)
        _ = try call.query()
        return try await item(R.self, try call.id(), call, .ok)
    }

    private func create<R: StoredResource>(_: R.Type, _ call: Call) async throws -> Response {
        try call.caller.require(R.kind.writeScope)
        _ = try call.query()
        var node = try await call.json()
        let id = R.kind.idPrefix + random.identifier(16)
        let attach = R.kind == .webhook ? try node.removeText("alias_id") : nil
        let (operation, token) = try creation(R.self, node)
        var operations = [operation]
        if let attach {
            var set = Alias()
            set.webhook = .id(id)
            let row = Alias.fields.indices.filter { Alias.fields[$0].name == "webhook" }
            operations.append(.alias(Operation(.update(.id(attach), Stated(set, rows: row)), expect: nil)))
        }
        _ = try await ledger.commit(Batch(owner: nil, operations: operations), by: call.caller, CommitOptions(ids: [0: id]))
        var response = try await item(R.self, id, call, .created, token: token)
        response.headers[.location] = "/v1/\(R.kind.collection)/\(id)"
        return response
    }

    private func change<R: StoredResource>(_: R.Type, _ call: Call, replaces: Bool) async throws -> Response {
        try call.caller.require(R.kind.writeScope)
        _ = try call.query()
        var set = try Stated<R>(request: try await call.json())
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
        return try await item(R.self, id, call, .ok)
    }

    private func delete<R: StoredResource>(_: R.Type, _ call: Call) async throws -> Response {
        try call.caller.require(R.kind.writeScope)
        let query = try R.kind == .domain ? call.query("cascade") : call.query()
        let cascade = query["cascade"] ?? "false"
        guard cascade == "true" || cascade == "false" else { throw Problem(.invalid, "cascade takes true or false") }
        let operation = Operation<R>(.delete(.id(try call.id()), nil), expect: try call.expectedVersion())
        _ = try await ledger.commit(
            Batch(owner: nil, operations: [R.any(operation)]), by: call.caller, CommitOptions(cascadesAny: cascade == "true"))
        return Response(status: .noContent)
    }

    /// The documented `{"operations": [{"action": "create", "data": {...}}]}`, all or nothing.
    private func plainBatch<R: StoredResource>(_: R.Type, _ call: Call) async throws -> Response {
        try call.caller.require(R.kind.writeScope)
        _ = try call.query()
        let answer = try await largeBodies.one(call) {
            try await commit(plainOperations(R.self, try await call.body(upTo: Batch.byteLimit)), call)
        }
        var json = JSONWriter()
        answer.write(to: &json)
        return Reply.json(.ok, json.bytes)
    }

    private func commit(_ operations: [AnyOperation], _ call: Call) async throws -> BatchAnswer {
        try await ledger.commit(
            Batch(owner: nil, operations: operations), by: call.caller, CommitOptions(isList: true, setPointer: "/data"))
    }

    private func plainOperations<R: StoredResource>(_: R.Type, _ bytes: [UInt8]) throws -> [AnyOperation] {
        var operations: [AnyOperation] = []
        var isThere = false
        var reader = JSONReader(bytes)
        try reader.object { json, name throws(Rejection) in
            guard name == "operations" else {
                throw Rejection("unknown member", "send {\"operations\": [...]}", pointer: "/\(name.prefix(64))")
            }
            isThere = true
            try json.array { json, index throws(Rejection) in
                let node = try json.node()
                do throws(Rejection) { operations.append(try plainOperation(R.self, node)) } catch {
                    throw Rejection(error.problem, error.remedy, pointer: "/operations/\(index)\(error.pointer)")
                }
            }
        }
        try reader.finish()
        guard isThere else { throw Problem(.invalid, "send {\"operations\": [...]}") }
        return operations
    }

    private func plainOperation<R: StoredResource>(_: R.Type, _ node: Node) throws(Rejection) -> AnyOperation {
        var action = ""
        var data: Node?
        for member in try node.members("an operation") {
            switch member.key.text {
            case "action": action = try member.value.text()
            case "data": data = member.value
            default: throw Rejection("unknown member", "an operation has action and data", pointer: "/\(member.key.text.prefix(64))")
            }
        }
        guard var data else { throw Rejection("the operation has no data", pointer: "/data") }
        switch action {
        case "create": return R.any(Operation(.create(try stated(data)), expect: nil))
        case "update", "delete":
            guard let id = try data.removeText("id") else { throw Rejection("the operation names no id", pointer: "/data/id") }
            if action == "update" { return R.any(Operation<R>(.update(.id(id), try stated(data)), expect: nil)) }
            guard try data.members("an object").isEmpty else { throw Rejection("a delete takes the id only", pointer: "/data") }
            return R.any(Operation<R>(.delete(.id(id), nil), expect: nil))
        default: throw Rejection("no such action", "create, update or delete", pointer: "/action")
        }
    }

    private func stated<R: StoredResource>(_ data: Node) throws(Rejection) -> Stated<R> {
        do throws(Rejection) { return try Stated<R>(request: data) } catch {
            throw Rejection(error.problem, error.remedy, pointer: "/data\(error.pointer)")
        }
    }

    /// A create, and for an API key the token that is shown once.
    private func creation<R: StoredResource>(_: R.Type, _ node: Node) throws(Rejection) -> (AnyOperation, Token?) {
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
        guard call.request.method == .get || call.caller.scopes.allows(R.kind.readScope) || token != nil else {
            return Response(status: .noContent)
        }
        let account = call.caller.accountID
        let view = RecordView.item(compare: call.caller.scopes.allows(.webhooksCompare))
        let found = try await store.read { transaction in
            try transaction.first("\(R.query.select) WHERE t.account_id = ? AND t.id = ?", [.text(account), .text(id)]) { row in
                var json = JSONWriter()
                try R.query.write(row, view, in: transaction, to: &json)
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
        let etag = "\"\(found.version)\""
        // An alias shows its domain's name and a webhook its aliases: those move without the version.
        let isWhole = R.kind == .domain || R.kind == .apiKey
        if call.request.method == .get, isWhole, call.request.headers[.ifNoneMatch] == etag {
            return Response(status: .notModified, headers: [.eTag: etag])
        }
        return Reply.json(status, bytes, etag: etag)
    }

    static func number(
        _ query: [String: String], _ name: String, _ range: ClosedRange<Int>, default fallback: Int
    ) throws(Problem) -> Int {
        guard let text = query[name] else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            throw Problem(.invalid, "\(name) takes a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}

extension Node {
    /// Takes a member out of an object; nil when it has none.
    fileprivate mutating func removeText(_ name: String) throws(Rejection) -> String? {
        guard case .mapping(var members, let position) = self, let place = members.firstIndex(where: { $0.key.text == name })
        else { return nil }
        let value = members.remove(at: place).value
        self = .mapping(members, position)
        return try value.text()
    }
}

extension Stated where R: StoredResource {
    /// Every field stated, those of the request as they are and the rest at their defaults; what a client cannot know is
    /// left alone.
    fileprivate var replacing: Stated<R> {
        var value = value
        if var webhook = value as? Webhook {
            webhook.headers.replacesAll = true
            if let replaced = webhook as? R { value = replaced }
        }
        let kept: Set<String> = ["key", "token", "signing_secret", "protected"]
        return Stated(value, rows: R.fields.indices.filter { states($0) || !kept.contains(R.fields[$0].name) })
    }
}
