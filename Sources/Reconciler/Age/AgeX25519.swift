import Crypto
import FoundationEssentials

/// The stanza that wraps a file's key for one recipient. https://age-encryption.org/v1#x25519-recipient-stanza
enum AgeX25519 {
    static let kind = "X25519"
    static let keyLength = 32
    private static let purpose = "age-encryption.org/v1/X25519"
    private static let bodyLength = AgeFileKey.length + AgeCipher.tagLength

    /// The share and the wrapped key of a stanza, which has been seen to have their lengths.
    struct Wrapped {
        let share: [UInt8]
        let body: [UInt8]

        /// - Throws: when the stanza is not as the format has it. The length of the body is checked before anything is decrypted,
        ///   so that a file can't be made that many keys open.
        init(_ stanza: AgeStanza) throws(AgeFailure) {
            guard stanza.arguments.count == 2 else { throw .header(line: stanza.line, "an X25519 stanza has one argument") }
            guard let share = AgeBase64.decode(stanza.arguments[1].utf8), share.count == keyLength else {
                throw .header(line: stanza.line, "the argument of an X25519 stanza is base64 of 32 bytes")
            }
            guard stanza.body.count == bodyLength else { throw .header(line: stanza.line, "an X25519 stanza wraps 32 bytes") }
            self.share = share
            body = stanza.body
        }
    }

    /// Wraps a file's key.
    /// - Throws: when the recipient's key is weak.
    static func wrap(
        _ fileKey: AgeFileKey, for recipient: AgeRecipient, using generator: inout some RandomNumberGenerator
    ) throws(AgeFailure) -> AgeStanza {
        let ephemeral: Curve25519.KeyAgreement.PrivateKey
        do { ephemeral = try .init(rawRepresentation: AgeCipher.random(keyLength, using: &generator)) } catch { throw .library }
        let share = Array(ephemeral.publicKey.rawRepresentation)
        guard let secret = try agree(ephemeral, recipient.key) else { throw .weakRecipient }
        let body = try AgeCipher.seal(fileKey.bytes, wrapKey(secret, share, recipient), AgeCipher.zeroNonce)
        return AgeStanza([kind, String(decoding: AgeBase64.encode(share), as: UTF8.self)], body)
    }

    /// The file's key; nil when the stanza is for another recipient.
    /// - Throws: when the stanza's share is one that makes the secret known to everybody.
    static func unwrap(_ wrapped: Wrapped, line: Int, with identity: AgeIdentity) throws(AgeFailure) -> AgeFileKey? {
        guard let secret = try agree(identity.key, wrapped.share) else {
            throw .header(line: line, "the argument of an X25519 stanza is a point of a low order")
        }
        return AgeCipher.open(wrapped.body[...], wrapKey(secret, wrapped.share, identity.recipient), AgeCipher.zeroNonce)
            .map(AgeFileKey.init)
    }

    /// The shared secret; nil when it is zero, which the library lets pass. https://www.rfc-editor.org/rfc/rfc7748#section-6.1
    static func agree(_ mine: Curve25519.KeyAgreement.PrivateKey, _ theirs: [UInt8]) throws(AgeFailure) -> SharedSecret? {
        do {
            let secret = try mine.sharedSecretFromKeyAgreement(with: .init(rawRepresentation: theirs))
            return secret == [UInt8](repeating: 0, count: keyLength) ? nil : secret
        } catch { throw .library }
    }

    private static func wrapKey(_ secret: SharedSecret, _ share: [UInt8], _ recipient: AgeRecipient) -> SymmetricKey {
        secret.hkdfDerivedSymmetricKey(
            using: SHA256.self, salt: share + recipient.key, sharedInfo: Array(purpose.utf8), outputByteCount: 32)
    }
}
