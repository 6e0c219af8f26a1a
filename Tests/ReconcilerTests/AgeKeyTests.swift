import EmailConnect
@testable import Reconciler
import Testing
import TestSupport

@Suite("An age key")
struct AgeKeyTests {
    /// Points that every private key takes to zero. https://cr.yp.to/ecdh.html#validate
    static let lowOrder: [[UInt8]] = [
        [UInt8](repeating: 0, count: 32), [1] + [UInt8](repeating: 0, count: 31),
        [0xEC] + [UInt8](repeating: 0xFF, count: 30) + [0x7F], [0xED] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
        [0xEE] + [UInt8](repeating: 0xFF, count: 30) + [0x7F], [UInt8](repeating: 0, count: 31) + [0x80],
        [
            0xE0, 0xEB, 0x7A, 0x7C, 0x3B, 0x41, 0xB8, 0xAE, 0x16, 0x56, 0xE3, 0xFA, 0xF1, 0x9F, 0xC4, 0x6A, 0xDA, 0x09, 0x8D, 0xEB, 0x9C,
            0x32, 0xB1, 0xFD, 0x86, 0x62, 0x05, 0x16, 0x5F, 0x49, 0xB8, 0x00,
        ],
        [
            0x5F, 0x9C, 0x95, 0xBC, 0xA3, 0x50, 0x8C, 0x24, 0xB1, 0xD0, 0xB1, 0x55, 0x9C, 0x83, 0xEF, 0x5B, 0x04, 0x44, 0x5C, 0xC4, 0x58,
            0x1C, 0x8E, 0x86, 0xD8, 0x22, 0x4E, 0xDD, 0xD0, 0x9F, 0x11, 0x57,
        ],
    ]

    /// The example of the specification. https://age-encryption.org/v1#the-x25519-recipient-type
    private static let identity = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
    private static let recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

