import EmailConnect

/// One attempt, as it is sent.
struct Outgoing: Sendable {
    let url: HTTPURL
    let headers: [(name: String, value: String)]
    let body: [UInt8]
}

/// What came of an attempt.
struct Attempt: Sendable {
    /// What the webhook answered.
    struct Answer: Sendable {
        var status: Int
        /// How its body begins.
        var body: [UInt8] = []
        /// Seconds after which it wants to be asked again.
        var retryAfter: Int?
    }

    var milliseconds: Int
    var result: Result<Answer, DeliveryFailure>

    /// Whether the webhook has the message.
    var isDelivered: Bool { if case .success(let answer) = result { (200..<300).contains(answer.status) } else { false } }
    /// The status that was answered.
    var status: Int? { if case .success(let answer) = result { answer.status } else { nil } }
    /// Why there was no answer.
    var failure: DeliveryFailure? { if case .failure(let failure) = result { failure } else { nil } }
}

/// What the log keeps of an answer: how it begins, without the webhook's secrets, which an endpoint may send back.
enum Excerpt {
    /// The most bytes of it.
    static let limit = 2048

    static func text(_ body: [UInt8], hiding secrets: [String]) -> String? {
        guard !body.isEmpty else { return nil }
        var text = String(decoding: body, as: UTF8.self).replacing("\0", with: "\u{FFFD}")
        for secret in secrets.sorted(by: { $0.utf8.count > $1.utf8.count }) where secret.utf8.count >= 4 {
            text = text.replacing(secret, with: "***")
        }
        while text.utf8.count > limit { text = String(text.prefix(min(text.count - 1, limit))) }
        return text
    }
}
