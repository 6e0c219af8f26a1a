import EmailConnect
import Hummingbird

extension Routes {
    /// The server itself: what it is, whether it is well, what it can do.
    var operationRoutes: [Route] {
        [
            Route(
                method: .get, path: "/v1", name: "getRoot", about: "Who is calling, in which account, and what they have left.",
                group: "Account", access: .anyKey,
                answers: [.init(status: 200, about: "The caller.", schema: .named("Root"), example: Examples.root)], handler: root),
            Route(
                method: .get, path: "/health", name: "getHealth", about: "Whether the server and its database answer.", group: "Server",
                access: .open,
                answers: [
                    .init(
                        status: 200, about: "All is well.", schema: .object([.init("status", .constant(.text("ok")), "ok.")]),
                        example: #"{"status":"ok"}"#)
                ]
            ) { call in
                _ = try call.query()
                _ = try await store.read { try $0.first("SELECT 1") { $0.integer(0) } }
                return Reply.json(.ok, Array(#"{"status":"ok"}"#.utf8))
            },
            Route(
                method: .get, path: "/metrics", name: "getMetrics", about: "What the server counts, for Prometheus.", group: "Server",
                access: .open, answers: [.init(status: 200, about: "The counters.", type: "text/plain; version=0.0.4", schema: .text())]
            ) { call in
                _ = try call.query()
                let time = clock.now()
                let queue = try? await store.read { try MailQueue.read(at: time, in: $0) }
                return Reply.text("text/plain; version=0.0.4", metrics.text(inlet.counts.families(queue)))
            },
            Route(
                method: .get, path: "/openapi.json", name: "getDocument", about: "This document.", group: "Server", access: .open,
                answers: [.init(status: 200, about: "OpenAPI 3.1.", schema: .object([]))]
            ) { call in
                _ = try call.query()
                return Reply.json(.ok, document.json(of: all))
            },
        ]
    }

    private func root(_ call: Call) async throws -> Response {
        _ = try call.query()
        let account = call.caller.accountID
        let counts = try await store.read { try Accounts.counts(of: account, in: $0) }
        let quota = gate.limiter?.quota(of: account, call.caller.limits)
        var json = JSONWriter()
        json.object { json in
            json.member("name", "EmailConnect API")
            json.member("version", "v1")
            json.member("account_id", account)
            json.member("scopes", call.caller.scopes.list.map(\.rawValue))
            json.object("limits") { json in
                for kind in Kind.allCases {
                    json.object(kind.plural) { json in
                        json.member("used", counts[kind, default: 0])
                        if let limit = call.caller.limits.resources[kind] { json.member("limit", limit) } else { json.null("limit") }
                    }
                }
            }
            json.array("rate_limits") { json in quota?.write(to: &json) }
        }
        return Reply.json(.ok, json.bytes)
    }
}

extension Quota {
    /// Every window, as `GET /v1` and the activity have it.
    func write(to json: inout JSONWriter) {
        for window in windows {
            json.object { json in
                json.member("window", window.window.rawValue)
                json.member("limit", window.limit)
                json.member("remaining", window.remaining)
                json.member("reset", window.reset)
            }
        }
    }
}
