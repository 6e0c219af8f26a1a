import EmailConnect

/// An account's state from one consistent read, as chunks of NDJSON: a header line, a line a record, an end line.
struct StateStream: LineStream {
    private let snapshot: Snapshot
    private let header: StateHeader
    private let compare: Bool
    var stages: [Stage]
    private var count = 0

    /// What comes next; aliases go domain by domain, each from where the last chunk ended.
    enum Stage: Sendable {
        case header
        case kind(Kind)
        case aliases(domains: [String], place: Int, after: String)
        case lost
        case end
    }

    /// Rows in a chunk of aliases; between two chunks the reader may be slow.
    private static let chunkRows = 2000

    init(_ snapshot: Snapshot, header: StateHeader, compare: Bool) {
        self.snapshot = snapshot
        self.header = header
        self.compare = compare
        stages = ([.header] + Kind.allCases.filter(header.kinds.contains).map(Stage.kind) + [.lost, .end]).reversed()
    }

    mutating func chunk(_ stage: Stage) async throws -> [UInt8] {
        switch stage {
        case .header:
            var json = JSONWriter()
            header.write(to: &json)
            return json.bytes
        case .kind(.webhook): return try await all(Webhook.self, order: "o.name, t.key, t.id")
        case .kind(.domain): return try await all(Domain.self, order: "t.name")
        case .kind(.apiKey): return try await all(APIKey.self, order: "o.name, t.key, t.id")
        case .kind(.alias):
            let account = header.accountID
            let domains = try await snapshot.read { transaction in
                try transaction.all("SELECT id FROM domains WHERE account_id = ? ORDER BY name", [.text(account)]) { $0.text(0) }
            }
            stages.append(.aliases(domains: domains, place: 0, after: ""))
            return []
        case .aliases(let domains, let place, let after): return try await aliases(domains, place, after)
        case .lost:
            let (account, kinds) = (header.accountID, header.kinds)
            let lost = try await snapshot.read { try Drift.lost(account, kinds, in: $0) }
            count += lost.count
            var json = JSONWriter()
            for record in lost { record.write(to: &json) }
            return json.bytes
        case .end:
            var json = JSONWriter()
            json.object { json in
                json.member("end", true)
                json.member("records", count)
                json.member("revision", header.revision)
            }
            json.endLine()
            return json.bytes
        }
    }

    private mutating func all<R: StoredResource>(_: R.Type, order: String) async throws -> [UInt8] {
        let (account, compare) = (header.accountID, compare)
        let (bytes, rows) = try await snapshot.read { transaction in
            var json = JSONWriter()
            var rows = 0
            try transaction.each("\(R.query.select) WHERE t.account_id = ? ORDER BY \(order)", [.text(account)]) { row in
                try R.query.write(row, .state(compare: compare), in: transaction, to: &json)
                json.endLine()
                rows += 1
                return true
            }
            return (json.bytes, rows)
        }
        count += rows
        return bytes
    }

    private mutating func aliases(_ domains: [String], _ place: Int, _ after: String) async throws -> [UInt8] {
        let compare = compare
        let chunk = try await snapshot.read { transaction in
            var chunk = (json: JSONWriter(reserving: Self.chunkRows * 256), rows: 0, place: place, after: after)
            while chunk.place < domains.count, chunk.rows < Self.chunkRows {
                let room = Self.chunkRows - chunk.rows
                var found = 0
                try transaction.each(
                    "\(Alias.query.select) WHERE t.domain_id = ? AND t.name > ? ORDER BY t.name LIMIT ?",
                    [.text(domains[chunk.place]), .text(chunk.after), .integer(room)]
                ) { row in
                    try Alias.query.write(row, .state(compare: compare), in: transaction, to: &chunk.json)
                    chunk.json.endLine()
                    found += 1
                    chunk.after = Alias.query.name(row)
                    return true
                }
                chunk.rows += found
                if found < room {
                    chunk.place += 1
                    chunk.after = ""
                }
            }
            return chunk
        }
        if chunk.place < domains.count { stages.append(.aliases(domains: domains, place: chunk.place, after: chunk.after)) }
        count += chunk.rows
        return chunk.json.bytes
    }
}
