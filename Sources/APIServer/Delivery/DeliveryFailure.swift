/// Why an attempt got no answer. Nothing else of the error is kept: it may name what nobody should read.
enum DeliveryFailure: String, CaseIterable, Error, Sendable {
    /// The webhook's host has no address.
    case unresolvable
    /// One of the addresses is one that this server does not send to.
    case addressRefused = "address_refused"
    /// Nobody listens there, or the connection broke.
    case unreachable
    /// The certificate is not valid, or no TLS could be spoken.
    case tls
    /// It took too long.
    case timeout
    /// What came back is no HTTP.
    case malformed
}
