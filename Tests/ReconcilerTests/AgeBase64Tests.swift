@testable import Reconciler
import Testing

/// https://www.rfc-editor.org/rfc/rfc4648#section-10
@Suite("Base64 in age")
struct AgeBase64Tests {
    static let table = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ]

    @Test("is what the standard says, with and without padding", arguments: AgeBase64Tests.table)
    func vectors(_ text: String, padded: String) {
        let bare = padded.replacing("=", with: "")
        #expect(AgeBase64.encode(text.utf8, padded: true) == Array(padded.utf8))
        #expect(AgeBase64.encode(text.utf8) == Array(bare.utf8))
        #expect(AgeBase64.decode(padded.utf8, padded: true) == Array(text.utf8))
        #expect(AgeBase64.decode(bare.utf8) == Array(text.utf8))
        if padded != bare {
            #expect(AgeBase64.decode(padded.utf8) == nil)
            #expect(AgeBase64.decode(bare.utf8, padded: true) == nil)
        }
    }

    @Test("has one text for each value: of all short texts, each that is read is what is written")
    func oneForm() {
        let bytes = (UInt8.min ... .max).map { [$0] }
        let digits = Array("ABZaz019+/=-_ ".utf8)
        let pairs = digits.flatMap { first in digits.map { [first, $0] } }
        let triples = pairs.flatMap { pair in digits.map { pair + [$0] } }
        let quads = triples.flatMap { triple in digits.map { triple + [$0] } }
        for text in bytes + pairs + triples + quads {
            if let decoded = AgeBase64.decode(text) { #expect(AgeBase64.encode(decoded) == text) }
            if let decoded = AgeBase64.decode(text, padded: true) { #expect(AgeBase64.encode(decoded, padded: true) == text) }
        }
        #expect(AgeBase64.decode(Array("AAAAA".utf8)) == nil)
        #expect(AgeBase64.decode(Array("AAAAB".utf8)) == nil)
    }
}
