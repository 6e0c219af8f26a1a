@testable import Reconciler
import Testing

/// The cases of C2SP/CCTV's vectors for armor, made here. https://github.com/C2SP/CCTV/tree/main/age
@Suite("An age armor")
struct AgeArmorTests {
    private static let begin = "-----BEGIN AGE ENCRYPTED FILE-----\n"
    private static let end = "-----END AGE ENCRYPTED FILE-----\n"
    private static let full = String(repeating: "QUJD", count: 16) + "\n"

    private func decode(_ text: String) throws -> [UInt8] { try AgeArmor.decode(Array(text.utf8)) }

    private func text(_ body: String) -> String { Self.begin + body + Self.end }

    @Test("gives back the file, of every length")
    func roundTrip() throws {
        for length in 1...200 {
            let file = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 73 + length) }
            let text = AgeArmor.encode(file)
            #expect(try AgeArmor.decode(text) == file)
            let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            #expect(lines.allSatisfy { $0.count <= 64 })
            #expect(lines.last?.isEmpty == true)
        }
    }

    @Test("may have other line ends, and whitespace around it")
    func tolerated() throws {
        let body = Self.full + "QUI=\n"
        let expected = [UInt8]((0..<16).flatMap { _ in Array("ABC".utf8) } + Array("AB".utf8))
        #expect(try decode(text(body)) == expected)
        #expect(try decode(text(body).replacing("\n", with: "\r\n")) == expected)
        #expect(try decode(String(text(body).dropLast())) == expected)
        #expect(try decode("\n\r   \t\n\(text(body))\n\r   \t\n") == expected)
        #expect(try decode("   \(text(body))  ") == expected)
        #expect(try decode(text(Self.full)) == Array(expected.dropLast(2)))
    }

    @Test("that is not in its one form is refused, with the line")
    func malformed() {
        let full = Self.full
        for (text, line) in [
            (text(""), 2), (text("\n"), 2), (text("\n\(full)"), 2), (text("\(full)\n"), 3), (text("\(full)\n\(full)"), 3),
            (text("QUJD\nQUJD\n"), 2), (text("QUJD\(full)"), 2), (text("\(full)QUJDQQ\n"), 3), (text("\(full)QQ\n"), 3),
            (text("\(full)QR==\n"), 3),
            (text("\(full)QUJ=\n"), 3), (text("\(full)QQ=\n=\n"), 3), (text("\(full)QQ= =\n"), 3), (text("\(full)Q===\n"), 3),
            (text("\(full)====\n"), 3),
            (text("\(full)QUJDQQ==QUJD\n"), 3), (text("\(full.dropLast(5))QQ==\n\(full)"), 2), (text("\(full)QUJD \n"), 3),
            (text(" \(full)"), 2),
            (text("\(full)QU D\n"), 3), (text("\(full)QUJ*\n"), 3), (text("\(full)QU_-\n"), 3), (text("\(full)QUJD\n=njUN\n"), 3),
            (text("Comment: none\n\n\(full)"), 2), (text("\(full)QUJD\r\r\n"), 3), (text("\(full)QUJD\u{0}\n"), 3),
            ("-----BEGIN AGE ENCRYPTED FILE----- \n\(full)\(Self.end)", 1), ("\n\n" + text("\(full)\n"), 5), (text(full) + "garbage\n", 4),
            (text(full) + text(full), 4), ("-----BEGIN AGE ENCRYPTED FILE----- QUJD " + Self.end, 1),
        ] {
            let failure = #expect(throws: AgeFailure.self, "\(text)") { try decode(text) }
            if case .armor(line, _) = failure { continue }
            Issue.record("\(text): \(String(describing: failure))")
        }
    }

    @Test("without its last line is cut short")
    func noEnd() {
        for end in ["", "-----END AGE ENCRYPTED FILE----", "----- END AGE ENCRYPTED FILE -----\n", "-----END PGP MESSAGE-----\n"] {
            #expect(throws: AgeFailure.truncated) { try decode(Self.begin + Self.full + end) }
        }
    }

    @Test("is recognised by its first line only")
    func recognised() {
        #expect(AgeArmor.isArmored(Array(" \n\(Self.begin)".utf8)))
        for text in [
            "garbage\n\(Self.begin)", "----- BEGIN AGE ENCRYPTED FILE -----\n", "-----BEGIN PRIVATE KEY-----\n",
            "-----begin age encrypted file-----", "-----BEGIN AGE", "",
        ] { #expect(!AgeArmor.isArmored(Array(text.utf8))) }
    }
}
