import EmailConnect
@testable import Reconciler
import Testing
import TestSupport

@Suite("An age file")
struct AgeTests {
    private static func bytes(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    @Test("gives back what was encrypted, in both forms", arguments: [0, 1, 47, 48, 65_535, 65_536, 65_537, 131_072, 200_000])
    func roundTrip(_ size: Int) throws {
        var generator = SeededGenerator(seed: UInt64(size))
        let content = Self.bytes(size, &generator)
        let identity = try AgeIdentity(using: &generator)
        for form in [Age.Form.armored, .binary] {
            let file = try Age.encrypt(content, to: [identity.recipient], as: form, using: &generator)
            #expect(try Age.decrypt(file, with: [identity]) == content)
        }
    }

    @Test("opens for each of its recipients, and for nobody else")
    func severalRecipients() throws {
        var generator = SeededGenerator(seed: 1)
        let identities = try (0..<4).map { _ in try AgeIdentity(using: &generator) }
        let file = try Age.encrypt(Secret("s3cret"), to: identities.dropLast().map(\.recipient), using: &generator)
        for identity in identities.dropLast() { #expect(try Age.secret(in: file, with: [identity]).reveal() == "s3cret") }
        #expect(throws: AgeFailure.noMatch) { try Age.secret(in: file, with: [identities[3]]) }
        #expect(try Age.secret(in: file, with: identities.reversed()).reveal() == "s3cret")
    }

    @Test("of the same content never looks the same")
    func randomness() throws {
        var generator = SeededGenerator(seed: 2)
        let identity = try AgeIdentity(using: &generator)
        let files = try (0..<20).map { _ in try Age.encrypt([1], to: [identity.recipient], as: .binary, using: &generator) }
        // The share, the wrapped key, the code and the content: everything but the fixed words.
        for lines in [30..<75, 76..<119, 124..<167, 168..<184, 184..<201] { #expect(Set(files.map { $0[lines] }).count == files.count) }
    }

    @Test("of another program opens here")
    func foreign() throws {
        #expect(try AgeFixtures.open(AgeFixtures.forBoth, AgeFixtures.first) == "Opens a ticket\n")
        #expect(try AgeFixtures.open(AgeFixtures.forBoth, AgeFixtures.second) == "Opens a ticket\n")
        #expect(try AgeFixtures.open(AgeFixtures.empty, AgeFixtures.first, AgeFixtures.second) == "")
        #expect(throws: AgeFailure.noMatch) { try AgeFixtures.open(AgeFixtures.empty, AgeFixtures.first) }
        for (vector, hash) in AgeFixtures.vectors { #expect(Hex.sha256(try AgeFixtures.open(vector, AgeFixtures.vectorKey)) == hash) }
    }

    @Test("that is none of ours says what it is and what to do")
    func kinds() throws {
        let passphrase = #expect(throws: AgeFailure.passphrase) { try AgeFixtures.open(AgeFixtures.withPassphrase, AgeFixtures.first) }
        #expect(passphrase?.rejection.sentence == "encrypted with a passphrase: encrypt to a recipient instead: age -r age1...")
        let ssh = #expect(throws: AgeFailure.otherRecipients(["ssh-ed25519"])) {
            try AgeFixtures.open(AgeFixtures.withSSH, AgeFixtures.first)
        }
        #expect(ssh?.rejection.problem == "encrypted to recipients of other kinds only (ssh-ed25519)")
        for text in ["", "\n", "hello", "age", "-----BEGIN PGP MESSAGE-----\n", "-----begin age encrypted file-----\n"] {
            #expect(throws: AgeFailure.notAge) { try AgeFixtures.open(text, AgeFixtures.first) }
        }
        for version in ["v2", "v", "", "v1 ", "v10"] {
            #expect(throws: AgeFailure.unsupportedVersion) { try AgeFixtures.open("age-encryption.org/\(version)\n", AgeFixtures.first) }
        }
    }

    @Test("needs a recipient and an identity, and has not too many of them")
    func nobody() throws {
        var generator = SeededGenerator(seed: 3)
        let recipient = try AgeIdentity(using: &generator).recipient
        #expect(throws: AgeFailure.noRecipients) { try Age.encrypt([], to: [], using: &generator) }
        #expect(throws: AgeFailure.noIdentities) { try AgeFixtures.open(AgeFixtures.forBoth) }
        #expect(throws: AgeFailure.passphrase) { try AgeFixtures.open(AgeFixtures.withPassphrase) }
        let many = Array(repeating: recipient, count: AgeHeader.recipientLimit + 1)
        #expect(throws: AgeFailure.tooManyRecipients(limit: 500)) { try Age.encrypt([], to: many, using: &generator) }
    }

    @Test("with as many recipients as it may have can be read again")
    func manyRecipients() throws {
        var generator = SeededGenerator(seed: 4)
        let stranger = try AgeIdentity(using: &generator).recipient
        let last = try AgeIdentity(using: &generator)
        let recipients = Array(repeating: stranger, count: AgeHeader.recipientLimit - 1) + [last.recipient]
        let file = try Age.encrypt([7], to: recipients, using: &generator)
        #expect(try Age.decrypt(file, with: [last]) == [7])
    }

    @Test("with any bit changed is refused with one clear error")
    func mutated() throws {
        var generator = SeededGenerator(seed: 5)
        let identity = try AgeIdentity(using: &generator)
        let file = try Age.encrypt(Array("content".utf8), to: [identity.recipient], as: .binary, using: &generator)
        for place in file.indices {
            for bit in 0..<8 {
                var mutated = file
                mutated[place] ^= 1 << bit
                let failure = #expect(throws: AgeFailure.self, "byte \(place), bit \(bit)") { try Age.decrypt(mutated, with: [identity]) }
                #expect(failure?.rejection.problem.isEmpty == false)
                #expect(failure != .library)
            }
        }
    }

    @Test("with any character of its armor changed is refused, or the same file with other line ends")
    func mutatedArmor() throws {
        var generator = SeededGenerator(seed: 6)
        let identity = try AgeIdentity(using: &generator)
        let file = try Age.encrypt(Array("content".utf8), to: [identity.recipient], using: &generator)
        for place in file.indices.dropLast() {
            // A bit, a line end, a space, padding, another digit, nothing.
            for byte in [file[place] ^ 1, 0x0A, 0x0D, 0x20, 0x3D, 0x41, 0] where byte != file[place] {
                var mutated = file
                mutated[place] = byte
                #expect(throws: AgeFailure.self, "byte \(place) is \(byte)") { try Age.decrypt(mutated, with: [identity]) }
            }
        }
    }

    @Test("that is cut short anywhere is refused", arguments: [Age.Form.armored, .binary])
    func truncated(_ form: Age.Form) throws {
        var generator = SeededGenerator(seed: 7)
        let identity = try AgeIdentity(using: &generator)
        let file = try Age.encrypt(Array("content".utf8), to: [identity.recipient], as: form, using: &generator)
        // The line feed at the end of the armor is whitespace around it.
        for length in 0..<(form == .armored ? file.count - 1 : file.count) {
            let failure = #expect(throws: AgeFailure.self) { try Age.decrypt(Array(file.prefix(length)), with: [identity]) }
            if form == .binary, length > 19, length < file.count - 7 { #expect(failure == .truncated, "\(length) bytes") }
        }
    }

    @Test("that holds no text is no secret")
    func text() throws {
        var generator = SeededGenerator(seed: 8)
        let identity = try AgeIdentity(using: &generator)
        let file = try Age.encrypt([0xFF, 0xFE], to: [identity.recipient], using: &generator)
        #expect(throws: AgeFailure.notText) { try Age.secret(in: String(decoding: file, as: UTF8.self), with: [identity]) }
    }
}
