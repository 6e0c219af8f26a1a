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
