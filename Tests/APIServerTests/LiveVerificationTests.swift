@testable import APIServer
import DNS
import EmailConnect
import Foundation
import HTTPTypes
import Testing
import TestSupport

/// What the node reads of verification, and what is behind it: the same as behind `/v1`.
@Suite("The live dialect's verification")
struct LiveVerificationTests {
    @Test("says which DNS records a domain needs, and whether each was there when somebody looked last")
    func domain() async throws {
        let others = Others()
        try await Account.with(others: others) { account in
            let path = "/api/domains/\(try await account.domain())"
            func records(_ answer: Account.Answer) -> [[String: Any]] { answer.json["dnsRecords"] as? [[String: Any]] ?? [] }
            func statuses(_ answer: Account.Answer) -> [String] { records(answer).map { $0["status"] as? String ?? "" } }
            let before = try await account.node(.get, "\(path)/status")
            #expect(before.json["isVerified"] as? Bool == false && statuses(before) == ["pending", "pending"], "\(before.text)")
            #expect(others.asked.isEmpty, "reading asks nobody")
            #expect(records(before).map { $0["type"] as? String } == ["MX", "TXT"])
            #expect(records(before).map { $0["name"] as? String } == ["acme.example", "_emailconnect.acme.example"])
            #expect(records(before).first?["value"] as? String == "mail.localhost" && records(before).first?["priority"] as? Int == 10)
            let text = try #require(records(before).last?["value"] as? String)

            let mx = RecordData.mx(preference: 10, exchange: try #require(DNSName("mail.localhost")))
            others.say(["acme.example": [mx]])
            let half = try await account.node(.post, "\(path)/verify")
            #expect(half.status == 200 && half.json["isVerified"] as? Bool == false, "\(half.text)")
            #expect(statuses(half) == ["verified", "failed"])
            #expect(try await account.node(.get, path).json["isVerified"] as? Bool == false)

            others.say(["acme.example": [mx], "_emailconnect.acme.example": [.txt(Array(text.utf8))]])
            let all = try await account.node(.post, "\(path)/verify")
            #expect(all.json["isVerified"] as? Bool == true && statuses(all) == ["verified", "verified"], "\(all.text)")
            #expect(try await account.node(.get, "\(path)/status").text == all.text)
            #expect(try await account.node(.get, path).json["isVerified"] as? Bool == true)
            #expect(try await account.list("domains").first?["isVerified"] as? Bool == true)

            try await account.node(.put, path, #"{"domain":"other.example"}"#)
            let renamed = try await account.node(.get, "\(path)/status")
            #expect(renamed.json["isVerified"] as? Bool == false && statuses(renamed) == ["pending", "pending"], "\(renamed.text)")
            #expect(try await account.node(.get, path).json["isVerified"] as? Bool == false, "nobody has looked for that name")
        }
    }

    @Test("verifies a domain for a key that may not read it without a word about it, and none that is not there")
    func unseen() async throws {
        try await Account.with { account in
            let id = try await account.domain()
            let writer = try await account.call(.post, "/v1/api-keys", #"{"scopes":["domains:write"]}"#).string("api_key")
            let done = try await account.node(.post, "/api/domains/\(id)/verify", key: writer)
            #expect(done.status == 204 && done.text.isEmpty, "\(done.text)")
            #expect(try await account.node(.post, "/api/domains/none/verify", key: writer).status == 404)
            #expect(try await account.node(.get, "/api/domains/none/status").status == 404)
        }
    }

    @Test("calls a webhook's endpoint; its answer, or the code from it, verifies it")
    func webhook() async throws {
        let others = Others()
        try await Account.with(others: others) { account in
            let path = "/api/webhooks/\(try await account.webhook())"
            func complete(_ code: String) async throws -> Account.Answer {
                try await account.node(.post, "\(path)/verify/complete", #"{"verificationToken":"\#(code)"}"#)
            }
            #expect(try await account.node(.get, "\(path)/status").json["verified"] as? Bool == false)
            #expect(others.called.isEmpty, "reading calls nobody")
            let lost = try await account.node(.post, "\(path)/verify")
            #expect(lost.status == 200 && lost.json["success"] as? Bool == true && lost.json["verified"] as? Bool == false, "\(lost.text)")
            #expect(lost.string("message") == "The webhook is not verified: its endpoint was not reached")
            others.answer(404) { _ in "" }
            let deaf = try await account.node(.post, "\(path)/verify")
            #expect(deaf.string("message") == "The webhook is not verified: its endpoint answered 404, without the code", "\(deaf.text)")
            let wrong = try await complete("wrong")
            #expect(
                wrong.status == 409 && wrong.string("error") == "Conflict" && wrong.string("message").contains("4 more"), "\(wrong.text)")
            #expect(try await account.node(.get, "\(path)/status").json["verified"] as? Bool == false)
            let done = try await complete(others.code)
            #expect(done.status == 200 && done.json["verified"] as? Bool == true, "\(done.text)")
            #expect(done.string("message") == "The webhook is verified")
            #expect(try await account.node(.get, "\(path)/status").text == done.text)

            let other = "/api/webhooks/\(try await account.webhook("https://b.example/in"))"
            others.answer(200) { $0 }
            #expect(try await account.node(.post, "\(other)/verify").json["verified"] as? Bool == true)
            #expect(try await account.node(.get, other).json["verified"] as? Bool == true)
            for (body, problem) in [
                ("{}", "verificationToken is required"), (#"{"verificationToken":1}"#, "verificationToken: "),
                (#"{"verificationToken":""}"#, "not 1 to 128"),
                (#"{"verificationToken":"\#(String(repeating: "x", count: 129))"}"#, "not 1 to 128"), (#"{"code":"x"}"#, "unknown field"),
            ] {
                let refused = try await account.node(.post, "\(path)/verify/complete", body)
                #expect(refused.status == 400 && refused.string("message").contains(problem), "\(body): \(refused.text)")
            }
            #expect(try await account.node(.post, "/api/webhooks/none/verify").status == 404)
            let nobody = try await account.node(.post, "/api/webhooks/none/verify/complete", #"{"verificationToken":"none"}"#)
            #expect(nobody.status == 404, "\(nobody.text)")
        }
    }

    /// How a client answers for a webhook's URL.
    enum Word: CaseIterable, Sendable {
        /// With its name, when it creates the webhook.
        case creation
        /// With its name, when it changes the URL.
        case change
        /// With `autoVerify`, when it makes a trigger.
        case trigger
        /// As early versions of the node do: they give up when it is not taken.
        case token

        func send(_ account: Account) async throws -> String {
            switch self {
            case .creation:
                let made = try await account.node(.post, "/api/webhooks", #"{"url":"https://n8n.example/1"}"#, source: "n8n-node")
                return (made.json["webhook"] as? [String: Any])?["id"] as? String ?? ""
            case .change:
                let id = try await account.webhook()
                try await account.node(.put, "/api/webhooks/\(id)", #"{"url":"https://n8n.example/1"}"#, source: "n8n-node")
                return id
            case .trigger:
                let domain = try await account.domain()
                let made = try await account.node(
                    .post, "/api/webhooks/alias",
                    """
                    {"domainId":"\(domain)","webhookUrl":"https://n8n.example/1","webhookName":"n","aliasType":"catchall","autoVerify":true}
                    """)
                return (made.json["webhook"] as? [String: Any])?["id"] as? String ?? ""
            case .token:
                let id = try await account.webhook()
                try await account.node(.post, "/api/webhooks/\(id)/verify")
                try await account.node(.post, "/api/webhooks/\(id)/verify/complete", #"{"verificationToken":"\#(id.suffix(5))"}"#)
                return id
            }
        }
    }

    @Test("takes a client's word for a URL, and for that one only", arguments: Word.allCases)
    func word(_ word: Word) async throws {
        try await Account.with { account in
            let id = try await word.send(account)
            func verified() async throws -> Bool? { try await account.node(.get, "/api/webhooks/\(id)").json["verified"] as? Bool }
            #expect(try await verified() == true)
            let item = try await account.call(.get, "/v1/webhooks/\(id)")
            #expect(item.json["verified"] as? Bool == true && item.json["verified_at"] is NSNull, "no endpoint has answered: \(item.text)")
            try await account.node(.put, "/api/webhooks/\(id)", #"{"description":"x"}"#)
            #expect(try await verified() == true)
            try await account.node(.put, "/api/webhooks/\(id)", #"{"url":"https://elsewhere.example/"}"#)
            #expect(try await verified() == false, "another URL")
        }
    }

    @Test("takes no word for a URL that the client does not state, or cannot know")
    func silence() async throws {
        try await Account.with { account in
            let plain = try await account.webhook()
            try await account.node(.put, "/api/webhooks/\(plain)", #"{"description":"x"}"#, source: "n8n-node")
            #expect(try await account.node(.get, "/api/webhooks/\(plain)/status").json["verified"] as? Bool == false)
            let secret = try await account.call(.post, "/v1/webhooks", #"{"secret_url":"https://hooks.example/s3cret"}"#).string("id")
            let refused = try await account.node(
                .post, "/api/webhooks/\(secret)/verify/complete", #"{"verificationToken":"\#(secret.suffix(5))"}"#)
            #expect(refused.status == 409, "\(refused.text)")
            #expect(try await account.node(.get, "/api/webhooks/\(secret)/status").json["verified"] as? Bool == false)
        }
    }

    @Test("leaves a code good that is on its way when a client answers for the URL meanwhile")
    func meanwhile() async throws {
        let others = Others()
        try await Account.with(others: others) { account in
            let id = try await account.webhook()
            try await account.node(.post, "/api/webhooks/\(id)/verify")
            try await account.node(.put, "/api/webhooks/\(id)", #"{"url":"https://a.example/in"}"#, source: "n8n-node")
            let done = try await account.call(.post, "/v1/webhooks/\(id)/verify/complete", #"{"code":"\#(others.code)"}"#)
            #expect(done.status == 200 && done.string("verified_at") == account.clock.clock.now().text, "\(done.text)")
        }
    }
}
