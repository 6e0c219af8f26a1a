import Crypto
import FoundationEssentials

/// The primitives, as age puts them together: everything that the cryptographic library throws ends here.
enum AgeCipher {
    /// What ChaCha20-Poly1305 adds to a text.
    static let tagLength = 16
    /// The bits of a nonce that is used once for each key.
    static let zeroNonce = [UInt8](repeating: 0, count: 12)

    /// Ciphertext and tag. https://www.rfc-editor.org/rfc/rfc8439#section-2.8
    static func seal(_ plain: some DataProtocol, _ key: SymmetricKey, _ nonce: [UInt8]) throws(AgeFailure) -> [UInt8] {
        do {
            let box = try ChaChaPoly.seal(plain, using: key, nonce: ChaChaPoly.Nonce(data: nonce))
            return Array(box.ciphertext) + Array(box.tag)
        } catch { throw .library }
    }

    /// The plaintext; nil when it is not what was sealed with this key and nonce.
    static func open(_ sealed: ArraySlice<UInt8>, _ key: SymmetricKey, _ nonce: [UInt8]) -> [UInt8]? {
        guard sealed.count >= tagLength, let nonce = try? ChaChaPoly.Nonce(data: nonce),
            let box = try? ChaChaPoly.SealedBox(
                nonce: nonce, ciphertext: sealed.dropLast(tagLength), tag: sealed.suffix(tagLength)),
            let plain = try? ChaChaPoly.open(box, using: key)
        else { return nil }
        return Array(plain)
    }

    /// Random bytes, fit for keys when the generator is.
    static func random(_ count: Int, using generator: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
