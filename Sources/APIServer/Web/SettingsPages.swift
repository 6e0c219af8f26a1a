import EmailConnect
import HTTPTypes
import Hummingbird

extension Pages {
    var settingsRoutes: [Route] {
        [
            .init(.get, "/settings", { _, _ in Self.redirect("/settings/api-keys") }),
            .init(.get, "/settings/api-keys", inside { try await keys($0) }),
            .init(.post, "/settings/api-keys", acting { try await createKey($0, $1) }),
            .init(.post, "/settings/api-keys/{id}/rotate", acting { call, _ in try await rotateKey(call) }),
            .init(.post, "/settings/api-keys/{id}/revoke", acting { call, _ in try await revokeKey(call) }),
            .init(.get, "/settings/domains", inside { try await domains($0) }),
            .init(.get, "/settings/activity", inside { try await activity($0) }),
        ]
    }

    /// How many rows a page has.
    static var rowLimit: Int { 100 }

    private func domains(_ call: PageCall) async throws -> Response {
        let page = Page(title: "Domains", template: "domains", tab: "/settings/domains")
        return try await table(call, page, .domain) { after, transaction in
            try transaction.all(
                """
                SELECT d.rowid, d.name, d.description, d.enabled, d.protected, coalesce(w.name, w.key, d.webhook_id), o.name,
                       (SELECT count(*) FROM aliases WHERE domain_id = d.id)
                FROM domains d LEFT JOIN owners o ON o.id = d.owner_id LEFT JOIN webhooks w ON w.id = d.webhook_id
                WHERE d.account_id = ? AND d.rowid > ? ORDER BY d.rowid LIMIT ?
                """, [.text(call.caller.accountID), .integer(after), .integer(Self.rowLimit + 1)]
            ) { row in
                (
                    row.integer(0),
                    Cells([
                        "name": row.text(1), "about": row.text(2), "state": row.boolean(3) ? "enabled" : "disabled",
                        "isProtected": row.boolean(4) ? "protected" : "", "webhook": row.optionalText(5) ?? "none",
                        "owner": row.optionalText(6) ?? "", "aliases": String(row.integer(7)),
                    ])
                )
            }
        }
    }

    private func activity(_ call: PageCall) async throws -> Response {
        let page = Page(title: "Activity", template: "activity", tab: "/settings/activity")
        for kind in Kind.allCases {
            do throws(Problem) { try call.caller.require(kind.readScope) } catch { return try refused(page, call, error) }
        }
        call.context.notes.use(Kind.allCases.map(\.readScope))
        let account = call.caller.accountID
        await gate.activity.flush()
        let commits = try await store.read { transaction in
            try HistoryQuery.applies(.init(account: account, limit: 50), in: transaction).map { _, record in
                Cells([
                    "revision": String(record.revision), "time": record.time.text, "owner": record.owner?.text ?? "", "actor": record.actor,
                    "operations": String(record.operations), "commit": record.context["commit"] ?? "", "who": record.context["actor"] ?? "",
                ])
            }
        }
        let uses = try await store.read { transaction in
            try transaction.all(
                """
                SELECT coalesce(nullif(k.name, ''), k.key, k.id), u.prefix, u.requests, u.last_at, u.last_ip,
                       (SELECT group_concat(scope, ', ') FROM key_scopes WHERE key_id = k.id)
                FROM key_use u JOIN api_keys k ON k.id = u.key_id WHERE k.account_id = ? ORDER BY u.last_at DESC, u.prefix LIMIT 100
                """, [.text(account)]
            ) { row in
                Cells([
                    "name": row.text(0), "prefix": row.text(1), "requests": String(row.integer(2)), "last": row.text(3),
                    "address": row.optionalText(4) ?? "", "scopes": row.optionalText(5) ?? "",
                ])
            }
        }
        let windows = gate.limiter?.quota(of: account, call.caller.limits).windows ?? []
        let limits = windows.map {
            [
                "window": $0.window.rawValue, "used": String($0.limit - $0.remaining), "limit": String($0.limit),
                "reset": Timestamp(seconds: $0.reset).text,
            ]
        }
        return try answer(
            page, ["commits": commits.map(\.byName), "uses": uses.map(\.byName), "limits": limits, "hasLimits": !limits.isEmpty],
            session: call.session)
    }

    /// A table of one kind, a part at a time.
    func table(
        _ call: PageCall, _ page: Page, _ kind: Kind, adding more: [String: any Sendable] = [:],
        _ rows: @escaping @Sendable (_ after: Int, Transaction) throws -> [(place: Int, cells: Cells)]
    ) async throws -> Response {
        do throws(Problem) { try call.caller.require(kind.readScope) } catch { return try refused(page, call, error) }
        call.context.notes.use([kind.readScope])
        let after = call.request.uri.queryParameters["after"].flatMap { Int($0) } ?? 0
        let found = try await store.read { try rows(after, $0) }
        var content: [String: Any] = more
        content["rows"] = found.prefix(Self.rowLimit).map(\.cells.content)
        content["isEmpty"] = found.isEmpty
        if found.count > Self.rowLimit { content["next"] = "\(page.tab)?after=\(found[Self.rowLimit - 1].place)" }
        return try answer(page, content, session: call.session)
    }

    /// The page of somebody whose key may not read what it shows.
    func refused(_ page: Page, _ call: PageCall, _ problem: Problem) throws -> Response {
        try answer(
            Page(title: page.title, template: "refused", status: .init(code: problem.code.status), tab: page.tab),
            ["problem": problem.detail], session: call.session)
    }
}

/// A row of a page, by name.
struct Cells: Sendable {
    let byName: [String: String]
    /// Rows within it.
    let lists: [String: [Cells]]

    /// What is empty is left out, so that a section for it is not shown.
    init(_ cells: [String: String], lists: [String: [Cells]] = [:]) {
        byName = cells.filter { !$0.value.isEmpty }
        self.lists = lists
    }

    /// What a template shows.
    var content: [String: Any] {
        (byName as [String: Any]).merging(lists.mapValues { $0.map(\.content) as Any }) { $1 }
    }
}
