import Foundation
import Testing
import TestSupport

@Suite("Verification, from the records to the account")
struct VerificationTests {
    @Test("prints records that BIND, octoDNS and Terraform read alike, finds them once they are there, and lets endpoints have their say")
    func all() async throws {
        let python = "\(Repository.root)/.build/python/bin/python3"
        try #require(FileManager.default.fileExists(atPath: python), "\(python) is missing: run scripts/prerequisites --tests")
        let scratch = try Scratch()
        let result = try await Command.run(
            python, ["\(Repository.root)/Tests/EndToEndTests/Scripts/verification.py", Command.binary, scratch.path], in: scratch.path)
        #expect(result.code == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains(/\d\d checks passed/))
    }

    @Test(
        "refuses what does not go together with 64",
        arguments: [
            ["reconcile.yaml", "--domain", "a.example"], ["--out", "x"], ["--format", "terraform", "--out", "x"], ["--zone", "a.example"],
            ["--domain", "a b"], ["--format", "zone", "--zone", "localhost"], ["--format", "zone", "--out", ""],
        ])
    func usage(arguments: [String]) async throws {
        let folder = try Scratch()
        let result = try await Command.run(Command.binary, ["dns", "--local"] + arguments, in: folder.path)
        #expect(result.code == 64, "\(result.errors)")
        #expect(result.output.isEmpty)
    }

    @Test("reads a local account without writing a byte, and its mail host from the server that it belongs to")
    func local() async throws {
        let folder = try Scratch()
        try folder.write(
            "version: 1\nmanifest: m\nenvironment: e\nwebhooks: { h: { url: https://a.example/ } }\ndomains: { a.example: { webhook: h } }\n",
            to: "reconcile.yaml")
        let none = try await Command.reconcile("dns", "--local", in: folder.path)
        #expect(none.code == 1 && none.output.isEmpty && none.errors.contains("the account has no domain a.example"), "\(none.errors)")
        #expect(folder.names == ["reconcile.yaml"])
        #expect(try await Command.reconcile("apply", "--local", "--auto-approve", in: folder.path).code == 0)
        let local = try await Command.reconcile("dns", "--local", in: folder.path)
        #expect(local.code == 0 && local.output.hasPrefix("a.example  pending\n  MX   a.example                10 mail.localhost\n"))
        _ = try await Command.start(
            Command.binary,
            ["serve", "--db", ".reconcile/local.db", "--port", "0", "--key-file", "key", "--mail-host", "Mail.Host.Example"],
            in: folder.path
        ) { server in
            _ = try await server.waits(forOutput: "listening")
            server.terminate()
        }
        let later = try await Command.reconcile("dns", "--local", "--format", "zone", in: folder.path)
        #expect(
            later.output.hasPrefix("$ORIGIN a.example.\n@\t3600\tIN\tMX\t10 mail.host.example.\n_emailconnect\t3600\tIN\tTXT\t\"emailc"))
    }
}
