@testable import APIServer
import EmailConnect
import Foundation
import HTTPTypes
import NIOCore
import Testing
import TestSupport

@Suite("A webhook's verification")
struct WebhookVerificationTests {
    /// A webhook with a secret header and a secret of its own to sign with.
    private static func webhook(_ account: Account, _ more: String = "") async throws -> String {
        let made = try await account.call(
            .post, "/v1/webhooks",
            #"{"url":"https://hooks.acme.example/in","secret_headers":{"Authorization":"Bearer t0ken"},"signing_secret":"Jefe"\#(more)}"#)
        #expect(made.status == 201, "\(made.text)")
        return "/v1/webhooks/\(made.string("id"))"
    }

    @Test("is a signed call with a code; who repeats it in the answer is verified at once")
    func echo() async throws {
        let others = Others()
        try await Account.with(others: others) { account in
            let path = try await Self.webhook(account)
            let before = try await account.call(.get, path)
            #expect(before.json["verified"] as? Bool == false && before.json["verified_at"] is NSNull)
            others.answer(200) { #"{"code": "\#($0)"}"# + "\n" }
            let answer = try await account.call(.post, "\(path)/verify")
            #expect(
                answer.status == 200 && answer.json["verified"] as? Bool == true && answer.number("response_code") == 200, "\(answer.text)")
            #expect(answer.json["code_until"] is NSNull && answer.string("verified_at") == account.clock.clock.now().text)
            let call = try #require(others.called.first)
            let headers = Dictionary(uniqueKeysWithValues: call.headers.map { ($0.name, $0.value) })
            #expect(call.url.text == "https://hooks.acme.example/in" && headers["Authorization"] == "Bearer t0ken")
            #expect(headers["X-EmailConnect-Signature"] == WebhookSignature.plain(call.body, Secret("Jefe")))
            #expect(headers["webhook-id"]?.hasPrefix("whv_") == true && headers["webhook-signature"]?.hasPrefix("v1,") == true)
            let body = try #require(try JSONSerialization.jsonObject(with: Data(call.body)) as? [String: Any])
            #expect(body["type"] as? String == "webhook.verification" && (body["code"] as? String)?.count == 32)
            let after = try await account.call(.get, path)
            #expect(after.json["verified"] as? Bool == true && after.string("verified_at") == answer.string("verified_at"))
            #expect(after.headers[.eTag] == before.headers[.eTag], "it is the server's own")
            #expect(!answer.text.contains(others.code) && !after.text.contains(others.code))
        }
    }

    @Test(
        "is not had by an answer that merely has the code in it, or says no",
        arguments: [
            (200, "", ""), (200, "x", ""), (200, "", "x"), (200, #"{"challenge":""#, #""}"#), (200, #"{"id":"1","code":""#, #""}"#),
            (500, "-", ""),
            (302, "-", ""), (400, "-", ""),
        ])
    func noEcho(_ status: Int, _ front: String, _ end: String) async throws {
        let others = Others()
        try await Account.with(others: others) { account in
            let path = try await Self.webhook(account)
            others.answer(status) { code in front == "-" ? code : front.isEmpty && end.isEmpty ? "ok" : "\(front)\(code)\(end)" }
            let answer = try await account.call(.post, "\(path)/verify")
            #expect(answer.status == 200 && answer.json["verified"] as? Bool == false, "\(answer.text)")
            #expect(answer.number("response_code") == status && answer.json["code_until"] is String)
            // An endpoint that sends back all that it gets does not know what it says.
            others.answer { call, _ in .success(.init(status: 200, body: call.body)) }
            #expect(try await account.call(.post, "\(path)/verify").json["verified"] as? Bool == false)
            others.answer(204) { $0 }
            #expect(try await account.call(.post, "\(path)/verify").json["verified"] as? Bool == true, "the code alone is enough")
        }
    }

    @Test("is completed by whoever reads the code at the endpoint, once, and within its time")
    func complete() async throws {
        let others = Others()
        try await Account.with(others: others) { account in
            let path = try await Self.webhook(account)
            func complete(_ code: String) async throws -> Account.Answer {
                try await account.call(.post, "\(path)/verify/complete", #"{"code":"\#(code)"}"#)
            }
            #expect(try await complete("none").code == "wrong_code", "none was sent")
            let call = try await account.call(.post, "\(path)/verify")
            #expect(call.string("failure") == "unreachable" && call.json["response_code"] is NSNull)
            let first = others.code
            try await account.call(.post, "\(path)/verify")
            #expect(try await complete(first).code == "wrong_code", "only the latest counts")
            account.clock.advance(seconds: WebhookChallenge.life - 1)
            let done = try await complete(others.code)
            #expect(done.status == 200 && done.json["verified"] as? Bool == true, "\(done.text)")
            #expect(try await complete(others.code).code == "wrong_code", "it is used")
            #expect(try await account.call(.get, path).json["verified"] as? Bool == true)
            try await account.call(.post, "\(path)/verify")
            account.clock.advance(seconds: WebhookChallenge.life)
            #expect(try await complete(others.code).code == "wrong_code", "it is too old")
            for body in ["{}", #"{"code":1}"#, #"{"code":""}"#, #"{"kode":"x"}"#, #"{"code":"\#(String(repeating: "x", count: 129))"}"#] {
                let wrong = try await account.call(.post, "\(path)/verify/complete", body)
                #expect(wrong.status == 400, "\(body)")
                if !body.contains("kode") { #expect(wrong.text.contains(#""pointer":"/code""#), "\(wrong.text)") }
            }
        }
    }

    @Test("takes five wrong codes and no more")
    func guesses() async throws {
        let others = Others()
        try await Account.with(others: others) { account in
            let path = try await Self.webhook(account)
            try await account.call(.post, "\(path)/verify")
            let code = others.code
            for left in [4, 3, 2, 1] {
                let wrong = try await account.call(.post, "\(path)/verify/complete", #"{"code":"\#(code.dropLast())-"}"#)
                #expect(wrong.status == 409 && wrong.string("detail").contains("\(left) more"), "\(wrong.text)")
                #expect(!wrong.text.contains(code.prefix(8)))
            }
            #expect(try await account.call(.post, "\(path)/verify/complete", #"{"code":"x"}"#).string("detail").contains("sends another"))
            #expect(try await account.call(.post, "\(path)/verify/complete", #"{"code":"\#(code)"}"#).code == "wrong_code", "too late")
            try await account.call(.post, "\(path)/verify")
            #expect(try await account.call(.post, "\(path)/verify/complete", #"{"code":"\#(others.code)"}"#).status == 200)
        }
    }

    @Test("is of one URL: another one, plain or secret, is not verified, and no code of before is good for it")
    func moves() async throws {
        let others = Others()
        try await Account.with(others: others) { account in
            let path = try await Self.webhook(account)
            func verified() async throws -> Bool? { try await account.call(.get, path).json["verified"] as? Bool }
            others.answer(200) { $0 }
            try await account.call(.post, "\(path)/verify")
            for same in [
                #"{"url":"https://hooks.acme.example/in"}"#, #"{"description":"x"}"#, #"{"secret_url":"https://HOOKS.acme.example/in"}"#,
            ] {
                try await account.call(.patch, path, same)
                #expect(try await verified() == true, "\(same)")
            }
            others.answer(500) { $0 }
            try await account.call(.post, "\(path)/verify")
            let code = others.code
            try await account.call(.patch, path, #"{"secret_url":"https://elsewhere.example/in"}"#)
            #expect(try await verified() == false)
            #expect(try await account.call(.get, path).json["verified_at"] is NSNull)
            #expect(try await account.call(.post, "\(path)/verify/complete", #"{"code":"\#(code)"}"#).code == "wrong_code")
            others.answer(200) { $0 }
            try await account.call(.post, "\(path)/verify")
            #expect(try await verified() == true)
            try await account.call(.patch, path, #"{"url":"https://hooks.acme.example/in"}"#)
            #expect(try await verified() == false)
        }
    }

    @Test("calls no address that a delivery would not be sent to")
    func targets() async throws {
        try await Account.with { account in
            let path = try await Self.webhook(account)
            // The server's own sender, and a name that has come to stand for this machine.
            var sender = HTTPSender(targets: WebhookTargets(), resolve: { _ in [[127, 0, 0, 1]] })
            sender.deadline = .seconds(1)
            let (closed, caller) = (
                sender,
                Caller(
                    accountID: try await account.call(.get, "/v1").string("account_id"), actor: "test", scopes: .full,
                    limits: AccountLimits(.free))
            )
            var outside = account.server.outside
            outside.send = closed.send
            let verifier = Verifier(store: account.server.store, clock: account.clock.clock, random: .system, outside: outside)
            let called = try await verifier.webhook(String(path.dropFirst("/v1/webhooks/".count)), by: caller)
            #expect(called.attempt.failure == .addressRefused && called.verifiedAt == nil)
            #expect(called.codeUntil == nil, "nobody has the code")
        }
    }

    @Test("is nobody's who may not change the webhook")
    func access() async throws {
        let others = Others()
        try await Account.with(others: others) { account in
            let path = try await Self.webhook(account)
            for (call, body) in [("/verify", nil), ("/verify/complete", #"{"code":"x"}"#)] as [(String, String?)] {
                #expect(try await account.call(.post, "/v1/webhooks/none\(call)", body).status == 404)
            }
            let writer = try await account.call(.post, "/v1/api-keys", #"{"scopes":["webhooks:write"]}"#).string("api_key")
            #expect(try await account.call(.post, "\(path)/verify", key: writer).status == 200)
            let done = try await account.call(.post, "\(path)/verify/complete", #"{"code":"\#(others.code)"}"#, key: writer)
            #expect(done.status == 204, "it may not read: \(done.text)")
        }
    }
}
