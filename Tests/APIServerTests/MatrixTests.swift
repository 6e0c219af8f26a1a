@testable import APIServer
import EmailConnect
import Foundation
import HTTPTypes
import Testing
import TestSupport

/// Every route with every scope and every state of a key.
@Suite("Every route")
struct MatrixTests {
    /// A path of the route, about things that are there.
    private static func path(_ route: Route, _ world: World) -> String {
        guard route.path.contains("{id}") else { return route.path }
        let collection = route.path.split(separator: "/")[1]
        return route.path.replacing("{id}", with: world.ids[String(collection)] ?? "none")
    }

    /// One of each kind in an account, and the same in another.
    struct World {
        var ids: [String: String] = [:]
        var other: [String: String] = [:]
        var otherKey = ""

        init(_ account: Account) async throws {
            let server = try ServerAdministration(database: account.database)
            let second = try #require(try await server.addAccount("second", plan: .free, limits: [:]))
            let first = try #require(try await server.makeFirstKey(of: second.id))
            try await server.handOver(firstKey: first, of: second.id)
            otherKey = first.reveal()
            ids = try await Self.fill(account, account.key)
            other = try await Self.fill(account, otherKey)
            await server.close()
        }

        private static func fill(_ account: Account, _ key: String) async throws -> [String: String] {
            var ids: [String: String] = [:]
            for (collection, body) in [
                ("domains", #"{"name":"acme.example"}"#), ("aliases", #"{"domain":"acme.example","name":"a"}"#),
                ("webhooks", #"{"url":"https://a.example/"}"#), ("api-keys", #"{"scopes":["aliases:read"]}"#),
            ] { ids[collection] = try await account.call(.post, "/v1/\(collection)", body, key: key).string("id") }
            let mail = try await account.receive(Account.message(to: "a@acme.example"), key: key)
            ids["emails"] = account.items(mail).first?["id"] as? String
            return ids
        }
    }

    /// A key with some scopes.
    private static func key(_ account: Account, _ scopes: [Scope], _ more: String = "") async throws -> (id: String, key: String) {
        let list = scopes.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
        let made = try await account.call(.post, "/v1/api-keys", "{\"scopes\":[\(list)]\(more)}")
        #expect(made.status == 201, "\(made.text)")
        return (made.string("id"), made.string("api_key"))
    }

    /// What a route needs; for those that look into the request, with the request that the matrix sends.
    private static func needs(_ route: Route) -> [Scope] {
        switch route.access {
        case .open, .anyKey: []
        case .scopes(let scopes): scopes
        case .contents where route.path == "/v1/batch": [.domainsWrite]
        case .contents where route.path == "/v1/status": [.domainsRead, .webhooksRead]
        case .contents: Kind.allCases.map(\.readScope)
        }
    }

    private static func body(_ route: Route) -> String? {
        if route.path == "/v1/batch" {
            return #"{"format":1,"operations":[{"op":"update","kind":"domain","id":"none","set":{"description":"x"}}]}"#
        }
        return route.body == nil ? nil : "{}"
    }

    @Test("takes the scopes that the document names, and no scope less")
    func scopes() async throws {
        try await Account.with { account in
            let routes = account.routes.filter { !$0.isOpen }
            #expect(routes.count > 30)
            let world = try await World(account)
            var checked = 0
            // Each key has every scope but one; full apart.
            for left in Scope.allCases where left != .full {
                let (_, key) = try await Self.key(account, Scope.allCases.filter { $0 != .full && $0 != left })
                for route in routes where route.method != .delete && !route.path.hasSuffix("/revoke") {
                    let answer = try await account.call(route.method, Self.path(route, world), Self.body(route), key: key)
                    // Who may replace a secret may compare it, so that scope alone refuses nothing.
                    let isRefused = Self.needs(route).contains(left)
                    #expect(
                        answer.lacksScope == isRefused,
                        "\(route.method) \(route.path) without \(left.rawValue): \(answer.status) \(answer.text)")
                    if isRefused { #expect(answer.status == 403) }
                    checked += 1
                }
            }
            #expect(checked == routes.count { $0.method != .delete && !$0.path.hasSuffix("/revoke") } * (Scope.allCases.count - 1))
        }
    }

    @Test("with one scope alone does what that scope allows and nothing else")
    func alone() async throws {
        try await Account.with { account in
            let routes = account.routes.filter { !$0.isOpen }
            let world = try await World(account)
            for scope in Scope.allCases where scope != .full {
                let (_, key) = try await Self.key(account, [scope])
                for route in routes where route.method != .delete && !route.path.hasSuffix("/revoke") {
                    let answer = try await account.call(route.method, Self.path(route, world), Self.body(route), key: key)
                    let isAllowed = Self.needs(route).allSatisfy { $0 == scope }
                    #expect(
                        answer.lacksScope != isAllowed,
                        "\(route.method) \(route.path) with \(scope.rawValue): \(answer.text)")
                }
            }
        }
    }

