import EmailConnect
import HTTPTypes
import Hummingbird

extension Routes {
    /// What people do about deliveries.
    var deliveryRoutes: [Route] {
        [
            Route(
                method: .post, path: "/v1/emails/{id}/replay", name: "replayEmail",
                about: "Delivers an email again, on the way that its recipient has today. One that waits is tried now.", group: "Emails",
                access: .scopes([.emailsWrite]), answers: [.init(status: 202, about: "It is queued.", type: nil)], handler: replay),
            Route(
                method: .post, path: "/v1/webhooks/{id}/resume", name: "resumeWebhook",
                about: "Ends a webhook's suspension; what has waited is delivered.", group: "Webhooks", access: .scopes([.webhooksWrite]),
                answers: [
                    .init(
                        status: 200, about: "The webhook.", schema: .named("Webhook"), example: Examples.record(.webhook),
                        headers: Self.etag), Self.unseen,
                ],
                handler: resume),
        ]
    }

    private func replay(_ call: Call) async throws -> Response {
        _ = try call.query()
        try call.caller.requireOwner(nil)
        try await inlet.replay(try call.id(), account: call.caller.accountID)
        return Response(status: .accepted)
    }

    private func resume(_ call: Call) async throws -> Response {
        _ = try call.query()
        let id = try call.id()
        try await inlet.resume(id, for: call.caller)
        return try await item(Webhook.self, id, call, .ok)
    }
}
