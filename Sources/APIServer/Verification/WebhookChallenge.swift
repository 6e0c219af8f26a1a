import EmailConnect

/// A call that asks a webhook's endpoint whether it wants to be called: its answer repeats the code, or somebody who reads it there sends
/// the code to the API.
struct WebhookChallenge: Sendable {
    let id: String
    let webhookID: String
    let code: Secret
    let time: Timestamp

    /// How long a code is good for, in seconds.
    static let life = 900

    init(_ webhookID: String, at time: Timestamp, _ random: Randomness) {
        id = "whv_" + random.identifier(16)
        self.webhookID = webhookID
        code = Secret(random.identifier(32))
        self.time = time
    }

    var expiresAt: Timestamp { Timestamp(seconds: time.seconds + Self.life) }

    /// The request: signed as every delivery is.
    func outgoing(to endpoint: WebhookEndpoint) -> Outgoing {
        var json = JSONWriter()
        json.object { json in
            json.member("type", "webhook.verification")
            json.member("id", id)
            json.member("created_at", time.text)
            json.object("webhook") { $0.member("id", webhookID) }
            json.member("code", code.reveal())
            json.member("expires_at", expiresAt.text)
        }
        return endpoint.outgoing(json.bytes, id: id, at: time)
    }

    /// Whether the endpoint took the call and repeats the code: alone, or as `{"code": "..."}` and nothing else. Who merely sends back what
    /// it got does not know what it says.
    func isAnswered(by attempt: Attempt) -> Bool {
        guard attempt.isDelivered, case .success(let answer) = attempt.result, answer.body.count <= 1024 else { return false }
        let text = String(decoding: answer.body, as: UTF8.self).filter { !$0.isWhitespace }
        return text == code.reveal() || text == #"{"code":"\#(code.reveal())"}"#
    }
}
