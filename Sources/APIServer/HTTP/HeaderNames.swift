import HTTPTypes

extension HTTPField.Name {
    static let requestID = known("X-Request-Id")
    static let contentTypeOptions = known("X-Content-Type-Options")
    static let idempotencyKey = known("Idempotency-Key")
    /// Pins the account: a key of another one is refused before anything is read or written.
    static let account = known("EmailConnect-Account")
    /// The API key, for clients that have it there.
    static let apiKey = known("X-API-KEY")
    /// Which of the known clients it is.
    static let source = known("X-EmailConnect-Source")
    static let forwardedFor = known("X-Forwarded-For")
    static let rateLimit = known("X-RateLimit-Limit")
    static let rateRemaining = known("X-RateLimit-Remaining")
    static let rateReset = known("X-RateLimit-Reset")
    static let ratePolicy = known("RateLimit-Policy")
    static let rateDraft = known("RateLimit")
    static let csrfToken = known("X-CSRF-Token")
    static let referrerPolicy = known("Referrer-Policy")
    static let contentSecurityPolicy = known("Content-Security-Policy")
    static let frameOptions = known("X-Frame-Options")
    static let origin = known("Origin")

    /// A test reads them back, so that a slip does not go unseen.
    private static func known(_ name: String) -> HTTPField.Name { HTTPField.Name(name) ?? .location }
}
