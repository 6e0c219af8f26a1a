import EmailConnect
import HTTPTypes
import Hummingbird

/// The tab Mail: what came in, what became of it, each attempt, and once more.
extension Pages {
    var mailRoutes: [Route] {
        [
            .init(.get, "/settings/mail", inside { try await mail($0, problem: nil) }),
            .init(.post, "/settings/mail/{id}/replay", acting { call, _ in try await replayMail(call) }),
        ]
    }

    private func mail(_ call: PageCall, problem: Problem?) async throws -> Response {
        let page = Page(
            title: "Mail", template: "mail", status: problem.map { .init(code: $0.code.status) } ?? .ok, tab: "/settings/mail")
        do throws(Problem) { try call.caller.require(.emailsRead) } catch { return try refused(page, call, error) }
        call.context.notes.use([.emailsRead])
        let (account, mayReplay) = (call.caller.accountID, call.caller.scopes.allows(.emailsWrite))
        let before = call.request.uri.queryParameters["after"].flatMap { Int($0) } ?? 0
        let span: MailSeries.Span = call.request.uri.queryParameters["chart"] == "month" ? .month : .day
        let now = clock.now()
        let (rows, series) = try await store.read { transaction in
            (
                try Self.mail(of: account, before: before, mayReplay: mayReplay, in: transaction),
                // Above the latest only.
                try before > 0 ? nil : MailSeries.read(span, of: account, at: now, in: transaction)
            )
        }
        var content: [String: Any] = ["rows": rows.prefix(Self.rowLimit).map(\.cells.content), "isEmpty": rows.isEmpty]
        if let series, !rows.isEmpty { content["chart"] = MailChart(series: series).content }
        content["problem"] = problem?.detail
        if rows.count > Self.rowLimit { content["next"] = "\(page.tab)?after=\(rows[Self.rowLimit - 1].place)" }
        return try answer(page, content, session: call.session)
    }

    private static func mail(
        of account: String, before: Int, mayReplay: Bool, in transaction: Transaction
    ) throws -> [(place: Int, cells: Cells)] {
        try transaction.all(
            """
            SELECT e.place, e.id, e.received_at, e.recipient, e.header_from, e.subject, e.status, e.reason, e.next_attempt_at,
                   coalesce(nullif(w.name, ''), w.key, e.webhook_id), e.content_id IS NOT NULL
            FROM emails e LEFT JOIN webhooks w ON w.id = e.webhook_id
            WHERE e.account_id = ? AND e.place < ? ORDER BY e.place DESC LIMIT ?
            """, [.text(account), .integer(before > 0 ? before : .max), .integer(rowLimit + 1)]
        ) { row in
            (
                row.integer(0),
                Cells(
                    [
                        "id": row.text(1), "received": row.text(2), "recipient": row.text(3), "from": row.text(4),
                        "subject": row.optionalText(5) ?? "(no subject)", "status": row.text(6),
                        "reason": row.optionalText(7)?.replacing("_", with: " ") ?? "", "next": row.optionalText(8) ?? "",
                        "webhook": row.optionalText(9) ?? "", "mayReplay": mayReplay && row.boolean(10) ? "yes" : "",
                    ], lists: ["attempts": try attempts(of: row.text(1), in: transaction)])
            )
        }
    }

    private static func attempts(of email: String, in transaction: Transaction) throws -> [Cells] {
        try transaction.all(
            """
            SELECT started_at, milliseconds, response_code, failure, excerpt FROM deliveries WHERE email_id = ? ORDER BY place DESC LIMIT 10
            """, [.text(email)]
        ) { row in
            let outcome = outcome(status: row.optionalInteger(2), failure: row.optionalText(3))
            return Cells(["started": row.text(0), "outcome": "\(outcome), \(row.integer(1)) ms", "excerpt": row.optionalText(4) ?? ""])
        }
    }

    private func replayMail(_ call: PageCall) async throws -> Response {
        do {
            try call.caller.require(.emailsWrite)
            try call.caller.requireOwner(nil)
            call.context.notes.use([.emailsWrite])
            try await inlet.replay(call.id, account: call.caller.accountID)
            return Self.redirect("/settings/mail")
        } catch let problem as Problem { return try await mail(call, problem: problem) }
    }
}
