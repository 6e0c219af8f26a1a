import Crypto
public import EmailConnect
import FoundationEssentials

/// Whom a file is encrypted to: an X25519 public key, `age1...`. https://age-encryption.org/v1#the-x25519-recipient-type
public struct AgeRecipient: Hashable, Sendable {
    static let prefix = "age"
    static let weak = Rejection("this recipient's key protects nothing", "make a new one with age-keygen")

    /// The 32 bytes of the public key.
    let key: [UInt8]

    /// The text `age1...`; it is no secret.
    public var text: String { Bech32.encode(Self.prefix, key) }

    init(_ key: Curve25519.KeyAgreement.PublicKey) { self.key = Array(key.rawRepresentation) }

    /// Reads `age1...`.
    /// - Throws: when it is no recipient, or one of a kind that is not supported; a secret key is never repeated.
    /// - Complexity: O(*n*).
    public init(_ written: String) throws(Rejection) {
        if let rejection = AgeKeyKind.rejection(of: written, expecting: .recipient) { throw rejection }
        let bytes: [UInt8]
        do throws(Bech32.Failure) { bytes = try Bech32.decode(written).bytes } catch {
            throw AgeKeyKind.rejection(for: error, .recipient)
        }
        guard bytes.count == AgeX25519.keyLength else { throw AgeKeyKind.wrongLength(.recipient) }
        key = bytes
        guard try Self.isStrong(bytes) else { throw Self.weak }
    }

    /// Reads a file of recipients: one a line, with blank lines and lines of comment that start with `#`.
    /// - Throws: everything that is wrong, each with its line; also when there is none.
    /// - Complexity: O(*n*).
    public static func list(in file: [UInt8]) throws(Rejection) -> [AgeRecipient] {
        try AgeKeyFile.read(file, .recipient) { line throws(Rejection) in try AgeRecipient(line) }
    }

    /// Whether an agreement with the key is a secret at all: for points of a low order it is zero, whoever asks.
    /// https://www.rfc-editor.org/rfc/rfc7748#section-6.1
    private static func isStrong(_ key: [UInt8]) throws(Rejection) -> Bool {
        // Any private key gives the same answer, since all of them are multiples of the cofactor.
        do {
            let any = try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: [UInt8](repeating: 1, count: AgeX25519.keyLength))
            return try AgeX25519.agree(any, key) != nil
        } catch { throw AgeFailure.library.rejection }
    }
}
