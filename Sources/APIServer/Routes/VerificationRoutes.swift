import EmailConnect
import HTTPTypes
import Hummingbird

extension Routes {
    /// Whether domains and webhooks are what they say, and what the server knows of them by itself.
    var verificationRoutes: [Route] {
        let webhook = Route.Answer(
            status: 200, about: "The webhook.", schema: .named("Webhook"), example: Examples.record(.webhook), headers: Self.etag)
        return [
            Route(
                method: .post, path: "/v1/domains/{id}/verify", name: "verifyDomain",
                about: "Looks for the DNS records that a domain needs, and writes down what there is.", group: "Domains",
                access: .scopes([.domainsWrite]),
                answers: [
                    .init(
                        status: 200, about: "The domain.", schema: .named("Domain"), example: Examples.record(.domain), headers: Self.etag),
                    Self.unseen,
                ], handler: verifyDomain),
            Route(
                method: .post, path: "/v1/webhooks/{id}/verify", name: "verifyWebhook",
                about: "Calls a webhook's endpoint with a code. It is verified if its answer repeats the code, or when somebody sends it.",
                group: "Webhooks", access: .scopes([.webhooksWrite]),
                answers: [
                    .init(
                        status: 200, about: "What came of the call.", schema: .named("WebhookVerification"), example: Examples.verified)
                ], handler: verifyWebhook),
            Route(
                method: .post, path: "/v1/webhooks/{id}/verify/complete", name: "completeWebhook",
                about: "Takes the code that a webhook's endpoint was called with.", group: "Webhooks", access: .scopes([.webhooksWrite]),
                body: .init(
                    schema: .object([.init("code", .text(length: 1...128), "The code.")], isClosed: true),
                    example: #"{"code":"4fK2x9QaB7cD1eF04fK2x9QaB7cD1eF0"}"#),
                answers: [webhook, Self.unseen], handler: completeWebhook),
            Route(
                method: .get, path: "/v1/status", name: "getStatus",
                about:
                    """
                    What the server knows of domains and webhooks by itself, from one consistent read: a line each, with the DNS records \
                    that a domain needs, and an end line. Takes the read scope of each kind.
                    """,
                group: "Account", access: .contents("the read scope of each kind that it shows"),
                parameters: [
                    .init(
                        "kinds", .text(pattern: "^(webhooks|domains)(,(webhooks|domains))?$"),
                        "Which kinds, with commas between; both if left out.")
                ],
                answers: [.init(status: 200, about: "The account's status.", type: "application/x-ndjson", schema: .text())],
                handler: status),
        ]
    }

    private func verifyDomain(_ call: Call) async throws -> Response {
        _ = try call.query()
        try await verifier.domain(call.id(), by: call.caller)
        return try await item(Domain.self, call.id(), call, .ok)
    }

    private func verifyWebhook(_ call: Call) async throws -> Response {
        _ = try call.query()
        let called = try await verifier.webhook(call.id(), by: call.caller)
        var json = JSONWriter()
        json.object { json in
            json.member("verified", called.verifiedAt != nil)
            json.member("verified_at", called.verifiedAt)
            if let status = called.attempt.status { json.member("response_code", status) } else { json.null("response_code") }
            json.member("failure", called.attempt.failure?.rawValue)
            json.member("code_until", called.codeUntil?.text)
        }
        return Reply.json(.ok, json.bytes)
    }

    private func completeWebhook(_ call: Call) async throws -> Response {
        _ = try call.query()
        var code: String?
        for member in try await call.json().members("an object") {
            guard member.key.text == "code" else { throw Problem(.invalid, "send {\"code\": \"...\"}") }
            do throws(Rejection) { code = try member.value.text() } catch {
                throw Rejection(error.problem, error.remedy, pointer: "/code")
            }
        }
        guard let code, (1...128).contains(code.unicodeScalars.count) else {
            throw Rejection("a code has 1 to 128 letters", "send {\"code\": \"...\"}", pointer: "/code")
        }
        try await verifier.complete(call.id(), code: code, by: call.caller)
        return try await item(Webhook.self, call.id(), call, .ok)
    }

    private func status(_ call: Call) async throws -> Response {
        var kinds = StatusStream.kinds
        if let list = try call.query()["kinds"] {
            let names = list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            kinds = kinds.filter { names.contains($0.plural) }
            guard names.allSatisfy({ name in kinds.contains { $0.plural == name } }), names.count <= StatusStream.kinds.count else {
                throw Problem(.invalid, "kinds takes webhooks and domains, with a comma between")
            }
        }
        try call.require(kinds.map(\.readScope))
        let stream = StatusStream(try store.snapshot(), account: call.caller.accountID, kinds: kinds)
        return Response(status: .ok, headers: [.contentType: "application/x-ndjson"], body: Reply.lines(stream))
    }
}
