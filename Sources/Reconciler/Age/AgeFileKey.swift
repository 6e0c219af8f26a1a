import Crypto
import FoundationEssentials

/// The key that a file is encrypted with, and that its stanzas wrap. https://age-encryption.org/v1#file-key
struct AgeFileKey {
    static let length = 16

    private let key: SymmetricKey

    /// A key for one new file.
    init(using generator: inout some RandomNumberGenerator) { self.init(AgeCipher.random(Self.length, using: &generator)) }

    /// A key that was unwrapped.
    init(_ bytes: [UInt8]) { key = SymmetricKey(data: bytes) }

    /// The bytes, to wrap them.
    var bytes: [UInt8] { unsafe key.withUnsafeBytes { unsafe Array($0) } }

    /// The key of the code over a header. https://age-encryption.org/v1#header-mac
    var forHeader: SymmetricKey { derived(salt: [], "header") }

    /// The key of a content. https://age-encryption.org/v1#payload
    func forContent(nonce: some Sequence<UInt8>) -> SymmetricKey { derived(salt: Array(nonce), "payload") }

    /// https://www.rfc-editor.org/rfc/rfc5869
    private func derived(salt: [UInt8], _ purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: key, salt: salt, info: Array(purpose.utf8), outputByteCount: 32)
    }
}
