import EmailConnect
import Hummingbird
import NIOCore

/// A whole list from one consistent read, in chunks: however long it is, little of it is in memory.
struct LiveListStream: Sendable {
    /// Which rows, and in which order they are gone through.
    struct Selection: Sendable {
        var sql: String
        var condition: String
        var value: RowValue
        /// By place, or by name where that is what an index has.
        var isByName: Bool
    }

    /// Rows in a chunk; a shorter list is one answer.
    static let chunkRows = 2000
    /// A longer list is asked for in pages.
    static let longest = 100_000

    let selection: Selection
    /// `{"aliases":[`, then the rows.
    private var isFirst = true
    private var after: RowValue

    init(_ selection: Selection) {
        self.selection = selection
        after = selection.isByName ? .text("") : .integer(0)
    }

    /// The next rows as items of a list; nil behind the last.
    mutating func next<R: StoredResource>(
        _: R.Type, _ dialect: Dialect, _ view: RecordView, limit: Int, offset: Int = 0, in transaction: Transaction
    ) throws -> [UInt8]? {
        let key = selection.isByName ? "t.name" : "t.rowid"
        var json = JSONWriter(reserving: limit * 256)
        if !isFirst { json.item(json: "") }
        var place = after
        var rows = 0
        try transaction.each(
            "\(selection.sql) WHERE \(selection.condition) AND \(key) > ? ORDER BY \(key) LIMIT ? OFFSET ?",
            [selection.value, after, .integer(limit), .integer(offset)]
        ) { row in
            try dialect.write(R.self, row, view, in: transaction, to: &json)
            place = selection.isByName ? .text(row.text(3)) : .integer(row.integer(2))
            rows += 1
            return true
        }
        guard rows > 0 else { return nil }
        (after, isFirst) = (place, false)
        return json.bytes
    }
}

extension Routes {
    /// A list without pages, as this dialect has it, or a page of it for who asks with `page` or `limit`.
    func liveList<R: StoredResource>(_: R.Type, _ call: Call) async throws -> Response {
        let query = try call.query()
        let page = try Self.number(query, "page", 1...1_000_000, default: 1)
        let limit = try Self.number(query, "limit", 1...1000, default: 50)
        let isPaged = query["page"] != nil || query["limit"] != nil
        let (dialect, account) = (call.route.dialect, call.caller.accountID)
        var selection = LiveListStream.Selection(
            sql: dialect.select(R.self), condition: "t.account_id = ?", value: .text(account), isByName: false)
        if let domain = try Self.id(query, "domainId", [.domain]) {
            let known = try await store.read { transaction in
                try transaction.first("SELECT id FROM domains WHERE account_id = ? AND id = ?", [.text(account), .text(domain)]) {
                    $0.text(0)
                }
            }
            selection.condition = "t.domain_id = ?"
            selection.value = RowValue(known)
            selection.isByName = true
        }
        let (view, chosen) = (call.itemView(at: clock.now()), selection)
        let isFiltered = selection.isByName
        let total: @Sendable (Transaction) throws -> Int = { transaction in
            try isFiltered
                ? transaction.first("SELECT count(*) FROM \(R.kind.table) t WHERE \(chosen.condition)", [chosen.value]) { $0.integer(0) }
                    ?? 0
                : Accounts.counts(of: account, in: transaction)[R.kind, default: 0]
        }
        let (count, items) = try await store.read { transaction in
            let count = try total(transaction)
            guard isPaged || count <= LiveListStream.chunkRows else { return (count, nil as [UInt8]?) }
            var stream = LiveListStream(chosen)
            let (size, offset) = isPaged ? (limit, (page - 1) * limit) : (LiveListStream.chunkRows, 0)
            return (count, try stream.next(R.self, dialect, view, limit: size, offset: offset, in: transaction) ?? [])
        }
        let head = Array("{\"\(R.kind.collection)\":[".utf8)
        if let items { return Reply.json(.ok, head + items + Self.tail(count)) }
        guard count <= LiveListStream.longest else {
            throw Problem(.invalid, "these are \(count) \(R.kind.words), too many for one answer: ask with page and limit, at most 1000")
        }
        return try await streamed(R.self, chosen, dialect, view, head: head, total: total)
    }

    private func streamed<R: StoredResource>(
        _: R.Type, _ selection: LiveListStream.Selection, _ dialect: Dialect, _ view: RecordView, head: [UInt8],
        total: @escaping @Sendable (Transaction) throws -> Int
    ) async throws -> Response {
        let snapshot = try store.snapshot()
        let count = try await snapshot.read(total)
        let body = ResponseBody { writer in
            try await writer.write(ByteBuffer(bytes: head))
            var stream = LiveListStream(selection)
            while true {
                let current = stream
                let chunk = try await snapshot.read { transaction in
                    var next = current
                    let bytes = try next.next(R.self, dialect, view, limit: LiveListStream.chunkRows, in: transaction)
                    return (bytes: bytes, stream: next)
                }
                guard let bytes = chunk.bytes else { break }
                stream = chunk.stream
                try await writer.write(ByteBuffer(bytes: bytes))
            }
            try await writer.write(ByteBuffer(bytes: Self.tail(count)))
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "application/json"], body: body)
    }

    private static func tail(_ total: Int) -> [UInt8] { Array("],\"total\":\(total)}".utf8) }
}
