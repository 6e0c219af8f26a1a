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

    @Test("says which name is none, which zone no domain is in, and that a mail host was never named")
    func messages() async throws {
        let folder = try Scratch()
        let wrong = try await Command.reconcile("dns", "--local", "--domain", "b.example", "--domain", "a b", in: folder.path)
        #expect(wrong.code == 64 && wrong.errors.contains(#"--domain "a b": "#), "\(wrong.errors)")
        try folder.write(
            "version: 1\nmanifest: m\nenvironment: e\nwebhooks: { h: { url: https://a.example/ } }\ndomains: { a.example: { webhook: h } }\n",
            to: "reconcile.yaml")
        #expect(try await Command.reconcile("apply", "--local", "--auto-approve", in: folder.path).code == 0)
        for zone in ["b.example", "x.a.example", "ample.example"] {
            let result = try await Command.reconcile("dns", "--local", "--format", "zone", "--zone", zone, in: folder.path)
            #expect(result.code == 64 && result.errors.contains("no domain is in the zone \(zone)") && result.output.isEmpty, "\(result)")
        }
        let note = "The server was not told its mail host"
        for format in ["table", "zone", "octodns", "terraform"] {
            let result = try await Command.reconcile("dns", "--local", "--format", format, in: folder.path)
            #expect(result.code == 0 && result.errors.contains(note) && !result.output.contains(note), "\(result.errors)")
        }
        #expect(try await Command.reconcile("dns", "--local", "--quiet", in: folder.path).errors.isEmpty)
    }

    @Test("writes a file for each zone whose name a file can have, and none when one cannot")
    func longNames() async throws {
        let folder = try Scratch()
        /// Of so many bytes.
        func name(_ count: Int) -> String {
            let labels = Array(repeating: String(repeating: "a", count: 59), count: 4).joined(separator: ".")
            return "\(String(repeating: "b", count: count - labels.utf8.count - 9)).\(labels).example"
        }
        func apply(_ names: [String]) async throws {
            let domains = names.map { "  \($0): { webhook: h }\n" }.joined()
            try folder.write(
                "version: 1\nmanifest: m\nenvironment: e\nwebhooks: { h: { url: https://a.example/ } }\ndomains:\n\(domains)",
                to: "reconcile.yaml")
            let result = try await Command.reconcile("apply", "--local", "--auto-approve", in: folder.path)
            #expect(result.code == 0, "\(result.errors)")
        }
        try await apply(["a.example", name(250)])
        let good = try await Command.reconcile("dns", "--local", "--format", "zone", "--out", "good", in: folder.path)
        #expect(good.code == 0, "\(good.errors)")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.file("good"))
        #expect(Set(files) == ["a.example.zone", "\(name(250)).zone"])
        try await apply(["a.example", name(251)])
        let bad = try await Command.reconcile("dns", "--local", "--format", "zone", "--out", "bad", in: folder.path)
        #expect(bad.code == 1 && bad.errors.contains("255 bytes are the most"), "\(bad.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.file("bad")))
    }
}
