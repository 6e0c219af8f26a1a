@testable import APIServer
import EmailConnect
import Foundation
import HTTPTypes
import Testing
import TestSupport

/// The trigger node's life: on, from test to production, off; and what others do meanwhile.
@Suite("A trigger")
struct LiveTriggerTests {
    private static let testURL = "https://n8n.example/webhook-test/d88abf53-c967-462c-b371-ddd8230e7939/emailconnect"
    private static let liveURL = "https://n8n.example/webhook/d88abf53-c967-462c-b371-ddd8230e7939/emailconnect"

    /// How the trigger is set up.
    enum Mode: String, CaseIterable, Sendable {
        case specific
        case catchall
        case catchallWithDomain
    }

    private struct Trigger {
        let account: Account
        let domain: String
        let mode: Mode

        func body(_ url: String, name: String = "Tickets", more: String = "") -> String {
            let alias =
                switch mode {
                case .specific: #""aliasType":"specific","localPart":"support""#
                case .catchall: #""aliasType":"catchall""#
                case .catchallWithDomain: #""aliasType":"catchall","syncWithDomain":true"#
                }
            return """
                {"domainId":"\(domain)","webhookUrl":"\(url)","webhookName":"\(name)","webhookDescription":"by n8n","firstOrCreate":true,\
                "updateWebhookData":true,"autoVerify":true,\(alias)\(more)}
                """
        }

        /// Switches it on, or to another URL.
        func on(_ url: String) async throws -> (webhook: String, alias: String, action: String) {
            let answer = try await account.node(.post, "/api/webhooks/alias", body(url), source: "n8n-node")
            #expect(answer.status == 201 && answer.json["success"] as? Bool == true, "\(answer.text)")
            func id(_ name: String) -> String { (answer.json[name] as? [String: Any])?["id"] as? String ?? "" }
            return (id("webhook"), id("alias"), answer.string("action"))
        }

        /// Switches it off.
        func off(_ webhook: String, _ url: String, restoring restored: String? = nil) async throws -> Account.Answer {
            let more = restored.map { #","restoreWebhookId":"\#($0)""# } ?? ""
            return try await account.node(
                .post, "/api/webhooks/alias/teardown", #"{"webhookId":"\#(webhook)","expectedUrl":"\#(url)"\#(more)}"#)
        }
    }

    /// What the account holds, without versions and times: domains, aliases, webhooks with what points where.
    private static func picture(_ account: Account) async throws -> [String] {
        let webhooks = try await account.list("webhooks")
        let urls = webhooks.reduce(into: [String: String]()) { $0[$1["id"] as? String ?? ""] = $1["url"] as? String ?? "" }
        func target(_ item: [String: Any]) -> String { (item["webhookId"] as? String).map { urls[$0] ?? "dangling" } ?? "none" }
        let aliases = try await account.list("aliases").map { "\($0["email"] ?? "") -> \(target($0))" }
        let domains = try await account.list("domains").map { "\($0["domain"] ?? "") -> \(target($0))" }
        return (aliases + domains + urls.values.map { "webhook \($0)" }).sorted()
    }

    @Test("is on, goes from test to production, and leaves nothing behind when it is off", arguments: Mode.allCases)
    func life(mode: Mode) async throws {
        try await Account.with { account in
            let trigger = Trigger(account: account, domain: try await account.domain(), mode: mode)
            let before = try await Self.picture(account)
            let test = try await trigger.on(Self.testURL)
            #expect(test.action == "created")
            let address = mode == .specific ? "support@acme.example" : "*@acme.example"
            let domain = mode == .catchallWithDomain ? Self.testURL : "none"
            #expect(
                try await Self.picture(account)
                    == ["\(address) -> \(Self.testURL)", "acme.example -> \(domain)", "webhook \(Self.testURL)"].sorted())
            let live = try await trigger.on(Self.liveURL)
            #expect(live.webhook == test.webhook && live.alias == test.alias && live.action == "updated", "the same, with another URL")
            let on = try await Self.picture(account)
            #expect(!on.contains { $0.contains(Self.testURL) } && on.contains("\(address) -> \(Self.liveURL)"), "\(on)")
            #expect(try await trigger.on(Self.liveURL).action == "updated")
            let superseded = try await trigger.off(test.webhook, Self.testURL)
            #expect(superseded.string("action") == "skipped_superseded" && superseded.status == 200, "\(superseded.text)")
            #expect((superseded.json["webhook"] as? [String: Any])?["url"] as? String == Self.liveURL)
            #expect(try await Self.picture(account) == on, "the published workflow keeps its webhook")
            let off = try await trigger.off(live.webhook, Self.liveURL)
            #expect(off.string("action") == "deleted" && off.json["webhook"] == nil, "\(off.text)")
            #expect(try await Self.picture(account) == before)
            #expect(try await trigger.off(live.webhook, Self.liveURL).status == 404, "off is off")
        }
    }

