@testable import Reconciler
import Testing

/// The test vectors of BIP 173. https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki#test-vectors
@Suite("Bech32")
struct Bech32Tests {
    @Test(
        "takes the proposal's valid texts",
        arguments: [
            "A12UEL5L", "a12uel5l", "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
            "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
            "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j",
            "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "?1ezyfcl",
        ])
    func valid(_ text: String) throws {
        let (prefix, data) = try Bech32.parts(of: text)
        #expect(prefix == text.lowercased().prefix(prefix.count))
        #expect(data.count == text.count - prefix.count - 7)
    }

    @Test(
        "refuses the proposal's invalid texts",
        arguments: [
            ("\u{20}1nwldj5", .character), ("\u{7F}1axkwrx", .character), ("\u{80}1eym55h", .character), ("pzry9x0s0muk", .noPrefix),
            ("1pzry9x0s0muk", .noPrefix), ("x1b4n0q5v", .character), ("li1dgmt3", .checksum), ("de1lg7wt\u{FF}", .character),
            ("A1G7SGD8", .checksum), ("10a06t8", .noPrefix), ("1qzzfhee", .noPrefix), ("A12uEL5L", .mixedCase), ("", .noPrefix),
        ] as [(String, Bech32.Failure)])
    func invalid(_ text: String, failure: Bech32.Failure) {
        #expect(throws: failure) { try Bech32.parts(of: text) }
    }

    @Test("has no limit on the length, which the proposal has and age has not")
    func length() throws {
        let text = "an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1569pvx"
        #expect(try Bech32.parts(of: text).data.isEmpty)
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
        #expect(try Bech32.decode(Bech32.encode("age", bytes)).bytes == bytes)
    }

    @Test("gives back what it was given, of every length")
    func roundTrip() throws {
        for length in 0...64 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) }
            let text = Bech32.encode("age-secret-key-", bytes)
            for written in [text, text.uppercased()] {
                let (prefix, decoded) = try Bech32.decode(written)
                #expect(prefix == "age-secret-key-")
                #expect(decoded == bytes)
            }
        }
    }

    @Test("refuses data that is no whole number of bytes, and bits that are lost")
    func padding() throws {
        for data in [[0], [0, 0, 0], [0, 1], [0, 2], [0, 0, 0, 1], [0, 0, 0, 8], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0]] as [[UInt8]] {
            #expect(throws: Bech32.Failure.padding, "\(data)") { try Bech32.decode(Bech32.encode("age", fives: data)) }
        }
        for (data, bytes) in [([0, 4], 1), ([0, 0, 0, 16], 2), ([0, 0, 0, 0, 8], 3)] as [([UInt8], Int)] {
            #expect(try Bech32.decode(Bech32.encode("age", fives: data)).bytes.count == bytes)
        }
    }

    @Test("sees every character that is replaced by another")
    func mistyped() {
        let text = Bech32.encode("age", (0..<32).map { UInt8($0) })
        for place in text.indices.dropFirst(4) {
            var mistyped = text
            mistyped.replaceSubrange(place...place, with: text[place] == "q" ? "p" : "q")
            #expect(throws: Bech32.Failure.checksum) { try Bech32.decode(mistyped) }
        }
    }
}
