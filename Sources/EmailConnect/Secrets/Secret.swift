import Crypto

/// A value that never shows: not in a description, a dump, a log or an error. It is not compared with `==`, since that tells by its
/// time where two differ, and put into no text.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String

    /// Wraps a value.
    public init(_ text: String) { self.text = text }

    /// The value itself, for the one place that must send or store it.
    public func reveal() -> String { text }

    /// Whether both are the same, in a time that does not depend on where they differ.
    public func isSame(as other: Secret) -> Bool {
        let (one, two) = (Array(text.utf8), Array(other.text.utf8))
        guard one.count == two.count else { return false }
        return zip(one, two).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// Never the value.
    public var description: String { "(secret)" }
    /// Never the value.
    public var debugDescription: String { "(secret)" }
    /// Nothing to reflect on.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension DefaultStringInterpolation {
    /// A secret is put into no text. A warning, which is an error in this package: an overload that is unavailable would be passed over
    /// for the general one.
    @available(*, deprecated, message: "a secret is shown nowhere; reveal() is for the one place that sends or stores it")
    public mutating func appendInterpolation(_ secret: Secret) { appendLiteral(secret.description) }
}

/// What the account shows of a secret: a salt of its own and HMAC-SHA-256 over the value, so that two sides can compare.
/// https://www.rfc-editor.org/rfc/rfc2104
public struct Fingerprint: Hashable, Sendable {
    /// 32 hexadecimal digits.
    public let salt: String
    /// 64 hexadecimal digits.
    public let hmac: String

    /// A fingerprint as the wire or a row has it.
    public init(salt: String, hmac: String) {
        self.salt = salt
        self.hmac = hmac
    }

    /// The fingerprint of a value under a salt.
    public init(of secret: Secret, salt: String) {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array(secret.reveal().utf8), using: SymmetricKey(data: Array(salt.utf8)))
        self.init(salt: salt, hmac: Hex.text(code))
    }

    /// Whether a value is the one behind the fingerprint.
    public func matches(_ secret: Secret) -> Bool { Fingerprint(of: secret, salt: salt) == self }
}

/// Bytes as hexadecimal digits.
public enum Hex {
    /// Lower case.
    public static func text(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// SHA-256 of a text, as 64 digits. https://csrc.nist.gov/pubs/fips/180-4/upd1/final
    public static func sha256(_ text: String) -> String { sha256(Array(text.utf8)) }

    /// SHA-256 of some bytes, as 64 digits.
    public static func sha256(_ bytes: [UInt8]) -> String { self.text(SHA256.hash(data: bytes)) }
}
