import EmailConnect
@testable import Reconciler
import Testing
import TestSupport

/// The cases of C2SP/CCTV's vectors for headers, made here. https://github.com/C2SP/CCTV/tree/main/age
@Suite("An age header")
struct AgeHeaderTests {
    private static let fileKey = AgeFileKey(Array("YELLOW SUBMARINE".utf8))
    private let identity: AgeIdentity
    /// The two lines of a stanza that the identity opens.
    private let stanza: String

    init() throws {
        var generator = SeededGenerator(seed: 1)
        identity = try AgeIdentity(using: &generator)
        stanza = String(
            decoding: try AgeX25519.wrap(Self.fileKey, for: identity.recipient, using: &generator).bytes, as: UTF8.self)
    }

    /// Decrypts a file with these lines, a right code, and the content `age`.
    private func open(_ lines: String, version: String = "age-encryption.org/v1\n") throws -> String {
        try open(signed: AgeHeader.signed(Array((version + lines).utf8), Self.fileKey))
    }

    private func open(signed header: [UInt8]) throws -> String {
        let payload = try AgePayload.seal(Array("age".utf8), Self.fileKey, nonce: [UInt8](repeating: 9, count: 16))
        return String(decoding: try Age.decrypt(header + payload, with: [identity]), as: UTF8.self)
    }

    private func isHeaderFailure(_ line: Int? = nil, _ body: () throws -> String) -> Bool {
        do {
            _ = try body()
            return false
        } catch AgeFailure.header(let found, _) { return line == nil || line == found } catch { return false }
    }

    private var share: Substring { stanza.split(whereSeparator: \.isWhitespace)[2] }
    private var body: Substring { stanza.split(separator: "\n")[1] }

    @Test("has stanzas of any kind, and those that are not known are passed over")
    func unknownStanzas() throws {
        let all = String(decoding: (0x21...0x7E).map { UInt8($0) }, as: UTF8.self)
        let line = String(repeating: "A", count: 64)
        let others = [
            "-> grease\n\n", "-> example.com/enigma a b c\nAAAA\n", "-> \(all) \(all)\n\n", "-> stanza\n\(line)\n\n",
            "-> stanza\n\(line)\n\(line)\nAA\n", "-> x25519 AA\n\n", "-> SCRYPT\n\n", "-> X25519-2 \(share)\n\(body)\n", "-> -> ---\n\n",
        ]
        #expect(try open(stanza) == "age")
        for other in others {
            #expect(try open(other + stanza) == "age", "\(other)")
            #expect(try open(stanza + other) == "age", "\(other)")
            #expect(throws: AgeFailure.self, "\(other)") { try open(other) }
        }
        #expect(try open(others.joined() + stanza) == "age")
    }