    private func rejection(_ body: () throws -> Void) -> Rejection? { #expect(throws: Rejection.self, performing: body) }

    @Test("has the public key that the specification and age-keygen give it")
    func publicKey() throws {
        let identity = try AgeIdentity(Secret(Self.identity))
        #expect(identity.recipient.text == Self.recipient)
        #expect(identity.secret.reveal() == Self.identity)
        #expect(try AgeRecipient(Self.recipient) == identity.recipient)
        for file in [AgeFixtures.first, AgeFixtures.second] {
            let identity = try #require(try AgeFixtures.identities(file).first)
            #expect(file.contains("# public key: \(identity.recipient.text)\n\(identity.secret.reveal())\n"))
        }
    }

    @Test("that is new is written to a file that reads back, in age-keygen's form")
    func keyFile() throws {
        var generator = SeededGenerator(seed: 1)
        let (identity, other) = (try AgeIdentity(using: &generator), try AgeIdentity(using: &generator))
        #expect(identity.recipient != other.recipient)
        let file = identity.keyFile(created: Timestamp(seconds: 1_700_000_000)).reveal()
        #expect(file.hasPrefix("# created: 2023-11-14T22:13:20Z\n# public key: age1"))
        let read = try AgeFixtures.identities(file + other.keyFile().reveal())
        #expect(read.map(\.recipient) == [identity.recipient, other.recipient])
    }

    @Test("that is secret shows nowhere: not in a text, a dump or a container")
    func shows() throws {
        let identity = try AgeIdentity(Secret(Self.identity))
        var dumped = ""
        dump([identity], to: &dumped)
        // The key is 32 times 0x42.
        for text in [
            "\(identity)", String(reflecting: identity), "\([identity])", "\(Optional(identity) as Any)", dumped,
            "\(String(describing: identity.secret))",
        ] {
            for part in ["GFPYY", "gfpyy", "66", "42", "Curve25519"] { #expect(!text.contains(part), "\(text)") }
        }
    }

    @Test("that is no recipient says why, and never repeats a secret")
    func notARecipient() throws {
        let secret = Self.identity
        for (text, problem) in [
            (secret, "this is a secret key, not a recipient"), (secret.lowercased(), "this is a secret key, not a recipient"),
            ("\(secret)x", "this is a secret key, not a recipient"), (Self.recipient.uppercased(), "not an age recipient"),
            ("", "not an age recipient"),
            ("age", "not an age recipient"), ("alice@acme.example", "not an age recipient"),
            ("age1Q\(Self.recipient.dropFirst(5))", "an age recipient has letters in one case only"),
            (String(Self.recipient.dropLast()), "a mistyped or incomplete age key: its checksum is wrong"),
            ("\(Self.recipient)q", "a mistyped or incomplete age key: its checksum is wrong"),
            (Self.recipient.replacing("zvky", with: "zvkb"), "a character that stands in no age key"),
            ("age1", "a mistyped or incomplete age key: its checksum is wrong"),
            (Bech32.encode("age", [1, 2, 3]), "not an age recipient: it has no 32 bytes"),
            ("age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t", "keys of age plugins are not supported"),
            (Self.recipient.replacing("lnjvq", with: "1njvq"), "a mistyped or incomplete age key: its checksum is wrong"),
            ("AGE-PLUGIN-YUBIKEY-1QQPSYQYZ3V6Q8", "keys of age plugins are not supported"),
            ("age1pq1x34nzsvr0rxjsgdn8zgyhfe8j7ceq5r9", "post-quantum age keys are not supported"),
            ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 root@vm", "SSH keys are not supported"), ("ssh-rsa AAAA", "SSH keys are not supported"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----", "SSH keys are not supported"),
        ] {
            let rejection = rejection { _ = try AgeRecipient(text) }
            #expect(rejection?.problem == problem, "\(text)")
            #expect(rejection?.remedy.isEmpty == false)
            #expect(rejection?.sentence.uppercased().contains("GFPYY") == false)
            if text.lowercased().hasPrefix("age-") { #expect(rejection?.hidesValue == true, "\(text)") }
        }
        for point in Self.lowOrder {
            #expect(rejection { _ = try AgeRecipient(Bech32.encode("age", point)) }?.problem == "this recipient's key protects nothing")
        }
    }

    @Test("that is no identity says why, and never repeats it")
    func notAnIdentity() throws {
        let secret = Self.identity
        for (text, problem) in [
            (Self.recipient, "this is a recipient, not a secret key"), (secret.lowercased(), "not an age identity"),
            ("", "not an age identity"),
            ("hunter2", "not an age identity"), (String(secret.dropLast()), "a mistyped or incomplete age key: its checksum is wrong"),
            (secret.replacing("GFPQ", with: "gfpq"), "an age identity has letters in one case only"),
            (Bech32.encode("age-secret-key-", [1]).uppercased(), "not an age identity: it has no 32 bytes"),
            ("AGE-PLUGIN-YUBIKEY-1QQPSYQYZ3V6Q8", "keys of age plugins are not supported"),
            ("AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR", "post-quantum age keys are not supported"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----", "SSH keys are not supported"),
        ] {
            let rejection = rejection { _ = try AgeIdentity(Secret(text)) }
            #expect(rejection?.problem == problem, "\(problem)")
            #expect(rejection?.remedy.isEmpty == false)
            #expect(rejection?.hidesValue == true)
            if !text.isEmpty { #expect(rejection?.sentence.contains(text) == false) }
        }
    }

    @Test("stands in a file with comments, blank lines and other line ends")
    func files() throws {
        let text = "\u{FEFF}# team\r\n\r\n  \(Self.recipient)\t\r\n#\n\n\(Self.recipient)"
        #expect(try AgeRecipient.list(in: Array(text.utf8)).map(\.text) == [Self.recipient, Self.recipient])
        #expect(try AgeFixtures.identities("#\n\n\(Self.identity)\n\(AgeFixtures.first)").count == 2)
    }

    @Test("that is wrong in a file is reported with its line, with all the others")
    func brokenFiles() throws {
        let text = "# team\nssh-rsa AAAA\n\(Self.recipient)\n  \(Self.identity)\n"
        let rejection = try #require(rejection { _ = try AgeRecipient.list(in: Array(text.utf8)) })
        let all = [rejection] + rejection.others
        #expect(all.map(\.problem) == ["SSH keys are not supported", "this is a secret key, not a recipient"])
        #expect(all.map(\.position) == [Position(line: 2, column: 1), Position(line: 4, column: 3)])
    }

    @Test("is not sought in a file of another sort")
    func otherFiles() {
        let many = String(repeating: "word\n", count: 1000)
        let openSSH = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n-----END OPENSSH PRIVATE KEY-----\n"
        for (file, problem, count) in [
            (Array(AgeFixtures.forBoth.utf8), "the file of keys is encrypted itself", 1),
            (Array("age-encryption.org/v1\n".utf8) + [0xFF], "the file of keys is encrypted itself", 1),
            ([0xFF, 0xFE], "this is no file of keys", 1), ([0x61, 0], "this is no file of keys", 1),
            ([UInt8](repeating: 0x0A, count: 1 << 20 + 1), "this is no file of keys", 1), ([], "the file has no key", 1),
            (Array("# nothing\n".utf8), "the file has no key", 1), (Array(many.utf8), "not an age identity", 10),
            (Array(openSSH.utf8), "SSH keys are not supported", 1),
        ] {
            let rejection = rejection { _ = try AgeIdentity.list(in: file) }
            #expect(rejection?.problem == problem)
            #expect((rejection?.others.count ?? 0) + 1 == count)
        }
    }
}
