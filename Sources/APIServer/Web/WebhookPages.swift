import EmailConnect
import HTTPTypes
import Hummingbird

/// The tab Webhooks: what there is, and how each does.
extension Pages {
    var webhookRoutes: [Route] {
        [
            .init(.get, "/settings/webhooks", inside { try await webhooks($0, problem: nil) }),
            .init(.post, "/settings/webhooks/{id}/resume", acting { call, _ in try await resumeWebhook(call) }),
        ]
    }

    private func webhooks(_ call: PageCall, problem: Problem?) async throws -> Response {
        let page = Page(
            title: "Webhooks", template: "webhooks", status: problem.map { .init(code: $0.code.status) } ?? .ok, tab: "/settings/webhooks")
        let mayResume = call.caller.scopes.allows(.webhooksWrite)
        let more: [String: any Sendable] = problem.map { ["problem": $0.detail] } ?? [:]
        return try await table(call, page, .webhook, adding: more) { after, transaction in
            try transaction.all(
                """
                SELECT w.rowid, w.id, coalesce(nullif(w.name, ''), w.key, w.id), w.description, w.enabled, w.url, w.suspended_at, o.name,
                       (SELECT count(*) FROM aliases WHERE webhook_id = w.id), h.failures, h.last_delivered_at,
                       (SELECT count(*) FROM emails WHERE webhook_id = w.id AND next_attempt_at IS NOT NULL)
                FROM webhooks w LEFT JOIN owners o ON o.id = w.owner_id LEFT JOIN webhook_health h ON h.webhook_id = w.id
                WHERE w.account_id = ? AND w.rowid > ? ORDER BY w.rowid LIMIT ?
                """, [.text(call.caller.accountID), .integer(after), .integer(Self.rowLimit + 1)]
            ) { row in
                let (suspended, isEnabled) = (row.optionalText(6), row.boolean(4))
                let failures = try failures(of: row.text(1), in: transaction)
                return (
                    row.integer(0),
                    Cells(
                        [
                            "id": row.text(1), "name": row.text(2), "about": row.text(3), "url": row.optionalText(5) ?? "(secret)",
                            "state": suspended != nil ? "suspended" : isEnabled ? "enabled" : "disabled", "suspended": suspended ?? "",
                            "mayResume": mayResume ? "yes" : "", "owner": row.optionalText(7) ?? "", "aliases": String(row.integer(8)),
                            "row": Self.some(row.optionalInteger(9)), "delivered": row.optionalText(10) ?? "",
                            "queued": Self.some(row.integer(11)), "hasFailed": failures.isEmpty ? "" : "yes",
                        ], lists: ["failures": failures])
                )
            }
        }
    }

    /// A number, if it is one to speak of.
    private static func some(_ number: Int?) -> String { number.flatMap { $0 > 0 ? String($0) : nil } ?? "" }

    /// The last attempts that came to nothing. What was answered is with the mail, for who may read that.
    private func failures(of webhook: String, in transaction: Transaction) throws -> [Cells] {
        try transaction.all(
            """
            SELECT started_at, attempt, response_code, failure FROM deliveries WHERE webhook_id = ? AND delivered = 0
            ORDER BY place DESC LIMIT 3
            """, [.text(webhook)]
        ) { row in
            Cells([
                "started": row.text(0), "attempt": String(row.integer(1)),
                "outcome": Self.outcome(status: row.optionalInteger(2), failure: row.optionalText(3)),
            ])
        }
    }

    /// What came of an attempt, in words.
    static func outcome(status: Int?, failure: String?) -> String {
        status.map { "answered \($0)" } ?? failure?.replacing("_", with: " ") ?? ""
    }

    private func resumeWebhook(_ call: PageCall) async throws -> Response {
        do {
            try call.caller.require(.webhooksWrite)
            call.context.notes.use([.webhooksWrite])
            try await inlet.resume(call.id, for: call.caller)
            return Self.redirect("/settings/webhooks")
        } catch let problem as Problem { return try await webhooks(call, problem: problem) }
    }
}