    @Test("gives back the webhook that was there before", arguments: Mode.allCases)
    func restored(mode: Mode) async throws {
        try await Account.with { account in
            let trigger = Trigger(account: account, domain: try await account.domain(), mode: mode)
            let old = try await account.webhook("https://helpdesk.example/in")
            let alias = try await account.node(
                .post, "/api/aliases",
                #"{"domainId":"\#(trigger.domain)","localPart":"\#(mode == .specific ? "support" : "*")","webhookId":"\#(old)"}"#
            ).string("id")
            // Another alias has it too, so that it is nobody's to change.
            try await account.node(.post, "/api/aliases", #"{"domainId":"\#(trigger.domain)","localPart":"other","webhookId":"\#(old)"}"#)
            if mode == .catchallWithDomain {
                try await account.node(.put, "/api/domains/\(trigger.domain)/webhook", #"{"webhookId":"\#(old)"}"#)
            }
            let before = try await Self.picture(account)
            let on = try await trigger.on(Self.liveURL)
            #expect(on.alias == alias && on.webhook != old, "a webhook of its own")
            #expect(
                try await Self.picture(account).contains("other@acme.example -> https://helpdesk.example/in"), "nobody else's mail moves")
            let off = try await trigger.off(on.webhook, Self.liveURL, restoring: old)
            #expect(off.string("action") == "restored_and_deleted", "\(off.text)")
            #expect(try await Self.picture(account) == before)
        }
    }

    @Test("takes the alias's own webhook over, but none that is managed, protected, shared, or holds secrets")
    func others() async throws {
        try await Account.with { account in
            let trigger = Trigger(account: account, domain: try await account.domain(), mode: .specific)
            let own = try await account.webhook("https://own.example/")
            let alias = try await account.node(
                .post, "/api/aliases", #"{"domainId":"\#(trigger.domain)","localPart":"support","webhookId":"\#(own)"}"#
            ).string("id")
            #expect(try await trigger.on(Self.liveURL).webhook == own, "updateWebhookData")
            #expect(try await account.node(.get, "/api/webhooks/\(own)").string("name") == "Tickets")
            let owned = try await account.batch([#"{"op":"create","kind":"webhook","set":{"key":"k","url":"https://managed.example/"}}"#])
            let shared = try await account.webhook("https://shared.example/")
            try await account.node(.post, "/api/aliases", #"{"domainId":"\#(trigger.domain)","localPart":"b","webhookId":"\#(shared)"}"#)
            for (id, url) in [
                (owned.results.first?["id"] as? String ?? "", "https://managed.example/"),
                (
                    try await account.call(.post, "/v1/webhooks", #"{"url":"https://protected.example/","protected":true}"#).string("id"),
                    "https://protected.example/"
                ),
                (
                    try await account.call(
                        .post, "/v1/webhooks", #"{"url":"https://secret.example/","headers":{"Authorization":"Bearer x"}}"#
                    ).string("id"), "https://secret.example/"
                ), (shared, "https://shared.example/"),
            ] {
                try await account.node(.put, "/api/aliases/\(alias)/webhook", #"{"webhookId":"\#(id)"}"#)
                let before = try await account.call(.get, "/v1/webhooks/\(id)").number("version")
                let on = try await trigger.on(Self.liveURL)
                #expect(on.webhook == own, "\(url): the one that has the URL already")
                #expect(try await account.call(.get, "/v1/webhooks/\(id)").number("version") == before, "\(url)")
                #expect(try await account.node(.get, "/api/webhooks/\(id)").string("url") == url)
            }
        }
    }

    @Test("finds what is there, and changes nothing of it unless it is asked to")
    func found() async throws {
        try await Account.with { account in
            let trigger = Trigger(account: account, domain: try await account.domain(), mode: .specific)
            let on = try await trigger.on(Self.liveURL)
            let before = try await account.state()
            let same = trigger.body("https://elsewhere.example/", name: "other").replacing(
                #""updateWebhookData":true"#, with: #""updateWebhookData":false"#)
            let found = try await account.node(.post, "/api/webhooks/alias", same)
            #expect(
                found.status == 201 && found.string("action") == "found" && found.string("message") == "Found alias support@acme.example")
            #expect(try await account.state() == before)
            let attached = try await account.webhook("https://plain.example/")
            let alias = (found.json["alias"] as? [String: Any])?["id"] as? String ?? ""
            try await account.node(.put, "/api/aliases/\(alias)/webhook", #"{"webhookId":"\#(attached)"}"#)
            #expect(try await account.node(.post, "/api/webhooks/alias", same).text.contains(attached))
            #expect(
                try await account.node(.get, "/api/webhooks/\(attached)").json["verified"] as? Bool == false,
                "the client answers for its own URL only")
            try await account.node(.put, "/api/aliases/\(alias)/webhook", #"{"webhookId":"\#(on.webhook)"}"#)
            let left = try await account.state()
            let none = trigger.body("https://elsewhere.example/").replacing(#""firstOrCreate":true"#, with: #""firstOrCreate":false"#)
            #expect(try await account.node(.post, "/api/webhooks/alias", none).status == 409)
            #expect(try await account.state() == left)
        }
    }

    @Test("is one entry of the history, or none when something stands in its way")
    func transaction() async throws {
        try await Account.with { account in
            let trigger = Trigger(account: account, domain: try await account.domain(), mode: .catchallWithDomain)
            func revision() async throws -> Int {
                try await account.call(.get, "/v1/applies").json["data"].flatMap { ($0 as? [[String: Any]])?.first?["revision"] as? Int }
                    ?? 0
            }
            let start = try await revision()
            let on = try await trigger.on(Self.liveURL)
            #expect(try await revision() == start + 1)
            let changes = try await account.call(.get, "/v1/changes").json["data"] as? [[String: Any]] ?? []
            #expect(
                changes.filter { $0["revision"] as? Int == start + 1 }.compactMap { $0["kind"] as? String }.sorted() == [
                    "alias", "domain", "webhook",
                ])
            try await account.call(.patch, "/v1/webhooks/\(on.webhook)", #"{"protected":true}"#)
            let before = try await account.state()
            let off = try await trigger.off(on.webhook, Self.liveURL)
            #expect(off.status == 409 && off.string("message").contains("protected"), "\(off.text)")
            let nowhere = try await trigger.off(on.webhook, Self.liveURL, restoring: "wh_none")
            #expect(nowhere.status == 400 && nowhere.string("message").hasPrefix("restoreWebhookId: "), "\(nowhere.text)")
            #expect(try await account.state() == before, "all or nothing")
        }
    }

    @Test("keeps what somebody has touched since: an alias that was changed stays, without a webhook")
    func touched() async throws {
        try await Account.with { account in
            let trigger = Trigger(account: account, domain: try await account.domain(), mode: .specific)
            let on = try await trigger.on(Self.liveURL)
            try await account.node(.put, "/api/aliases/\(on.alias)", #"{"description":"mine now"}"#)
            #expect(
                try await trigger.off(on.webhook, Self.liveURL, restoring: on.webhook).string("action") == "deleted",
                "no way back to itself")
            let left = try await account.node(.get, "/api/aliases/\(on.alias)")
            #expect(left.status == 200 && left.json["webhookId"] is NSNull && left.string("description") == "mine now")
        }
    }

    @Test("that is switched on and off by many at once ends in one of the states that one after the other has")
    func races() async throws {
        try await Account.with { account in
            let trigger = Trigger(account: account, domain: try await account.domain(), mode: .catchallWithDomain)
            for _ in 0..<5 {
                let on = try await trigger.on(Self.testURL)
                async let switched = trigger.on(Self.liveURL)
                async let off = trigger.off(on.webhook, Self.testURL)
                let (live, teardown) = (try await switched, try await off)
                let picture = try await Self.picture(account)
                // Either the teardown came first, and the switch made everything anew; or it came too late.
                #expect(["deleted", "skipped_superseded"].contains(teardown.string("action")), "\(teardown.text)")
                #expect((live.webhook == on.webhook) == (teardown.string("action") == "skipped_superseded"))
                #expect(
                    picture
                        == ["*@acme.example -> \(Self.liveURL)", "acme.example -> \(Self.liveURL)", "webhook \(Self.liveURL)"].sorted(),
                    "\(teardown.text)")
                #expect(try await trigger.off(live.webhook, Self.liveURL).string("action") == "deleted")
                #expect(try await Self.picture(account) == ["acme.example -> none"])
            }
        }
    }

    @Test("of an older node ends call by call: detached, deleted, given back")
    func legacy() async throws {
        try await Account.with { account in
            let trigger = Trigger(account: account, domain: try await account.domain(), mode: .catchallWithDomain)
            let old = try await account.webhook("https://helpdesk.example/in")
            let on = try await trigger.on(Self.liveURL)
            for (method, path, body) in [
                (HTTPRequest.Method.put, "aliases/\(on.alias)/webhook", #"{"webhookId":null}"#),
                (.put, "domains/\(trigger.domain)/webhook", #"{"webhookId":null}"#), (.delete, "webhooks/\(on.webhook)", nil),
                (.put, "aliases/\(on.alias)/webhook", #"{"webhookId":"\#(old)"}"#),
                (.put, "domains/\(trigger.domain)/webhook", #"{"webhookId":"\#(old)"}"#),
            ] as [(HTTPRequest.Method, String, String?)] {
                let answer = try await account.node(method, "/api/\(path)", body)
                #expect(answer.status < 300, "\(path): \(answer.text)")
            }
            #expect(
                try await Self.picture(account) == [
                    "*@acme.example -> https://helpdesk.example/in", "acme.example -> https://helpdesk.example/in",
                    "webhook https://helpdesk.example/in",
                ])
        }
    }
}
