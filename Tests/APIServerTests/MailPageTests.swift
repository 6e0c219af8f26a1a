@testable import APIServer
import EmailConnect
import Foundation
import HTTPTypes
import Testing
import TestSupport

extension Account {
    /// The headers of a browser that has logged in with a key.
    func login(key: String? = nil) async throws -> HTTPFields {
        let form: HTTPFields = [.contentType: "application/x-www-form-urlencoded", .authorization: ""]
        let login = try await call(.post, "/login", "key=\(key ?? self.key)", headers: form)
        var fields = form
        fields[.cookie] = String(try #require(login.headers[.setCookie]?.split(separator: ";").first, "\(login.text)"))
        return fields
    }

    /// A page as somebody sees it who has logged in with the key.
    func page(_ path: String, key: String? = nil) async throws -> Answer { try await call(.get, path, headers: try await login(key: key)) }

    /// What Prometheus reads of some name.
    func metrics(_ name: String) async throws -> [String] {
        try await call(.get, "/metrics").text.split(separator: "\n").filter { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
    }
}

@Suite("What the server counts of mail")
struct MailPageTests {
    @Test("is in the metrics: emails by status, attempts by outcome, and what waits")
    func metrics() async throws {
        try await Account.with { account in
            let ids = try await account.prepare()
            let name = "reconcile_email_queue_oldest_seconds "
            #expect(try await account.metrics("reconcile_emails_total").count == 5, "each is there from the start, with 0")
            #expect(try await account.metrics(name) == ["0"])
            for to in ["support@acme.example", "nobody@acme.example"] { try await account.receive(Account.message(to: to)) }
            account.clock.advance(seconds: 90)
            try await account.receive()
            #expect(try await account.metrics("reconcile_email_queue_length ") == ["2"])
            #expect(try await account.metrics(name) == ["90"])
            await account.deliver(to: Endpoint(.failure(.timeout), .success(.init(status: 200))))
            account.clock.advance(seconds: 10)
            await account.deliver(to: Endpoint(status: 410))
            try await account.call(.post, "/v1/emails/\(try await account.email().string("id"))/replay")
            let emails = try await account.metrics("reconcile_emails_total{status=")
            #expect(Set(emails) == ["\"queued\"} 3", "\"delivered\"} 1", "\"failed\"} 1", "\"blocked\"} 0", "\"refused\"} 1"])
            let attempts = try await account.metrics("reconcile_delivery_attempts_total{outcome=").filter { !$0.hasSuffix(" 0") }
            #expect(Set(attempts) == ["\"timeout\"} 1", "\"2xx\"} 1", "\"4xx\"} 1"])
            #expect(try await account.metrics("reconcile_webhooks_suspended ") == ["1"])
            try await account.call(.delete, "/v1/aliases/\(ids.alias)")
            try await account.call(.delete, "/v1/webhooks/\(ids.webhook)")
            await account.deliver(to: Endpoint(status: 200))
            #expect(try await account.metrics("reconcile_emails_total{status=\"failed\"} ") == ["2"], "with its webhook")
            #expect(try await account.metrics("reconcile_email_queue_length ") == ["0"])
        }
    }

    @Test("is read from indices alone, however long the log is")
    func plans() async throws {
        try await Account.with { account in
            let queries = MailSeries.Span.allCases.flatMap { [MailSeries.emails($0), MailSeries.attempts($0)] }
            for query in queries + [MailQueue.waiting, MailQueue.suspendedWebhooks] {
                let values = Array(repeating: RowValue.text(""), count: query.count { $0 == "?" })
                let plan = try await account.server.store.read { try $0.all("EXPLAIN QUERY PLAN \(query)", values) { $0.text(3) } }
                #expect(plan[0].contains("USING COVERING INDEX"), "\(query): \(plan)")
            }
            let failures = "SELECT 1 FROM deliveries WHERE webhook_id = 'a' AND delivered = 0 ORDER BY place DESC LIMIT 3"
            let plan = try await account.server.store.read { try $0.all("EXPLAIN QUERY PLAN \(failures)") { $0.text(3) } }
            #expect(plan.count == 1 && plan[0].contains("INDEX deliveries_failed"), "nothing is sorted: \(plan)")
        }
    }

    @Test("is drawn hour by hour and day by day, and said in words and numbers")
    func chart() async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            #expect(!(try await account.page("/settings/mail").text.contains("<svg")), "there is nothing to draw")
            try await account.receive()
            await account.deliver(to: Endpoint(status: 200))
            account.clock.advance(seconds: 3 * 86_400)
            for to in ["support@acme.example", "support@acme.example", "nobody@acme.example"] {
                try await account.receive(Account.message(to: to))
            }
            await account.deliver(to: Endpoint(.success(.init(status: 200)), .success(.init(status: 500))))
            let now = account.clock.clock.now()
            let id = try await account.server.store.read { try $0.first("SELECT id FROM accounts") { $0.text(0) } } ?? ""
            for (span, count, before) in [(MailSeries.Span.day, 24, 0), (.month, 30, 1)] {
                let series = try await account.server.store.read { try MailSeries.read(span, of: id, at: now, in: $0) }
                #expect(series.steps.count == count && series.steps.last?.emails == [.delivered: 1, .queued: 1, .refused: 1])
                #expect(series.steps.last?.delivered == 1 && series.steps.last?.failed == 1)
                #expect(series.steps.dropLast().reduce(0) { $0 + $1.emails[.delivered, default: 0] } == before)
                let other = try await account.server.store.read { try MailSeries.read(span, of: "acct_0", at: now, in: $0) }
                #expect(other.steps.allSatisfy { $0.emails.isEmpty && $0.delivered + $0.failed == 0 })
            }
            let page = try await account.page("/settings/mail")
            #expect(page.text.components(separatedBy: "<svg").count == 3 && !page.text.contains("style=") && !page.text.contains("<script"))
            #expect(
                page.text.contains(
                    "Mail that came in the last 24 hours: 3 in all, 3 in the fullest hour. 1 delivered, 1 queued, 0 failed, 1 blocked or refused."
                ))
            #expect(page.text.contains("<title>2027-01-18 08:00: 1 delivered, 1 queued, 1 blocked or refused</title>"), "\(page.text)")
            #expect(page.text.contains(#"<rect class="delivered" x="231" y="67" width="8" height="33"/>"#), "\(page.text)")
            let month = try await account.page("/settings/mail?chart=month").text
            #expect(month.contains("Attempts to deliver in the last 30 days: 3 in all, 2 in the fullest day. 2 answered 2xx, 1 failed."))
            #expect(
                month.contains(#"<th scope="row" class="when">2027-01-15</th>"#) && month.contains("2027-01-18: 1 answered 2xx, 1 failed"))
            let later = try await account.page("/settings/mail?after=1").text
            #expect(!later.contains("<svg"), "further pages have none")
        }
    }

