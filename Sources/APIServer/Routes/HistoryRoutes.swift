import EmailConnect
import HTTPTypes
import Hummingbird

extension Routes {
    /// `GET /v1/applies`: the commits, the latest first. With a digest, each says whether what it wrote still stands.
    func applies(_ call: Call) async throws -> Response {
        for kind in Kind.allCases { try call.caller.require(kind.readScope) }
        let query = try call.query("digest", "owner", "revision", "limit", "cursor")
        let filter = try Self.filter(query, call)
        let wanted = filter
        let found = try await store.read { transaction in
            try HistoryQuery.applies(wanted, in: transaction).map { place, record in
                var record = record
                if wanted.digest != nil { record.moved = try HistoryQuery.moved(place, account: wanted.account, in: transaction) }
                return (place, record)
            }
        }
        return Self.page(
            found.map { place, record in
                var json = JSONWriter()
                record.write(to: &json)
                return (place, json.text)
            }, limit: filter.limit)
    }

    /// `GET /v1/changes`: every single change, the latest first, with what was there before and after, without secrets.
    func changes(_ call: Call) async throws -> Response {
        let query = try call.query("kind", "id", "digest", "owner", "revision", "limit", "cursor")
        let kinds = query["kind"].map { name in Kind.allCases.filter { $0.rawValue == name } } ?? Kind.allCases
        guard !kinds.isEmpty else { throw Problem(.invalid, "kind takes webhook, domain, alias or api_key") }
        for kind in kinds { try call.caller.require(kind.readScope) }
        let filter = try Self.filter(query, call)
        let (wanted, kind, resource) = (filter, query["kind"], query["id"])
        let found = try await store.read { try HistoryQuery.changes(wanted, kind: kind, resource: resource, in: $0) }
        return Self.page(found, limit: filter.limit)
    }

    private static func filter(_ query: [String: String], _ call: Call) throws(Problem) -> HistoryQuery.Filter {
        if let digest = query["digest"] {
            let isDigest =
                (8...64).contains(digest.utf8.count) && digest.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
            guard isDigest else { throw Problem(.invalid, "digest takes 8 to 64 hexadecimal digits") }
        }
        return HistoryQuery.Filter(
            account: call.caller.accountID, owner: query["owner"], digest: query["digest"],
            revision: query["revision"] == nil ? nil : try number(query, "revision", 0...Int.max, default: 0),
            before: query["cursor"] == nil ? nil : try number(query, "cursor", 1...Int.max, default: 1),
            limit: try number(query, "limit", 1...100, default: 50))
    }

    private static func page(_ items: [(place: Int, json: String)], limit: Int) -> Response {
        var json = JSONWriter()
        json.object { json in
            json.array("data") { json in for item in items { json.item(json: item.json) } }
            json.member("limit", limit)
            json.member("has_more", items.count == limit)
            json.member("next_cursor", items.count == limit ? items.last.map { String($0.place) } : nil)
        }
        return Reply.json(.ok, json.bytes)
    }
}
