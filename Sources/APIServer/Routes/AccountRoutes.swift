import EmailConnect
import HTTPTypes
import Hummingbird
import NIOCore

extension Routes {
    /// `POST /v1/batch`: operations of any kind, all or nothing.
    func batch(_ call: Call) async throws -> Response {
        _ = try call.query()
        guard Kind.allCases.contains(where: { call.caller.scopes.allows($0.writeScope) }) else {
            throw Problem(.missingScope, "this API key has no write scope")
        }
        let answer = try await largeBodies.one(call) {
            try await commit(call, Batch(try await call.body(upTo: Batch.byteLimit)))
        }
        var json = JSONWriter()
        answer.write(to: &json)
        return Reply.json(.ok, json.bytes)
    }

    private func commit(_ call: Call, _ batch: Batch) async throws -> BatchAnswer {
        var options = CommitOptions(isList: true, setPointer: "/set")
        if case .version(let revision) = try call.expectedVersion() { options.expectedRevision = revision }
        if let key = call.request.headers[HTTPField.Name.idempotencyKey] {
            guard (1...200).contains(key.utf8.count) else { throw Problem(.invalid, "an idempotency key has 1 to 200 bytes") }
            options.idempotencyKey = key
        }
        return try await ledger.commit(batch, by: call.caller, options)
    }

    /// `GET /v1/state`: the account from one consistent read, streamed.
    func state(_ call: Call) async throws -> Response {
        let query = try call.query("kinds", "compare")
        var kinds = Kind.allCases
        if let list = query["kinds"] {
            let names = list.split(separator: ",").map(String.init)
            kinds = Kind.allCases.filter { names.contains($0.plural) }
            guard kinds.count == names.count, !kinds.isEmpty else {
                throw Problem(.invalid, "kinds takes webhooks, domains, aliases and api_keys, each once, with commas between")
            }
        }
        for kind in kinds { try call.caller.require(kind.readScope) }
        let (caller, time, wanted) = (call.caller, clock.now(), kinds)
        let snapshot = try store.snapshot()
        let header = try await snapshot.read { try Accounts.header(caller, kinds: wanted, at: time, in: $0) }
        guard ["true", "false", nil].contains(query["compare"]) else { throw Problem(.invalid, "compare takes true or false") }
        let compare = caller.scopes.allows(.webhooksCompare) && query["compare"] != "false"
        let etag = "\"\(header.tag)\(compare ? "c" : "")\""
        if call.request.headers[.ifNoneMatch] == etag { return Response(status: .notModified, headers: [.eTag: etag]) }
        let stream = StateStream(snapshot, header: header, compare: compare)
        let channel = call.context.channel
        let body = ResponseBody { writer in
            var stream = stream
            let cutOff = Task {
                try await Task.sleep(for: Self.readDeadline)
                try? await channel.close()
            }
            defer { cutOff.cancel() }
            do {
                while let bytes = try await stream.next() { try await writer.write(ByteBuffer(bytes: bytes)) }
            } catch let error where StoreFailure.isOfDatabase(error) {
                // The status has been sent; the last line says why there is no end line.
                var json = JSONWriter()
                json.object { $0.member("error", StoreFailure.problem(error).detail) }
                json.endLine()
                try await writer.write(ByteBuffer(bytes: json.bytes))
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "application/x-ndjson", .eTag: etag], body: body)
    }

    /// A reader that takes longer would keep the write-ahead log from being folded in.
    private static var readDeadline: Duration { .seconds(120) }
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