    @Test("shows how a webhook does, and lets who may end its suspension")
    func webhook() async throws {
        try await Account.with { account in
            let ids = try await account.prepare()
            for _ in 0..<2 { try await account.receive() }
            let bad = Endpoint(.failure(.timeout), .success(.init(status: 410, body: Array("secret words".utf8))))
            await account.deliver(to: bad)
            let page = try await account.page("/settings/webhooks").text
            #expect(
                page.contains(
                    #"<span class="state suspended">suspended</span><small>since 2027-01-15T08:00:00Z; tried once an hour</small>"#))
            #expect(
                page.contains("2 failed in a row") && page.contains("1 queued")
                    && page.contains("<li>timeout<small>2027-01-15T08:00:00Z, attempt 1"))
            #expect(page.contains("<li>answered 410<small>") && !page.contains("secret words"), "what was answered is with the mail")
            #expect(page.contains("/settings/webhooks/\(ids.webhook)/resume"))
            let reader = try await account.call(.post, "/v1/api-keys", #"{"name":"r","scopes":["webhooks:read"]}"#).string("api_key")
            let seen = try await account.page("/settings/webhooks", key: reader).text
            #expect(seen.contains("2 failed in a row") && !seen.contains("/resume"))
            let form = try await account.login()
            let own = try await account.call(.get, "/settings/webhooks", headers: form).text
            let value = try #require(own.firstMatch(of: /name="pageToken" value="([^"]+)"/)?.1)
            let token = "pageToken=\(value)"
            let unknown = try await account.call(.post, "/settings/webhooks/wh_0/resume", token, headers: form)
            #expect(unknown.status == 404 && unknown.text.contains("there is no webhook wh_0"))
            #expect(try await account.call(.post, "/settings/webhooks/\(ids.webhook)/resume", "", headers: form).status == 403)
            let resumed = try await account.call(.post, "/settings/webhooks/\(ids.webhook)/resume", token, headers: form)
            #expect(resumed.status == 303)
            #expect(try await account.call(.get, "/v1/webhooks/\(ids.webhook)").json["suspended_at"] is NSNull)
            let good = Endpoint(status: 200)
            await account.deliver(to: good)
            #expect(good.got.count == 1)
        }
    }
}
