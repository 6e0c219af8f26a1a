@testable import APIServer
import EmailConnect
import Foundation
import HTTPTypes
import Testing
import TestSupport

@Suite("A webhook that fails")
struct SuspensionTests {
    /// Brings in one message an hour and delivers what is due, for some hours.
    private func hours(_ count: Int, _ account: Account, _ endpoint: Endpoint) async throws {
        for _ in 0..<count {
            try await account.receive()
            await account.deliver(to: endpoint)
            account.clock.advance(seconds: 3600)
        }
    }

    @Test("is suspended after a day of failures, tried once an hour, and called again when it answers")
    func suspension() async throws {
        try await Account.with { account in
            let ids = try await account.prepare()
            func hook() async throws -> Account.Answer { try await account.call(.get, "/v1/webhooks/\(ids.webhook)") }
            let (etag, state) = (try await hook().headers[.eTag], try await account.call(.get, "/v1/state").text)
            let bad = Endpoint(status: 503)
            try await hours(24, account, bad)
            #expect(try await hook().json["suspended_at"] is NSNull, "a day is not over")
            try await hours(2, account, bad)
            let suspended = try await hook()
            #expect(suspended.json["suspended_at"] is String && suspended.number("failures") > 10, "\(suspended.text)")
            #expect(suspended.headers[.eTag] == etag, "it is the server's own")
            #expect(
                try await account.call(.get, "/v1/state").text.split(separator: "\n").dropFirst()
                    == state.split(separator: "\n").dropFirst())
            let before = bad.got.count
            try await hours(5, account, bad)
            #expect((4...5).contains(bad.got.count - before), "one attempt an hour: \(bad.got.count - before)")
            let good = Endpoint(status: 200)
            account.clock.advance(seconds: 3600)
            await account.deliver(to: good)
            let again = try await hook()
            #expect(again.json["suspended_at"] is NSNull && again.number("failures") == 0 && again.json["last_delivered_at"] is String)
            #expect(try await account.call(.get, "/v1/emails?status=queued").number("total") == 0, "what has waited was delivered")
            #expect(try await account.call(.get, "/v1/emails?status=delivered").number("total") == 31)
        }
    }

    @Test("that wants no more is suspended at once; somebody ends it by hand")
    func gone() async throws {
        try await Account.with { account in
            let ids = try await account.prepare()
            try await account.receive()
            await account.deliver(to: Endpoint(status: 410))
            #expect(try await account.call(.get, "/v1/webhooks/\(ids.webhook)").json["suspended_at"] is String)
            try await account.receive()
            let endpoint = Endpoint(status: 200)
            await account.deliver(to: endpoint)
            #expect(endpoint.got.isEmpty, "it waits")
            #expect(try await account.call(.post, "/v1/webhooks/none/resume").status == 404)
            let resumed = try await account.call(.post, "/v1/webhooks/\(ids.webhook)/resume")
            #expect(resumed.status == 200 && resumed.json["suspended_at"] is NSNull && resumed.number("version") == 1, "\(resumed.text)")
            await account.deliver(to: endpoint)
            #expect(endpoint.got.count == 1)
        }
    }

    @Test("or is disabled keeps its mail for a week, and loses what waits when it is deleted")
    func waiting() async throws {
        try await Account.with { account in
            let ids = try await account.prepare()
            let item = "/v1/webhooks/\(ids.webhook)"
            try await account.call(.patch, item, #"{"enabled":false}"#)
            try await account.receive()
            let endpoint = Endpoint(status: 200)
            await account.deliver(to: endpoint)
            account.clock.advance(seconds: 3600)
            await account.deliver(to: endpoint)
            #expect(endpoint.got.isEmpty)
            #expect(try await account.email().string("status") == "queued")
            try await account.call(.patch, item, #"{"enabled":true}"#)
            account.clock.advance(seconds: 60)
            await account.deliver(to: endpoint)
            #expect(endpoint.got.count == 1)
            try await account.call(.patch, item, #"{"enabled":false}"#)
            try await account.receive()
            account.clock.advance(seconds: 7 * 86_400)
            await account.deliver(to: endpoint)
            #expect(try await account.email().string("reason") == "expired")
            try await account.receive()
            try await account.call(.patch, "/v1/aliases/\(ids.alias)", #"{"webhook_id":null}"#)
            #expect(try await account.call(.delete, item).status == 204)
            await account.deliver(to: endpoint)
            let email = try await account.email()
            #expect(email.string("status") == "failed" && email.string("reason") == "webhook_deleted")
            #expect(endpoint.got.count == 1)
        }
    }

    @Test("or has much to do does not keep others waiting, and gets all of it")
    func others() async throws {
        try await Account.with { account in
            let ids = try await account.prepare()
            let other = try await account.call(.post, "/v1/webhooks", #"{"url":"https://other.example/"}"#).string("id")
            try await account.call(.post, "/v1/aliases", #"{"domain":"acme.example","name":"sales","webhook_id":"\#(other)"}"#)
            try await account.call(.post, "/v1/aliases", #"{"domain":"acme.example","name":"*","webhook_id":"\#(ids.webhook)"}"#)
            let many = (0..<100).map { "a\($0)@acme.example" }.joined(separator: ",")
            try await account.receive(Account.message(), "?to=\(many)")
            for address in ["support@acme.example", "sales@acme.example"] { try await account.receive(Account.message(to: address)) }
            let endpoint = Endpoint(status: 200)
            await account.deliver(to: endpoint)
            #expect(endpoint.got.count == 102)
            #expect(try await account.call(.get, "/v1/emails?status=delivered").number("total") == 102)
            #expect(endpoint.got.count { $0.url.host == "other.example" } == 1)
        }
    }
}

@Suite("A replay")
struct ReplayTests {
    @Test("delivers an email again, with the same id, on today's way")
    func again() async throws {
        try await Account.with { account in
            let ids = try await account.prepare()
            try await account.receive()
            let endpoint = Endpoint(status: 200)
            await account.deliver(to: endpoint)
            let email = try await account.email()
            let replay = "/v1/emails/\(email.string("id"))/replay"
            let other = try await account.call(
                .post, "/v1/webhooks", #"{"alias_id":"\#(ids.alias)","url":"https://other.example/"}"#
            ).string("id")
            #expect(try await account.call(.post, replay).status == 202)
            #expect(try await account.email().string("status") == "queued")
            #expect(try await account.call(.post, replay).status == 202, "it waits already")
            await account.deliver(to: endpoint)
            #expect(endpoint.got.map(\.url.host) == ["hooks.acme.example", "other.example"])
            #expect(Set(endpoint.got.flatMap { $0.headers.filter { $0.name == "webhook-id" }.map(\.value) }).count == 1)
            let after = try await account.email()
            #expect(after.string("webhook_id") == other && after.string("status") == "delivered")
            #expect(account.deliveries(after).map { $0["webhook_id"] as? String } == [ids.webhook, other])
            #expect(try await account.call(.patch, "/v1/aliases/\(ids.alias)", #"{"enabled":false}"#).status == 200)
            let nowhere = try await account.call(.post, replay)
            #expect(nowhere.status == 409 && nowhere.code == "undeliverable", "\(nowhere.text)")
            try await account.receive()
            let swallowed = try await account.call(.post, "/v1/emails/\(try await account.email().string("id"))/replay")
            #expect(swallowed.code == "undeliverable", "its content is not kept")
            #expect(try await account.call(.post, "/v1/emails/email_0/replay").status == 404)
        }
    }

    @Test("tries at once what waits for its next attempt")
    func sooner() async throws {
        try await Account.with { account in
            _ = try await account.prepare()
            try await account.receive()
            let endpoint = Endpoint(.success(.init(status: 500)), .success(.init(status: 200)))
            await account.deliver(to: endpoint)
            await account.deliver(to: endpoint)
            #expect(endpoint.got.count == 1)
            #expect(try await account.call(.post, "/v1/emails/\(try await account.email().string("id"))/replay").status == 202)
            await account.deliver(to: endpoint)
            #expect(endpoint.got.count == 2)
            #expect(try await account.email().number("attempts") == 2)
        }
    }
}
