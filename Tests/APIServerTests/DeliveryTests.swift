@testable import APIServer
import EmailConnect
import Foundation
import HTTPTypes
import Synchronization
import Testing
import TestSupport

/// An endpoint that answers what a test tells it to, and keeps what it got.
final class Endpoint: Sendable {
    private let state = Mutex((answers: [Result<Attempt.Answer, DeliveryFailure>](), got: [Outgoing]()))

    /// Answers these, then the last of them for ever.
    init(_ answers: Result<Attempt.Answer, DeliveryFailure>...) { state.withLock { $0.answers = answers } }
    convenience init(status: Int) { self.init(.success(.init(status: status))) }

    var got: [Outgoing] { state.withLock { $0.got } }

    func answer(_ outgoing: Outgoing) async -> Attempt {
        state.withLock { state in
            state.got.append(outgoing)
            let answer = state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
            return Attempt(milliseconds: 7, result: answer)
        }
    }
}

/// Waits until its task is cancelled.
func untilCancelled() async {
    let (nothing, nobody) = AsyncStream.makeStream(of: Void.self)
    for await _ in nothing {}
    nobody.finish()
}

extension Account {
    func deliver(to endpoint: Endpoint) async { await server.courier { await endpoint.answer($0) }.deliverDue() }

    /// The only email of the account, or the latest.
    func email() async throws -> Answer {
        let id = try #require(items(try await call(.get, "/v1/emails?limit=1")).first?["id"] as? String)
        return try await call(.get, "/v1/emails/\(id)")
    }

    func deliveries(_ email: Answer) -> [[String: Any]] { email.json["deliveries"] as? [[String: Any]] ?? [] }
}

