import EmailConnect
import HTTPTypes
import Hummingbird

extension Routes {
    /// What happens to a key beside its configuration.
    var keyRoutes: [Route] {
        let key = Route.Answer(
            status: 200, about: "The key.", schema: .named("ApiKey"), example: Examples.record(.apiKey), headers: Self.etag)
        var shown = key
        shown.about = "The key, with its new token as api_key: shown once."
        shown.example = Examples.rotated
        return [
            Route(
                method: .post, path: "/v1/api-keys/{id}/rotate", name: "rotateApiKey",
                about: "Makes a new token; the older ones stay valid for the grace.", group: "API keys", access: .scopes([.apiKeysWrite]),
                body: .init(
                    schema: .object(
                        [
                            .init(
                                "grace", .either([.constant(.text("0s")), Schema(TimeSpan.shape)]),
                                "How long the older tokens stay valid; the key's own grace if left out, 0s ends them now.",
                                isRequired: false)
                        ], isClosed: true), example: #"{"grace":"24h"}"#, isRequired: false),
                answers: [shown], handler: rotate),
            Route(
                method: .post, path: "/v1/api-keys/{id}/revoke", name: "revokeApiKey",
                about: "Ends the key at once; it stays as a tombstone.", group: "API keys", access: .scopes([.apiKeysWrite]),
                answers: [key, Self.unseen], handler: revoke),
            Route(
                method: .post, path: "/v1/api-keys/{id}/acknowledge", name: "acknowledgeApiKey",
                about: "Says that a token which the client made has reached its place.", group: "API keys",
                access: .scopes([.apiKeysWrite]),
                body: .init(
                    schema: .object([.init("prefix", .text(pattern: "^ec_[A-Za-z0-9]{8}$"), "How the token begins.")], isClosed: true),
                    example: #"{"prefix":"ec_4fK2x9Qa"}"#),
                answers: [.init(status: 204, about: "Noted.", type: nil)], handler: acknowledge),
        ]
    }

    private func acknowledge(_ call: Call) async throws -> Response {
        _ = try call.query()
        var prefix: String?
        for member in try await call.json().members("an object") {
            guard member.key.text == "prefix" else { throw Problem(.invalid, "send {\"prefix\": \"ec_...\"}") }
            prefix = try member.value.text()
        }
        guard let prefix else { throw Problem(.invalid, "send {\"prefix\": \"ec_...\"}") }
        try await ledger.acknowledge(key: call.id(), prefix: prefix, by: call.caller)
        return Response(status: .noContent)
    }

    private func revoke(_ call: Call) async throws -> Response {
        _ = try call.query()
        try await ledger.revoke(key: call.id(), by: call.caller)
        return try await item(APIKey.self, call.id(), call, .ok)
    }

    private func rotate(_ call: Call) async throws -> Response {
        _ = try call.query()
        var grace: TimeSpan?
        if call.hasBody {
            for member in try await call.json().members("an object") {
                guard member.key.text == "grace" else { throw Problem(.invalid, "send {\"grace\": \"24h\"}, or no body") }
                // Nothing else may last no time, but a token that leaked.
                grace = try member.value.text() == "0s" ? TimeSpan(seconds: 0) : TimeSpan(member.value)
            }
        }
        let token = try await ledger.rotate(key: call.id(), grace: grace, by: call.caller)
        return try await item(APIKey.self, call.id(), call, .ok, token: token)
    }
}
