/// The content: a nonce, and chunks that each know their place and which is the last. https://age-encryption.org/v1#payload
enum AgePayload {
    static let chunk = 64 << 10
    static let nonceLength = 16

    /// Encrypts the content.
    /// - Complexity: O(*n*).
    static func seal(_ content: [UInt8], _ fileKey: AgeFileKey, nonce: [UInt8]) throws(AgeFailure) -> [UInt8] {
        let key = fileKey.forContent(nonce: nonce)
        var payload = nonce
        payload.reserveCapacity(nonce.count + content.count + (content.count / chunk + 1) * AgeCipher.tagLength)
        var rest = content[...]
        var counter: UInt64 = 0
        repeat {
            let piece = rest.prefix(chunk)
            rest = rest.dropFirst(chunk)
            payload += try AgeCipher.seal(piece, key, place(counter, isLast: rest.isEmpty))
            counter += 1
        } while !rest.isEmpty
        return payload
    }

    /// Decrypts the content, all of it or nothing.
    /// - Throws: when a chunk is not what was written at this place, when the last is missing, and when something follows it.
    /// - Complexity: O(*n*).
    static func open(_ payload: ArraySlice<UInt8>, _ fileKey: AgeFileKey) throws(AgeFailure) -> [UInt8] {
        guard payload.count >= nonceLength + AgeCipher.tagLength else { throw .truncated }
        let key = fileKey.forContent(nonce: payload.prefix(nonceLength))
        var content: [UInt8] = []
        content.reserveCapacity(payload.count)
        var rest = payload.dropFirst(nonceLength)
        var counter: UInt64 = 0
        repeat {
            let piece = rest.prefix(chunk + AgeCipher.tagLength)
            rest = rest.dropFirst(chunk + AgeCipher.tagLength)
            guard let plain = AgeCipher.open(piece, key, place(counter, isLast: rest.isEmpty)) else {
                // With the other mark it may be whole, which tells more than that something is wrong.
                guard AgeCipher.open(piece, key, place(counter, isLast: !rest.isEmpty)) != nil else { throw .contentChanged }
                throw rest.isEmpty ? .truncated : .trailing
            }
            // Else one content would have two forms.
            guard !plain.isEmpty || counter == 0 else { throw .contentChanged }
            content += plain
            counter += 1
        } while !rest.isEmpty
        return content
    }

    /// The nonce of a chunk: 11 bytes of its number, then whether it is the last.
    private static func place(_ counter: UInt64, isLast: Bool) -> [UInt8] {
        [0, 0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: counter >> (56 - 8 * UInt64($0))) } + [isLast ? 1 : 0]
    }
}
