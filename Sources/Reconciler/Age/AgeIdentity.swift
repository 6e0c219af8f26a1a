import Crypto
public import EmailConnect
import FoundationEssentials

/// What a file is decrypted with: an X25519 private key, `AGE-SECRET-KEY-1...`. It never shows by accident: not in a description,
/// a dump, a log or an error. https://age-encryption.org/v1#the-x25519-recipient-type
public struct AgeIdentity: Sendable {
    static let prefix = "age-secret-key-"

    let key: Curve25519.KeyAgreement.PrivateKey

    /// A new identity.
    /// - Throws: only when the cryptographic library fails.
    public init(using generator: inout some RandomNumberGenerator) throws(AgeFailure) {
        do { key = try .init(rawRepresentation: AgeCipher.random(AgeX25519.keyLength, using: &generator)) } catch { throw .library }
    }

    /// Reads `AGE-SECRET-KEY-1...`.
    /// - Throws: when it is no identity, or one of a kind that is not supported; the message does not repeat it.
    /// - Complexity: O(*n*).
    public init(_ written: Secret) throws(Rejection) {
        let text = written.reveal()
        if let rejection = AgeKeyKind.rejection(of: text, expecting: .identity) { throw rejection }
        let bytes: [UInt8]
        do throws(Bech32.Failure) { bytes = try Bech32.decode(text).bytes } catch {
            throw AgeKeyKind.rejection(for: error, .identity)
        }
        guard bytes.count == AgeX25519.keyLength else { throw AgeKeyKind.wrongLength(.identity) }
        do { key = try .init(rawRepresentation: bytes) } catch { throw AgeFailure.library.rejection }
    }

    /// Reads a key file: one identity a line, with blank lines and lines of comment that start with `#`.
    /// - Throws: everything that is wrong, each with its line; also when there is none. No message repeats a key.
    /// - Complexity: O(*n*).
    public static func list(in file: [UInt8]) throws(Rejection) -> [AgeIdentity] {
        try AgeKeyFile.read(file, .identity) { line throws(Rejection) in try AgeIdentity(Secret(line)) }
    }

    /// Whom to encrypt to, so that this identity decrypts it.
    public var recipient: AgeRecipient { AgeRecipient(key.publicKey) }

    /// The text `AGE-SECRET-KEY-1...`, for the one place that must store it.
    public var secret: Secret { Secret(Bech32.encode(Self.prefix, Array(key.rawRepresentation)).uppercased()) }

    /// A key file as `age-keygen` writes it: when it was made and for which recipient, then the identity.
    public func keyFile(created: Timestamp? = nil) -> Secret {
        let comment = created.map { "# created: \($0.text)\n" } ?? ""
        return Secret("\(comment)# public key: \(recipient.text)\n\(secret.reveal())\n")
    }
}

// Without these, Swift would print what is stored.
extension AgeIdentity: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Never the key.
    public var description: String { "(age identity)" }
    /// Never the key.
    public var debugDescription: String { "(age identity)" }
    /// Nothing to reflect on.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