@Suite("A delivery")
struct DeliveryTests {
    @Test("is a POST of the message as JSON, signed in both ways, with the webhook's headers")
    func payload() async throws {
        try await Account.with { account in
            _ = try await account.call(.post, "/v1/domains", #"{"name":"acme.example","include_envelope":true}"#)
            let alias = try await account.call(.post, "/v1/aliases", #"{"domain":"acme.example","name":"support"}"#).string("id")
            let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
            let hook = try await account.call(
                .post, "/v1/webhooks",
                #"""
                {"alias_id":"\#(alias)","secret_url":"https://hooks.acme.example/s3cret","headers":{"X-Team":"support"},
                "secret_headers":{"Authorization":"Bearer t0ken"},"signing_secret":"\#(secret)"}
                """#)
            #expect(hook.status == 201, "\(hook.text)")
            let message = """
                From: =?utf-8?Q?J=C3=BCrgen?= <j@customer.example>\r\nTo: support@acme.example\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r
                MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r
                --b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r
                Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n
                """
            try await account.receive(message, "?from=bounce@customer.example&to=support@acme.example")
            let endpoint = Endpoint(status: 204)
            await account.deliver(to: endpoint)
            let sent = try #require(endpoint.got.first)
            #expect(endpoint.got.count == 1 && sent.url.text == "https://hooks.acme.example/s3cret")
            let headers = Dictionary(uniqueKeysWithValues: sent.headers.map { ($0.name, $0.value) })
            #expect(headers["X-Team"] == "support" && headers["Authorization"] == "Bearer t0ken")
            #expect(headers["Content-Type"] == "application/json")
            let email = try await account.email()
            #expect(headers["webhook-id"] == email.string("id") && headers["webhook-timestamp"] == "1800000000")
            #expect(headers["X-EmailConnect-Signature"]?.count == 64 && headers["webhook-signature"]?.hasPrefix("v1,") == true)
            let body = try #require(try JSONSerialization.jsonObject(with: Data(sent.body)) as? [String: Any])
            #expect(body["id"] as? String == email.string("id") && body["type"] as? String == "email.received")
            #expect((body["envelope"] as? [String: Any])?["from"] as? String == "bounce@customer.example")
            #expect((body["alias"] as? [String: Any])?["address"] as? String == "support@acme.example")
            let read = try #require(body["message"] as? [String: Any])
            #expect(read["subject"] as? String == "Grüße" && read["text"] as? String == "Hello")
            let attachment = try #require((read["attachments"] as? [[String: Any]])?.first)
            #expect(attachment["name"] as? String == "a.pdf" && attachment["content"] as? String == "AAEC")
            #expect(email.string("status") == "delivered" && email.number("attempts") == 1)
            #expect(account.deliveries(email).map { $0["response_code"] as? Int } == [204])
            for text in [email.text, try await account.call(.get, "/v1/webhooks").text] {
                #expect(!text.contains("t0ken") && !text.contains("s3cret") && !text.contains("MfKQ9r"))
            }
        }
    }

    @Test("leaves out attachments and envelope when the domain says so")
    func less() async throws {
        try await Account.with { account in
            let ids = try await account.prepare()
            try await account.call(.patch, "/v1/domains/\(ids.domain)", #"{"allow_attachments":false}"#)
            try await account.receive()
            let endpoint = Endpoint(status: 200)
            await account.deliver(to: endpoint)
            let text = String(decoding: endpoint.got[0].body, as: UTF8.self)
            #expect(!text.contains(#""attachments""#) && !text.contains(#""envelope""#) && text.contains(#""text":"It works.\n""#))
        }
    }

    @Test("is signed as others compute it")
    func signature() throws {
        // The example of https://www.standardwebhooks.com, and HMAC-SHA-256 as openssl computes it.
        let body = Array(#"{"test": 2432232314}"#.utf8)
        let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        #expect(
            WebhookSignature.standard(body, id: "msg_p5jXN8AQM9LWM0D4loKWxJek", time: Timestamp(seconds: 1_614_265_330), secret)
                == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        #expect(
            WebhookSignature.plain(Array("what do ya want for nothing?".utf8), Secret("Jefe"))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test("is tried again, later each time, with the same id and body, and in the end given up")
    func retries() async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            try await account.receive()
            let endpoint = Endpoint(status: 500)
            var waits: [Int] = []
            for _ in 1..<RetrySchedule.standard.attemptLimit {
                await account.deliver(to: endpoint)
                await account.deliver(to: endpoint)
                let next = try Timestamp(try await account.email().string("next_attempt_at"))
                waits.append(next.seconds - account.clock.clock.now().seconds)
                account.clock.advance(seconds: waits.last ?? 0)
            }
            #expect(zip(waits, waits.dropFirst()).allSatisfy { $0 <= Int(Double($1) * 1.2) } && waits.reduce(0, +) > 86_400, "\(waits)")
            #expect(try await account.email().string("status") == "queued")
            await account.deliver(to: endpoint)
            let email = try await account.email()
            #expect(email.string("status") == "failed" && email.string("reason") == "attempts_failed")
            #expect(email.json["next_attempt_at"] is NSNull && email.json["finished_at"] is String)
            let deliveries = account.deliveries(email)
            #expect(deliveries.map { $0["attempt"] as? Int } == Array(1...RetrySchedule.standard.attemptLimit))
            #expect(endpoint.got.count == RetrySchedule.standard.attemptLimit)
            #expect(Set(endpoint.got.map(\.body)).count == 1, "the same bytes each time")
            func values(_ name: String) -> Set<String> {
                Set(endpoint.got.flatMap { $0.headers.filter { $0.name == name }.map(\.value) })
            }
            #expect(values("webhook-id").count == 1 && values("X-EmailConnect-Signature").count == 1)
            #expect(values("webhook-signature").count == RetrySchedule.standard.attemptLimit)
            account.clock.advance(seconds: 10 * 86_400)
            await account.deliver(to: endpoint)
            #expect(endpoint.got.count == RetrySchedule.standard.attemptLimit, "given up")
        }
    }

    @Test(
        "takes each answer for what it is",
        arguments: [
            (200, "delivered", "-"), (299, "delivered", "-"), (301, "queued", "-"), (400, "queued", "-"), (404, "queued", "-"),
            (410, "failed", "gone"), (429, "queued", "-"), (500, "queued", "-"),
        ])
    func statuses(status: Int, outcome: String, reason: String) async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            try await account.receive()
            await account.deliver(to: Endpoint(status: status))
            let email = try await account.email()
            #expect(email.string("status") == outcome && (email.json["reason"] as? String ?? "-") == reason)
            #expect(account.deliveries(email).map { $0["delivered"] as? Bool } == [outcome == "delivered"])
        }
    }

    @Test("is made once, however many processes work on the database, and again when one of them is gone")
    func processes() async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            for _ in 0..<20 { try await account.receive() }
            let endpoint = Endpoint(status: 200)
            await withDiscardingTaskGroup { group in
                for _ in 0..<3 {
                    var courier = account.server.courier { await endpoint.answer($0) }
                    courier.bell = Bell()
                    let own = courier
                    group.addTask { await own.deliverDue() }
                }
            }
            #expect(endpoint.got.count == 20)
            try await account.receive()
            let now = account.clock.clock.now()
            let room = UnderWay().room
            let taken = try await account.server.store.write { try DeliveryQueue.take(room, at: now, in: $0).jobs }
            #expect(taken.count == 1, "by somebody who is killed then")
            await account.deliver(to: endpoint)
            #expect(endpoint.got.count == 20)
            account.clock.advance(seconds: 120)
            await account.deliver(to: endpoint)
            #expect(endpoint.got.count == 21)
        }
    }

    @Test("that a killed process had taken is made after a pause, is counted, and is never lost")
    func kills() async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            try await account.receive()
            let endpoint = Endpoint(status: 200)
            for kill in 1...20 {
                let now = account.clock.clock.now()
                let taken = try await account.server.store.write { transaction in
                    let taken = try DeliveryQueue.take(DeliveryRoom(), at: now, in: transaction).jobs
                    // Killed, and started again.
                    try DeliveryQueue.release(at: now, .standard, in: transaction)
                    return taken
                }
                #expect(taken.map(\.attempt) == [min(kill, RetrySchedule.standard.attemptLimit)])
                await account.deliver(to: endpoint)
                #expect(endpoint.got.isEmpty, "not at once")
                account.clock.advance(seconds: kill == 1 ? 5 : 120)
            }
            await account.deliver(to: endpoint)
            let email = try await account.email()
            #expect(endpoint.got.count == 1 && email.string("status") == "delivered")
            #expect(email.number("attempts") == RetrySchedule.standard.attemptLimit)
        }
    }

    @Test("that is broken off by a server that ends is due as if it had not been begun")
    func ends() async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            try await account.receive()
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            let courier = account.server.courier { _ in
                begin.yield()
                await untilCancelled()
                return Attempt(milliseconds: 1, result: .failure(.unreachable))
            }
            let running = Task { await courier.run() }
            for await _ in begun { break }
            running.cancel()
            await running.value
            let endpoint = Endpoint(status: 200)
            await account.deliver(to: endpoint)
            #expect(endpoint.got.count == 1)
            #expect(try await account.email().number("attempts") == 1)
        }
    }

    private func job(_ place: Int, account: Int, webhook: Int, size: Int = 1) -> DeliveryJob {
        DeliveryJob(place: place, emailID: "", accountID: "a\(account)", webhookID: "w\(account).\(webhook)", attempt: 1, size: size)
    }

    @Test("has its place, however slow the webhooks of other accounts are")
    func shares() {
        var room = DeliveryRoom()
        func enter(_ account: Int, webhooks: Int = 50, size: Int = 1) -> Int {
            (0..<webhooks).count { room.enter(job(0, account: account, webhook: $0, size: size)) }
        }
        #expect(enter(1) == DeliveryRoom.accountWidth && enter(1) == 0, "a quarter")
        #expect((0..<3).count { _ in room.enter(job(0, account: 2, webhook: 1)) } == DeliveryRoom.webhookWidth)
        for account in 3...6 { #expect(enter(account) >= 1) }
        #expect(!room.isFull && enter(7) == 1 && room.isFull, "the last is for somebody who has none")
        room = DeliveryRoom()
        #expect(enter(1, size: 20 << 20) == 1 && enter(2, size: 20 << 20) == 1, "half of the memory, or one message")
        #expect(room.busyAccounts == ["a1", "a2"] && enter(3, size: 1 << 20) == DeliveryRoom.accountWidth)
    }

    @Test("is made at once behind a thousand that wait for another account's slow webhooks")
    func fairness() async throws {
        try await Account.with { account in
            let ids = try await account.prepare()
            try await account.receive()
            let now = account.clock.clock.now()
            let jobs = try await account.server.store.write { transaction in
                for statement in [
                    "INSERT INTO accounts (id, name, epoch, created_at) SELECT 'slow', 'slow', 'e', created_at FROM accounts",
                    """
                    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500)
                    INSERT INTO webhooks (id, account_id, name, url, description, enabled, protected, created_at, updated_at)
                    SELECT 'slow' || n, 'slow', 'slow', url, '', 1, 0, created_at, updated_at FROM n, (SELECT * FROM webhooks LIMIT 1)
                    """,
                    """
                    INSERT INTO emails (id, account_id, domain_id, webhook_id, recipient, header_from, header_to, size, status,
                        allow_attachments, include_envelope, received_at, queued_at, next_attempt_at)
                    SELECT w.id || '.' || t.t, w.account_id, '', w.id, '', '', '', 1, 'queued', 1, 1, e.received_at, e.queued_at,
                        '2020-01-01T00:00:00Z'
                    FROM (SELECT * FROM webhooks WHERE account_id = 'slow') w, (SELECT 1 AS t UNION SELECT 2) t,
                        (SELECT * FROM emails LIMIT 1) e
                    """,
                ] { try transaction.run(statement) }
                return try DeliveryQueue.take(DeliveryRoom(), at: now, in: transaction).jobs
            }
            #expect(jobs.map(\.accountID).count { $0 == "slow" } == DeliveryRoom.accountWidth)
            #expect(jobs.map(\.webhookID).contains(ids.webhook))
        }
    }

    @Test("waits as long as the webhook asks for, within reason")
    func wishes() throws {
        #expect(RetrySchedule.standard.pause(after: 1, wish: nil, jitter: 0) == 5)
        #expect(RetrySchedule.standard.pause(after: 1, wish: 90, jitter: 0) == 90)
        #expect(RetrySchedule.standard.pause(after: 1, wish: .max, jitter: 0) == 3600)
        #expect(RetrySchedule.standard.pause(after: 1, wish: -5, jitter: 0.99) == 6)
        #expect(RetrySchedule.standard.pause(after: 7, wish: 5, jitter: 0) == 36_000)
        #expect(RetrySchedule.standard.pause(after: 8, wish: 5, jitter: 0) == nil)
    }

    @Test("is tried as often as whoever runs the server says")
    func schedule() async throws {
        var options = ServerOptions()
        options.retries = try RetrySchedule([TimeSpan("1s"), TimeSpan("1h")])
        try await Account.with(options) { account in
            _ = try await account.prepare()
            try await account.receive()
            let endpoint = Endpoint(status: 500)
            for seconds in [0, 2, 2 * 3600, 86_400] {
                account.clock.advance(seconds: seconds)
                await account.deliver(to: endpoint)
            }
            #expect(endpoint.got.count == 3)
            #expect(try await account.email().string("reason") == "attempts_failed")
        }
        #expect(throws: Rejection.self) { try RetrySchedule([TimeSpan("25h")]) }
        #expect(throws: Rejection.self) { try RetrySchedule(Array(repeating: TimeSpan("1s"), count: 21)) }
    }

    @Test("keeps of an answer how it begins, without the webhook's secrets")
    func excerpt() async throws {
        try await Account.with { account in
            let ids = try await account.prepare()
            try await account.call(.patch, "/v1/webhooks/\(ids.webhook)", #"{"secret_headers":{"Authorization":"Bearer t0ken"}}"#)
            try await account.receive()
            let body =
                Array("you sent Bearer t0ken, that is t0ken\0 \u{1F4A9}".utf8) + [0xFF] + Array(repeating: UInt8(ascii: "x"), count: 5000)
            await account.deliver(to: Endpoint(.success(.init(status: 500, body: body)), .failure(.timeout)))
            account.clock.advance(seconds: 60)
            await account.deliver(to: Endpoint(.failure(.timeout)))
            let deliveries = account.deliveries(try await account.email())
            let excerpt = try #require(deliveries[0]["excerpt"] as? String)
            #expect(excerpt.hasPrefix("you sent ***, that is ***") && excerpt.utf8.count <= 2048)
            #expect(deliveries[1]["failure"] as? String == "timeout" && deliveries[1]["response_code"] is NSNull)
        }
    }

    @Test(
        "keeps no secret of an answer, however it is escaped there",
        arguments: [
            "t0k/e\"n é&😀", "t0k/e\"n é&😀\u{301}", #"t0k\/e\"n \u00e9&\uD83D\uDE00"#, #"t0k\\\/e\\\"n \\u00E9\\u0026\\ud83d\\ude00"#,
            "t0k%2Fe%22n%20%C3%A9%26%f0%9f%98%80", "t0k/e%22n+%c3%a9&%F0%9F%98%80", "t0k/e&quot;n &#233;&amp;&#128512;",
            "t0k&#x2F;e&#34;n&#32;&#xE9;&#X26;&#x1f600;", "%74%30%6B%2F%65%22%6E%20%C3%A9%26%F0%9F%98%80", #"\u00740k/e"n é&😀"#,
        ])
    func escaped(answer: String) throws {
        let text = try #require(Excerpt.text(Array("<\(answer)>".utf8), hiding: ["t0k/e\"n é&😀"]))
        #expect(text.unicodeScalars.filter { $0 != "\u{301}" }.map(String.init).joined() == "<***>", "\(text)")
    }

    @Test("keeps no half of a secret where the answer is cut, and of other texts everything")
    func cuts() throws {
        let secret = "0123456789/abcdef"
        func text(_ answer: String, hiding secrets: [String] = [secret]) -> String? { Excerpt.text(Array(answer.utf8), hiding: secrets) }
        for length in 4...secret.count { #expect(text("a \(secret.prefix(length))") == "a ***") }
        #expect(text(#"a 0123456789\u00"#) == "a ***" && text("a 0123456789%2") == "a ***" && text("a 0123456789&#4") == "a ***")
        #expect(text("a 0123456789 b") == "a 0123456789 b" && text("%2 & \\ + 0123") == "%2 & \\ + ***")
        #expect(text("/in/a b", hiding: ["/in/a%20b"]) == "***" && text("/in/a%20b", hiding: ["/in/a%20b"]) == "***")
        let long = try #require(text(String(repeating: "é", count: 5000), hiding: []))
        #expect(long.utf8.count == Excerpt.limit && !long.contains("\u{FFFD}"))
        #expect(text(String(repeating: "x", count: 2040) + secret)?.hasSuffix("x***") == true)
        #expect(text(String(repeating: "\\", count: 16_384))?.utf8.count == Excerpt.limit)
        #expect(text("a") == "a" && Excerpt.text([], hiding: []) == nil)
    }
}
