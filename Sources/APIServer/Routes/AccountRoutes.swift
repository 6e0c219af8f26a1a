import EmailConnect
import HTTPTypes
import Hummingbird

extension Routes {
    /// What a reconciler needs: the whole account in one request, any change of it in another, and how its keys are used.
    var accountRoutes: [Route] {
        [
            Route(
                method: .get, path: "/v1/state", name: "getState",
                about:
                    "The account from one consistent read: a header line, a line a record, an end line. Takes the read scope of each kind.",
                group: "Account", access: .contents("the read scope of each kind that it shows"),
                parameters: [
                    .init(
                        "kinds", .text(pattern: "^(webhooks|domains|aliases|api_keys)(,(webhooks|domains|aliases|api_keys)){0,3}$"),
                        "Which kinds, with commas between; all if left out."),
                    .init("compare", .values(["true", "false"]), "false leaves fingerprints of secrets out."),
                ], headers: [.ifNoneMatch],
                answers: [
                    .init(
                        status: 200, about: "The account.", type: "application/x-ndjson", schema: .text(),
                        headers: ["ETag": "Moves with the revision."]),
                    Self.notModified,
                ], handler: state),
            Route(
                method: .post, path: "/v1/batch", name: "batch",
                about: "Operations of any kind, all or nothing, each with what it expects. Takes the write scope of each kind in it.",
                group: "Account", access: .contents("the write scope of each kind in it"), headers: [.ifMatch, .idempotencyKey],
                body: .init(schema: .named("Batch"), example: Examples.batch, limit: Batch.byteLimit),
                answers: [
                    .init(status: 200, about: "What each operation came to.", schema: .named("BatchAnswer"), example: Examples.batchAnswer)
                ],
                handler: batch),
            Route(
                method: .get, path: "/v1/activity", name: "listActivity",
                about: "How each key was used last, how often, from where, with which scopes; and what is left of the rate limits.",
                group: "Account", access: .scopes([.apiKeysRead]), parameters: ListPage.parameters(.apiKey),
                answers: [.init(status: 200, about: "A page of keys.", schema: .named("Activity"), example: Examples.activity)],
                handler: activity),
        ]
    }

    private func batch(_ call: Call) async throws -> Response {
        _ = try call.query()
        guard Kind.allCases.contains(where: { call.caller.scopes.allows($0.writeScope) }) else {
            throw Problem(.missingScope, "this API key has no write scope")
        }
        let answer = try await largeBodies.one(call) {
            let batch = try Batch(try await call.body())
            call.context.notes.use(Set(batch.operations.map(\.kind.writeScope)))
            return try await commit(call, batch)
        }
        var json = JSONWriter()
        answer.write(to: &json)
        return Reply.json(.ok, json.bytes)
    }

    private func commit(_ call: Call, _ batch: Batch) async throws -> BatchAnswer {
        var options = CommitOptions(isList: true, setPointer: "/set")
        if case .version(let revision) = try call.expectedVersion() { options.expectedRevision = revision }
        if let key = call.request.headers[HTTPField.Name.idempotencyKey] {
            guard (1...200).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw Problem(.invalid, "an idempotency key has 1 to 200 letters, digits and marks, without a space")
            }
            options.idempotencyKey = key
        }
        return try await ledger.commit(batch, by: call.caller, options)
    }

    private func state(_ call: Call) async throws -> Response {
        let query = try call.query()
        var kinds = Kind.allCases
        if let list = query["kinds"] {
            let names = list.split(separator: ",").map(String.init)
            kinds = Kind.allCases.filter { names.contains($0.plural) }
            guard !kinds.isEmpty, names.allSatisfy({ name in kinds.contains { $0.plural == name } }) else {
                throw Problem(.invalid, "kinds takes webhooks, domains, aliases and api_keys, with commas between")
            }
        }
        try call.require(kinds.map(\.readScope))
        let (caller, time, wanted) = (call.caller, clock.now(), kinds)
        let snapshot = try store.snapshot()
        let header = try await snapshot.read { try Accounts.header(caller, kinds: wanted, at: time, in: $0) }
        guard ["true", "false", nil].contains(query["compare"]) else { throw Problem(.invalid, "compare takes true or false") }
        let compare = caller.scopes.allows(.webhooksCompare) && query["compare"] != "false"
        let etag = "\"\(header.tag)\(compare ? "c" : "")\""
        if call.knows(etag) { return Response(status: .notModified, headers: [.eTag: etag]) }
        let stream = StateStream(snapshot, header: header, compare: compare)
        return Response(status: .ok, headers: [.contentType: "application/x-ndjson", .eTag: etag], body: Reply.lines(stream))
    }

    /// How the account's keys are used: what is in memory is written first.
    private func activity(_ call: Call) async throws -> Response {
        let page = try ListPage(try call.query(), kind: .apiKey)
        await gate.activity.flush()
        let account = call.caller.accountID
        let quota = gate.limiter?.quota(of: account, call.caller.limits)
        let found = try await store.read { transaction in
            let keys = try ActivityQuery.keys(of: account, after: page.after, offset: page.offset, limit: page.limit + 1, in: transaction)
            return (keys: keys, total: try Accounts.counts(of: account, in: transaction)[.apiKey, default: 0])
        }
        let bytes = page.answer(found.keys, total: found.total) { json in json.array("rate_limits") { json in quota?.write(to: &json) } }
        return Reply.json(.ok, bytes)
    }
}

extension StateHeader {
    /// What tells two states apart: everything but the time.
    fileprivate var tag: String {
        var copy = self
        copy.time = Timestamp(seconds: 0)
        var json = JSONWriter()
        copy.write(to: &json)
        return String(Hex.sha256(json.text).prefix(32))
    }
}
