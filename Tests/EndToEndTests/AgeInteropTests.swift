import EmailConnect
import Foundation
import Reconciler
import Testing
import TestSupport

/// What is written here opens with the reference implementation, Debian's `age`, and the other way round.
@Suite("The age program")
struct AgeInteropTests {
    private let scratch: Scratch
    private let ours: AgeIdentity
    private let theirs: AgeIdentity

    init() async throws {
        scratch = try Scratch()
        var generator = SystemRandomNumberGenerator()
        ours = try AgeIdentity(using: &generator)
        try scratch.write(ours.keyFile(created: Timestamp(seconds: 1_700_000_000)).reveal(), to: "ours.key")
        #expect(try await Command.run("age-keygen", ["-o", "theirs.key"], in: scratch.path).code == 0)
        theirs = try #require(try AgeIdentity.list(in: Array(scratch.read("theirs.key").utf8)).first)
    }

    private func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: URL(filePath: scratch.file(name))) }

    private func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: scratch.file(name)))) }

    /// Runs `age` in the folder and expects that it succeeds.
    private func age(_ arguments: String...) async throws {
        let result = try await Command.run("age", arguments, in: scratch.path)
        #expect(result.code == 0, "\(result.errors)")
    }

    @Test("agrees on the public keys of both")
    func publicKeys() async throws {
        for (file, identity) in [("ours.key", ours), ("theirs.key", theirs)] {
            let result = try await Command.run("age-keygen", ["-y", file], in: scratch.path)
            #expect(result.output == "\(identity.recipient.text)\n", "\(result.errors)")
        }
    }

    @Test("opens what was encrypted here, in both forms", arguments: [0, 1, 48, 65_535, 65_536, 65_537, 200_000])
    func encryptedHere(_ size: Int) async throws {
        var generator = SystemRandomNumberGenerator()
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 * 31) }
        for form in [Age.Form.armored, .binary] {
            let file = try Age.encrypt(content, to: [ours.recipient, theirs.recipient], as: form, using: &generator)
            try write(file, to: "file.age")
            for key in ["ours.key", "theirs.key"] {
                // The program makes no file for an empty content.
                try write([], to: "plain")
                try await age("-d", "-i", key, "-o", "plain", "file.age")
                #expect(try read("plain") == content, "\(form), \(key)")
            }
        }
    }

    @Test("encrypts what opens here, in both forms", arguments: [0, 1, 48, 65_535, 65_536, 65_537, 200_000])
    func encryptedThere(_ size: Int) async throws {
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 * 31) }
        try write(content, to: "plain")
        try scratch.write("# both\n\(ours.recipient.text)\n\(theirs.recipient.text)\n", to: "recipients")
        for form in [["-a"], []] {
            let result = try await Command.run(
                "age", ["-R", "recipients"] + form + ["-o", "file.age", "plain"], in: scratch.path)
            #expect(result.code == 0, "\(result.errors)")
            let file = try read("file.age")
            for identity in [ours, theirs] { #expect(try Age.decrypt(file, with: [identity]) == content, "\(form)") }
        }
    }

    @Test("refuses a file of ours of which a byte was changed or is missing, as is done here")
    func damaged() async throws {
        var generator = SystemRandomNumberGenerator()
        let file = try Age.encrypt(Array("content".utf8), to: [ours.recipient], as: .binary, using: &generator)
        var changed = file
        changed[file.count - 1] ^= 1
        for damaged in [changed, Array(file.dropLast()), file + [0]] {
            try write(damaged, to: "file.age")
            let result = try await Command.run("age", ["-d", "-i", "ours.key", "-o", "plain", "file.age"], in: scratch.path)
            #expect(result.code != 0)
            #expect(throws: AgeFailure.contentChanged) { try Age.decrypt(damaged, with: [ours]) }
        }
    }
}
