import EmailConnect
@testable import Reconciler
import Testing

/// The cases of C2SP/CCTV's vectors for contents, made here. https://github.com/C2SP/CCTV/tree/main/age
@Suite("An age content")
struct AgePayloadTests {
    private static let fileKey = AgeFileKey(Array("YELLOW SUBMARINE".utf8))
    private static let nonce = [UInt8](repeating: 3, count: 16)
    private static let full = AgePayload.chunk

    /// A chunk at a place, with or without the mark of the last.
    private func chunk(_ size: Int, _ place: UInt8, last: Bool = false) throws -> [UInt8] {
        try AgeCipher.seal(
            [UInt8](repeating: 7, count: size), Self.fileKey.forContent(nonce: Self.nonce),
            [UInt8](repeating: 0, count: 10) + [place, last ? 1 : 0])
    }

    private func open(_ chunks: [UInt8]...) throws -> Int {
        let content = try AgePayload.open((Self.nonce + chunks.flatMap { $0 })[...], Self.fileKey)
        #expect(content.allSatisfy { $0 == 7 })
        return content.count
    }

    @Test("is one chunk or several, the last of them marked and any length but none")
    func whole() throws {
        #expect(try open(chunk(0, 0, last: true)) == 0)
        #expect(try open(chunk(1, 0, last: true)) == 1)
        #expect(try open(chunk(Self.full, 0, last: true)) == Self.full)
        #expect(try open(chunk(Self.full, 0), chunk(1, 1, last: true)) == Self.full + 1)
        #expect(try open(chunk(Self.full, 0), chunk(Self.full, 1, last: true)) == 2 * Self.full)
        #expect(try open(chunk(Self.full, 0), chunk(Self.full, 1), chunk(9, 2, last: true)) == 2 * Self.full + 9)
    }

    @Test("whose last chunk is empty though others precede it is refused")
    func emptyLastChunk() {
        #expect(throws: AgeFailure.contentChanged) { try open(chunk(Self.full, 0), chunk(0, 1, last: true)) }
    }

    @Test("that ends at a chunk's end without the mark of the last is cut short")
    func noLastChunk() {
        #expect(throws: AgeFailure.truncated) { try open(chunk(1, 0)) }
        #expect(throws: AgeFailure.truncated) { try open(chunk(0, 0)) }
        #expect(throws: AgeFailure.truncated) { try open(chunk(Self.full, 0)) }
        #expect(throws: AgeFailure.truncated) { try open(chunk(Self.full, 0), chunk(1, 1)) }
        #expect(throws: AgeFailure.truncated) { try open(chunk(Self.full, 0), chunk(Self.full, 1)) }
        #expect(throws: AgeFailure.truncated) { try open() }
        #expect(throws: AgeFailure.truncated) { try open(chunk(1, 0, last: true).dropLast(2)) }
        for length in 0..<32 {
            #expect(throws: AgeFailure.truncated) { try AgePayload.open([UInt8](repeating: 0, count: length)[...], Self.fileKey) }
        }
    }

    @Test("with something behind its end is refused")
    func trailing() {
        #expect(throws: AgeFailure.trailing) { try open(chunk(Self.full, 0, last: true), [1]) }
        #expect(throws: AgeFailure.trailing) { try open(chunk(Self.full, 0, last: true), chunk(Self.full, 1, last: true)) }
        #expect(throws: AgeFailure.trailing) { try open(chunk(Self.full, 0, last: true), [UInt8](repeating: 0, count: 100_000)) }
        #expect(throws: AgeFailure.contentChanged) { try open(chunk(1, 0, last: true), [1]) }
        #expect(throws: AgeFailure.contentChanged) { try open(chunk(1, 0, last: true), chunk(1, 1, last: true)) }
        #expect(throws: AgeFailure.contentChanged) {
            try open(chunk(Self.full, 0), chunk(5, 1, last: true), [UInt8](repeating: 0, count: 40))
        }
    }

    @Test("whose chunks are not in their places is refused")
    func order() throws {
        let (first, second, last) = (try chunk(Self.full, 0), try chunk(Self.full, 1), try chunk(5, 2, last: true))
        #expect(try open(first, second, last) == 2 * Self.full + 5)
        #expect(throws: AgeFailure.contentChanged) { try open(second, first, last) }
        #expect(throws: AgeFailure.contentChanged) { try open(first, last) }
        #expect(throws: AgeFailure.contentChanged) { try open(first, first, last) }
        #expect(throws: AgeFailure.contentChanged) { try open(last) }
        #expect(throws: AgeFailure.contentChanged) { try open(chunk(10, 0), chunk(5, 1, last: true)) }
    }

    @Test("with a changed byte is refused, in any chunk")
    func changed() throws {
        let payload = Self.nonce + (try chunk(Self.full, 0)) + (try chunk(50, 1, last: true))
        for place in [0, 15, 16, 40_000, 16 + Self.full, 31 + Self.full, 32 + Self.full, payload.count - 17, payload.count - 1] {
            var changed = payload
            changed[place] ^= 0x80
            #expect(throws: AgeFailure.contentChanged, "byte \(place)") { try AgePayload.open(changed[...], Self.fileKey) }
        }
        #expect(throws: AgeFailure.contentChanged) { try AgePayload.open(payload[...], AgeFileKey([UInt8](repeating: 0, count: 16))) }
    }

    @Test("is what the format says, byte for byte")
    func bytes() throws {
        let content = [UInt8](repeating: 7, count: Self.full + 5)
        let expected = Self.nonce + (try chunk(Self.full, 0)) + (try chunk(5, 1, last: true))
        #expect(try AgePayload.seal(content, Self.fileKey, nonce: Self.nonce) == expected)
    }
}