    @Test("that is not as the grammar says is refused, with the line")
    func malformed() throws {
        let full = String(repeating: "A", count: 64)
        let broken = [
            ("", 2), ("-> a\n-> b\n\n", 3), ("-> a\n", 3), ("->\n\n", 2), ("-> \n\n", 2), ("->a\n\n", 2), ("->  a\n\n", 2),
            ("-> a  b\n\n", 2), ("-> a \n\n", 2), ("-> a\tb\n\n", 2), ("-> é\n\n", 2), ("-> a\u{7F}\n\n", 2), ("> a\n\n", 2),
            ("-- a\n\n", 2), ("\n", 2), ("-> a\n\(full)A\n\n", 3), ("-> a\n\(full)AAAA\n\n", 3), ("-> a\n\(full)\n", 4),
            ("-> a\nAAAA\nAAAA\n", 4), ("-> a\nAA==\n", 3),
            ("-> a\nAAA=\n", 3), ("-> a\nA\n", 3), ("-> a\nAB\n", 3), ("-> a\nAAB\n", 3), ("-> a\nAA AA\n", 3), ("-> a\nAA_-\n", 3),
            ("-> a\r\n\n", 2), ("-> a\n\r\n", 3), ("-> a\nAA\r\n", 3), ("-> a\n AAA\n", 3), ("-> a\nAAA\u{0}\n", 3),
        ]
        for (lines, line) in broken { #expect(isHeaderFailure(line) { try open(lines) }, "\(lines)") }
        for (lines, line) in broken where lines != "" { #expect(isHeaderFailure(line + 2) { try open(stanza + lines) }, "\(lines)") }
        #expect(isHeaderFailure(1) { try open(stanza, version: "age-encryption.org/v1\r\n") })
    }

    @Test("with a stanza of ours that is not as it must be is refused, whatever else it has")
    func malformedX25519() throws {
        let zero = String(repeating: "A", count: 43)
        for broken in [
            "-> X25519\n\(body)\n", "-> X25519 \(share) a\n\(body)\n", "-> X25519 \(share.dropLast())\n\(body)\n",
            "-> X25519 \(share)A\n\(body)\n",
            "-> X25519 \(share)=\n\(body)\n", "-> X25519 \(share.dropLast(2))\n\(body)\n", "-> X25519 AAAA\(share)\n\(body)\n",
            // The last two bits are lost.
            "-> X25519 \(zero.dropLast())B\n\(body)\n", "-> X25519 \(share)\n\n", "-> X25519 \(share)\n\(body)AAAA\n",
            "-> X25519 \(share)\n\(body.dropLast(3))\n", "-> X25519 \(share)\n\(String(repeating: "A", count: 64))\n\n",
        ] {
            #expect(isHeaderFailure { try open(broken) }, "\(broken)")
            #expect(isHeaderFailure { try open(stanza + broken) }, "\(broken)")
        }
    }

    @Test("whose share has a low order is refused: everybody would know the secret")
    func lowOrder() throws {
        for point in AgeKeyTests.lowOrder {
            let share = String(decoding: AgeBase64.encode(point), as: UTF8.self)
            #expect(isHeaderFailure(2) { try open("-> X25519 \(share)\n\(body)\n") }, "\(point)")
        }
    }

    @Test("with a wrapped key that was changed opens for nobody")
    func badTag() throws {
        let changed = (body.first == "A" ? "B" : "A") + body.dropFirst()
        #expect(throws: AgeFailure.noMatch) { try open("-> X25519 \(share)\n\(changed)\n") }
        #expect(try open("-> X25519 \(share)\n\(changed)\n\(stanza)") == "age")
    }

    @Test("with a passphrase is refused, alone or among others")
    func passphrase() {
        let scrypt = "-> scrypt ajMFur+EJLGaohv/dLRGnw 18\n8SHBz/ldWnjyGFQqfjat6uNBarWqqEMDS7W8X7+Xq5Q\n"
        for lines in [scrypt, scrypt + stanza, stanza + scrypt, scrypt + scrypt, "-> scrypt\n\n"] {
            #expect(throws: AgeFailure.passphrase) { try open(lines) }
        }
    }

    @Test("ends with a code in its one form, over all that stands before")
    func code() throws {
        let header = String(decoding: AgeHeader.signed(Array("age-encryption.org/v1\n\(stanza)".utf8), Self.fileKey), as: UTF8.self)
        let place = try #require(header.firstRange(of: "--- "))
        let (lines, code) = (header[..<place.lowerBound], header[place.upperBound...].dropLast())
        func open(_ last: String) throws -> String { try self.open(signed: Array((lines + last).utf8)) }
        #expect(try open("--- \(code)\n") == "age")
        // 32 bytes leave two bits of the last digit.
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let digit = try #require(digits.firstIndex { $0 == code.last })
        for last in [
            "---\n", "--- \n", "---\(code)\n", "---  \(code)\n", "--- \(code) \n", "--- \(code)=\n", "--- \(code)A\n",
            "--- \(code.dropLast())\n",
            "--- \(code)\r\n", "--- \(code.dropLast())\(digits[digit + 1])\n", "---- \(code)\n", "--- \(code) a\n",
        ] { #expect(isHeaderFailure(4) { try open(last) }, "\(last)") }
        #expect(throws: AgeFailure.headerChanged) { try open("--- \(String(repeating: "A", count: 43))\n") }
        #expect(throws: AgeFailure.headerChanged) { try self.open(signed: Array((lines + "-> a\n\n--- \(code)\n").utf8)) }
    }

    @Test("has limits, so that no file makes a reader work for long")
    func limits() throws {
        let small = String(repeating: "-> a\n\n", count: AgeHeader.stanzaLimit - 1)
        #expect(try open(small + stanza) == "age")
        #expect(isHeaderFailure { try open(small + "-> a\n\n" + stanza) })
        let line = String(repeating: "A", count: 64) + "\n"
        #expect(try open("-> a\n\(String(repeating: line, count: 1000))\n\(stanza)") == "age")
        #expect(isHeaderFailure { try open("-> a\n\(String(repeating: line, count: 1009))\n\(stanza)") })
        #expect(isHeaderFailure { try open("-> \(String(repeating: "a", count: 70_000))\n\n\(stanza)") })
    }

    @Test("is written as it is read")
    func roundTrip() throws {
        for size in [0, 1, 47, 48, 49, 95, 96, 97, 1000] {
            let stanzas = [AgeStanza(["a", "b"], [UInt8](repeating: 7, count: size)), AgeStanza(["c"], [])]
            let bytes = AgeHeader.bytes(stanzas, Self.fileKey)
            let (header, rest) = try AgeHeaderReader.read(bytes + [1, 2])
            #expect(header.stanzas.map(\.arguments) == [["a", "b"], ["c"]])
            #expect(header.stanzas.map(\.body) == stanzas.map(\.body))
            #expect(Array(rest) == [1, 2])
            #expect(header.isAuthentic(Self.fileKey))
            #expect(!header.isAuthentic(AgeFileKey([UInt8](repeating: 0, count: 16))))
        }
    }
}