    @Test("refuses a key that is missing, bad, expired, revoked, from elsewhere, replaced, or pinned to another account")
    func states() async throws {
        try await Account.with { account in
            let routes = account.routes.filter { !$0.isOpen }
            let world = try await World(account)
            let (_, expired) = try await Self.key(account, [.full], #","expires_after":"60s""#)
            let (_, elsewhere) = try await Self.key(account, [.full], #","allowed_ips":["203.0.113.0/24"]"#)
            let (revokedID, revoked) = try await Self.key(account, [.full])
            #expect(try await account.call(.post, "/v1/api-keys/\(revokedID)/revoke").status == 200)
            let (replacedID, replaced) = try await Self.key(account, [.full])
            #expect(try await account.call(.post, "/v1/api-keys/\(replacedID)/rotate", #"{"grace":"0s"}"#).status == 200)
            let (deletedID, deleted) = try await Self.key(account, [.full])
            #expect(try await account.call(.delete, "/v1/api-keys/\(deletedID)").status == 204)
            account.clock.advance(seconds: 60)
            let before = try await account.state()
            for route in routes {
                let path = Self.path(route, world)
                func answer(_ header: String) async throws -> Account.Answer {
                    try await account.call(route.method, path, Self.body(route), headers: [.authorization: header])
                }
                for (header, status) in [
                    ("", 401), ("Basic abc", 401), ("Bearer \(account.key.dropLast())\(account.key.hasSuffix("x") ? "y" : "x")", 401),
                    ("Bearer \(expired)", 401),
                    ("Bearer \(revoked)", 401), ("Bearer \(replaced)", 401), ("Bearer \(deleted)", 401), ("Bearer \(elsewhere)", 403),
                ] {
                    let answer = try await answer(header)
                    #expect(answer.status == status, "\(route.method) \(path) with \(header.prefix(20)): \(answer.text)")
                    #expect(!answer.text.contains(account.key) && !answer.text.contains(expired), "no key in an answer")
                }
                let pinned = try await account.call(route.method, path, Self.body(route), headers: [.account: "acct_other"])
                #expect(
                    pinned.code == "wrong_account" || pinned.string("message").contains("not to acct_other"),
                    "\(route.method) \(path): \(pinned.text)")
            }
            let (_, bound) = try await Self.key(account, [.full], #","bound_to":"web/production""#)
            let account = account
            for route in routes where route.method != .get {
                let answer = try await account.call(
                    route.method, Self.path(route, world), Self.valid(route, world) ?? Self.body(route), key: bound)
                #expect(
                    answer.code == "bound_key" || answer.codes == ["bound_key"]
                        || answer.status == 403 && answer.string("message").contains("acts for web/production only"),
                    "\(route.method) \(route.path): \(answer.text)")
            }
            #expect(try await account.state().count == before.count + 1, "nothing of it changed anything")
        }
    }

    @Test("knows another account's things as little as things that do not exist")
    func isolation() async throws {
        try await Account.with { account in
            let routes = account.routes.filter { !$0.isOpen }
            let world = try await World(account)
            let mine = try await account.state()
            let theirs = try await account.call(.get, "/v1/state", key: world.otherKey).text.split(separator: "\n").dropFirst()
            for route in routes where route.path.contains("{id}") {
                let collection = String(route.path.split(separator: "/")[1])
                let id = try #require(world.other[collection])
                let bodies: [String?] = [Self.valid(route), Self.body(route)]
                for body in bodies {
                    func status(_ id: String) async throws -> Account.Answer {
                        try await account.call(route.method, route.path.replacing("{id}", with: id), body)
                    }
                    let (foreign, none) = (try await status(id), try await status("\(id.prefix { $0 != "_" })_0000000000000000"))
                    #expect(foreign.status == none.status, "\(route.method) \(route.path): \(foreign.text)")
                    if body == Self.valid(route) { #expect(foreign.status == 404, "\(route.method) \(route.path): \(foreign.text)") }
                    #expect(foreign.code == none.code)
                }
            }
            for (path, body) in [
                ("aliases", #"{"domain_id":"\#(world.other["domains"] ?? "")","name":"b"}"#),
                ("aliases", #"{"domain":"acme.example","name":"b","webhook_id":"\#(world.other["webhooks"] ?? "")"}"#),
                ("domains", #"{"name":"b.example","webhook_id":"\#(world.other["webhooks"] ?? "")"}"#),
                ("webhooks", #"{"url":"https://b.example/","alias_id":"\#(world.other["aliases"] ?? "")"}"#),
                (
                    "aliases/batch",
                    #"{"operations":[{"action":"update","data":{"id":"\#(world.other["aliases"] ?? "")","enabled":false}}]}"#
                ),
                ("batch", #"{"format":1,"operations":[{"op":"delete","kind":"domain","id":"\#(world.other["domains"] ?? "")"}]}"#),
            ] {
                let answer = try await account.call(.post, "/v1/\(path)", body)
                #expect((400..<405).contains(answer.status), "\(path): \(answer.text)")
            }
            let (domain, webhook) = (world.other["domains"] ?? "", world.other["webhooks"] ?? "")
            for (method, path, body) in [
                (.post, "aliases", #"{"domainId":"\#(domain)","localPart":"b"}"#),
                (.post, "aliases", #"{"domainId":"\#(world.ids["domains"] ?? "")","localPart":"b","webhookId":"\#(webhook)"}"#),
                (.put, "domains/\(world.ids["domains"] ?? "")/webhook", #"{"webhookId":"\#(webhook)"}"#),
                (.put, "aliases/\(world.ids["aliases"] ?? "")", #"{"domainId":"\#(domain)"}"#),
                (
                    .post, "webhooks/alias",
                    #"{"domainId":"\#(domain)","webhookUrl":"https://b.example/","webhookName":"b","aliasType":"catchall"}"#
                ),
                (.post, "webhooks/alias/teardown", #"{"webhookId":"\#(webhook)","expectedUrl":"https://a.example/"}"#),
                (
                    .post, "webhooks/alias/teardown",
                    #"{"webhookId":"\#(world.ids["webhooks"] ?? "")","expectedUrl":"https://a.example/","restoreWebhookId":"\#(webhook)"}"#
                ),
            ] as [(HTTPRequest.Method, String, String)] {
                let answer = try await account.call(method, "/api/\(path)", body)
                #expect((400..<405).contains(answer.status), "\(path): \(answer.text)")
            }
            #expect(try await account.call(.get, "/api/aliases?domainId=\(domain)").number("total") == 0)
            for filter in ["domain_id=\(world.other["domains"] ?? "")", "webhook_id=\(world.other["webhooks"] ?? "")"] {
                #expect(try await account.call(.get, "/v1/aliases?\(filter)").number("total") == 0)
            }
            #expect(try await account.call(.get, "/v1/changes?id=\(world.other["domains"] ?? "")").text.contains(#""data":[]"#))
            let seen = try await account.call(.get, "/v1/activity").text
            #expect(!seen.contains(world.other["api-keys"] ?? "none"))
            #expect(try await account.state() == mine)
            let after = try await account.call(.get, "/v1/state", key: world.otherKey).text.split(separator: "\n").dropFirst()
            #expect(after == theirs)
        }
    }

    /// A request that the route takes.
    private static func valid(_ route: Route, _ world: World? = nil) -> String? {
        let id = world?.ids[String(route.path.split(separator: "/")[1])] ?? ""
        if route.dialect.keyHeader != nil { return liveBody(route, world) }
        if route.path.hasSuffix("s/batch") || route.path == "/v1/aliases/batch" {
            return #"{"operations":[{"action":"update","data":{"id":"\#(id)","description":"x"}}]}"#
        }
        return switch (route.method, route.path) {
        case (.post, "/v1/batch"): #"{"format":1,"operations":[{"op":"create","kind":"domain","set":{"name":"y.example"}}]}"#
        case (.post, "/v1/domains"): #"{"name":"y.example"}"#
        case (.post, "/v1/aliases"): #"{"domain":"acme.example","name":"y"}"#
        case (.post, "/v1/webhooks"): #"{"url":"https://y.example/"}"#
        case (.post, "/v1/api-keys"): #"{"scopes":["aliases:read"]}"#
        case (.patch, _): #"{"description":"x"}"#
        case (.put, "/v1/domains/{id}"): #"{"name":"x.example"}"#
        case (.put, "/v1/aliases/{id}"): #"{"domain":"acme.example","name":"x"}"#
        case (.put, "/v1/webhooks/{id}"): #"{"url":"https://x.example/"}"#
        case (.put, _): #"{"scopes":["aliases:read"]}"#
        case (.post, "/v1/webhooks/{id}/verify/complete"): #"{"code":"x"}"#
        case (.post, "/v1/api-keys/{id}/acknowledge"): #"{"prefix":"ec_aaaaaaaa"}"#
        default: nil
        }
    }

    /// A request that a route of the live dialect takes.
    private static func liveBody(_ route: Route, _ world: World?) -> String? {
        let (domain, webhook) = (world?.ids["domains"] ?? "", world?.ids["webhooks"] ?? "")
        return switch (route.method, route.path) {
        case (.post, "/api/domains"): #"{"domain":"y.example"}"#
        case (.post, "/api/aliases"): #"{"domainId":"\#(domain)","localPart":"y"}"#
        case (.post, "/api/webhooks"): #"{"url":"https://y.example/"}"#
        case (.post, "/api/webhooks/alias"):
            #"{"domainId":"\#(domain)","webhookUrl":"https://y.example/","webhookName":"y","aliasType":"catchall"}"#
        case (.post, "/api/webhooks/alias/teardown"): #"{"webhookId":"\#(webhook)","expectedUrl":"https://other.example/"}"#
        case (.post, "/api/webhooks/{id}/verify/complete"): #"{"verificationToken":"x"}"#
        case (.put, let path) where path.hasSuffix("/webhook"): #"{"webhookId":null}"#
        case (.put, _): #"{"description":"x"}"#
        default: nil
        }
    }
}

extension Account.Answer {
    /// Whether it says that the key lacks a scope, in either dialect.
    fileprivate var lacksScope: Bool { code == "missing_scope" || status == 403 && string("message").contains("lacks the scope") }
}
