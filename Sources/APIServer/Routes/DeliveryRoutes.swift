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
        let (id, account, time) = (try call.id(), call.caller.accountID, clock.now())
        try await store.write { try Replay.begin(id, account: account, at: time, in: $0) }
        inlet.bell.ring()
        return Response(status: .accepted)
    }

    private func resume(_ call: Call) async throws -> Response {
        _ = try call.query()
        let (id, caller, time) = (try call.id(), call.caller, clock.now())
        try await store.write { transaction in
            let found = try transaction.first(
                "SELECT o.name FROM webhooks w LEFT JOIN owners o ON o.id = w.owner_id WHERE w.account_id = ? AND w.id = ?",
                [.text(caller.accountID), .text(id)]
            ) { (owner: $0.optionalText(0), isThere: true) }
            guard let found else { throw Problem(.notFound, "there is no webhook \(id.prefix(64))") }
            try caller.requireOwner(found.owner)
            try WebhookHealth.resume(id, at: time, in: transaction)
        }
        inlet.bell.ring()
        return try await item(Webhook.self, id, call, .ok)
    }
}
