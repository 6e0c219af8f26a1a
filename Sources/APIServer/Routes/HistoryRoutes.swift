import EmailConnect
import HTTPTypes
import Hummingbird

extension Routes {
    /// What was done to the account.
    var historyRoutes: [Route] {
        let common: [Route.Parameter] = [
            .init("digest", .text(pattern: "^[0-9a-f]{8,64}$"), "Only what was done for this plan; 8 digits or more of its digest."),
            .init("owner", Schema(Owner.shape), "Only this owner's."),
            .init("revision", .integer(0...Schema.largest), "Only this revision."),
            .init("limit", .integer(1...100), "How many on a page; 50 if left out."),
            .init("cursor", .text(pattern: "^[1-9][0-9]{0,14}$"), "next_cursor of the page before."),
        ]
        let one: [Route.Parameter] = [
            .init("kind", .values(Kind.allCases.map(\.rawValue)), "Only of this kind."),
            .init("id", .someID(Kind.allCases), "Only of the resource with this id."),
        ]
        return [
            Route(
                method: .get, path: "/v1/applies", name: "listApplies",
                about: "The commits, the latest first. With digest, each says whether what it wrote still stands.", group: "History",
                access: .scopes(Kind.allCases.map(\.readScope)), parameters: common,
                answers: [.init(status: 200, about: "A page.", schema: .latest(of: .named("Apply")), example: Examples.applies)],
                handler: applies),
            Route(
                method: .get, path: "/v1/changes", name: "listChanges",
                about:
                    "Every single change, the latest first: before and after, without secrets. Takes the read scope of the kinds that it shows.",
                group: "History", access: .contents("the read scope of each kind that it shows"), parameters: one + common,
                answers: [.init(status: 200, about: "A page.", schema: .latest(of: .named("Change")), example: Examples.changes)],
                handler: changes),
        ]
    }

    private func applies(_ call: Call) async throws -> Response {
        let query = try call.query()
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

    private func changes(_ call: Call) async throws -> Response {
        let query = try call.query()
        let kinds = query["kind"].map { name in Kind.allCases.filter { $0.rawValue == name } } ?? Kind.allCases
        guard !kinds.isEmpty else { throw Problem(.invalid, "kind takes webhook, domain, alias or api_key") }
        try call.require(kinds.map(\.readScope))
        let filter = try Self.filter(query, call)
        let (wanted, kind, resource) = (filter, query["kind"], try Self.id(query, "id", Kind.allCases))
        let found = try await store.read { try HistoryQuery.changes(wanted, kind: kind, resource: resource, in: $0) }
        return Self.page(found, limit: filter.limit)
    }

    private static func filter(_ query: [String: String], _ call: Call) throws(Problem) -> HistoryQuery.Filter {
        if let digest = query["digest"] {
            let isDigest =
                (8...64).contains(digest.utf8.count) && digest.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
            guard isDigest else { throw Problem(.invalid, "digest takes 8 to 64 hexadecimal digits") }
        }
        let owner: Owner?
        do throws(Rejection) { owner = try query["owner"].map { (text) throws(Rejection) in try Owner(text) } } catch {
            throw Problem(.invalid, "owner: \(error.sentence)")
        }
        return HistoryQuery.Filter(
            account: call.caller.accountID, owner: owner?.text, digest: query["digest"],
            revision: query["revision"] == nil ? nil : try number(query, "revision", 0...Schema.largest, default: 0),
            before: query["cursor"] == nil ? nil : try number(query, "cursor", 1...Schema.largest, default: 1),
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
