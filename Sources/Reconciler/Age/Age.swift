public import EmailConnect

/// Files encrypted with age, to X25519 recipients. https://age-encryption.org/v1
public enum Age {
    /// The two forms of a file.
    public enum Form: Sendable {
        /// Text that can stand in a manifest.
        case armored
        case binary
    }

    /// Encrypts some bytes, so that each of the recipients can decrypt them.
    /// - Parameter generator: Fit for secrets: the file's key comes from it.
    /// - Throws: when there is no recipient, or too many.
    /// - Complexity: O(*n*), and one agreement for each recipient.
    public static func encrypt(
        _ content: [UInt8], to recipients: [AgeRecipient], as form: Form = .armored, using generator: inout some RandomNumberGenerator
    ) throws(AgeFailure) -> [UInt8] {
        guard !recipients.isEmpty else { throw .noRecipients }
        guard recipients.count <= AgeHeader.recipientLimit else { throw .tooManyRecipients(limit: AgeHeader.recipientLimit) }
        let fileKey = AgeFileKey(using: &generator)
        var stanzas: [AgeStanza] = []
        for recipient in recipients { stanzas.append(try AgeX25519.wrap(fileKey, for: recipient, using: &generator)) }
        let nonce = AgeCipher.random(AgePayload.nonceLength, using: &generator)
        let file = AgeHeader.bytes(stanzas, fileKey) + (try AgePayload.seal(content, fileKey, nonce: nonce))
        return form == .armored ? AgeArmor.encode(file) : file
    }

    /// Decrypts a file in either form: all of it or nothing.
    /// - Throws: when none of the identities opens it, and when it is not exactly what was written.
    /// - Complexity: O(*n*), and at most one agreement for each recipient and identity.
    public static func decrypt(_ file: [UInt8], with identities: [AgeIdentity]) throws(AgeFailure) -> [UInt8] {
        let file = AgeArmor.isArmored(file) ? try AgeArmor.decode(file) : file
        let (header, payload) = try AgeHeaderReader.read(file)
        let fileKey = try header.fileKey(with: identities)
        guard header.isAuthentic(fileKey) else { throw .headerChanged }
        return try AgePayload.open(payload, fileKey)
    }

    /// Encrypts a secret as text for a manifest.
    /// - Throws: when there is no recipient, or too many.
    public static func encrypt(
        _ secret: Secret, to recipients: [AgeRecipient], using generator: inout some RandomNumberGenerator
    ) throws(AgeFailure) -> String {
        String(decoding: try encrypt(Array(secret.reveal().utf8), to: recipients, using: &generator), as: UTF8.self)
    }

    /// Decrypts a text of a manifest.
    /// - Throws: when none of the identities opens it, when it is not exactly what was written, and when it holds no text.
    public static func secret(in file: String, with identities: [AgeIdentity]) throws(AgeFailure) -> Secret {
        guard let text = String(validating: try decrypt(Array(file.utf8), with: identities), as: UTF8.self) else { throw .notText }
        return Secret(text)
    }
}
