import Crypto

/// The text before the content: one stanza for each recipient, and a code over all of it. https://age-encryption.org/v1#header
struct AgeHeader {
    static let intro = "age-encryption.org/"
    static let columns = 64
    /// Where reading stops: no honest header is as long, and each stanza costs an agreement for each identity.
    static let limit = 64 << 10
    static let stanzaLimit = 1000
    /// As many X25519 stanzas fit into a header with room for what may come.
    static let recipientLimit = 500

    let stanzas: [AgeStanza]
    /// What the code covers: all up to `---`.
    let covered: ArraySlice<UInt8>
    let code: [UInt8]

    /// A header as it is written, with its code.
    static func bytes(_ stanzas: [AgeStanza], _ fileKey: AgeFileKey) -> [UInt8] {
        signed(Array("\(intro)v1\n".utf8) + stanzas.flatMap(\.bytes), fileKey)
    }

    /// A version line and stanzas, with their code.
    static func signed(_ lines: [UInt8], _ fileKey: AgeFileKey) -> [UInt8] {
        let covered = lines + Array("---".utf8)
        let code = HMAC<SHA256>.authenticationCode(for: covered, using: fileKey.forHeader)
        return covered + Array(" ".utf8) + AgeBase64.encode(code) + Array("\n".utf8)
    }

    /// Whether the header is the one that was written with this key. The comparison takes as long wherever a difference is.
    func isAuthentic(_ fileKey: AgeFileKey) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: covered, using: fileKey.forHeader)
    }

    /// The file's key, by whichever identity and stanza have it.
    /// - Throws: when the file has a passphrase or a wrong stanza, and when no identity opens it.
    /// - Complexity: O(stanzas * identities) agreements.
    func fileKey(with identities: [AgeIdentity]) throws(AgeFailure) -> AgeFileKey {
        if stanzas.contains(where: { $0.kind == "scrypt" }) { throw .passphrase }
        var wrapped: [(AgeX25519.Wrapped, line: Int)] = []
        for stanza in stanzas where stanza.kind == AgeX25519.kind { wrapped.append((try AgeX25519.Wrapped(stanza), stanza.line)) }
        guard !wrapped.isEmpty else { throw .otherRecipients(stanzas.map(\.kind)) }
        guard !identities.isEmpty else { throw .noIdentities }
        for identity in identities {
            for (stanza, line) in wrapped {
                if let key = try AgeX25519.unwrap(stanza, line: line, with: identity) { return key }
            }
        }
        throw .noMatch
    }
}
