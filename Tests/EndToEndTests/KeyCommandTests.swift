import EmailConnect
import EmailConnectClient
import Foundation
import Testing
import TestSupport

@Suite("Keys from the command line")
struct KeyCommandTests {
    private static let manifest = """
        version: 1
        manifest: m
        environment: e
        api_keys:
          a: { scopes: [aliases:read], expires_after: 120d, rotate_every: 90d, deliver_to: { file: keys/a } }
          b: { scopes: [aliases:read], deliver_to: { file: keys/b } }

        """

    /// A server, and a folder with the manifest applied to it.
    private func applied(
        _ manifest: String = manifest, clock: SettableClock = SettableClock(),
        _ body: (Scratch, [String: String], TestServer) async throws -> Void
    ) async throws {
        let folder = try Scratch()
        try folder.write(manifest, to: "reconcile.yaml")
        try await TestServer.with(clock: clock.clock) { server in
            let environment = ["EMAILCONNECT_URL": "http://127.0.0.1:\(server.port)/v1", "EMAILCONNECT_API_KEY": server.key]
            let applied = try await Command.reconcile("apply", "--auto-approve", in: folder.path, environment: environment)
            #expect(applied.code == 0, "\(applied.errors)")
            try await body(folder, environment, server)
        }
    }

    private func works(_ key: String, _ environment: [String: String], in folder: Scratch) async throws -> Bool {
        let url = environment["EMAILCONNECT_URL"] ?? ""
        let header = "Authorization: Bearer \(key.trimmingCharacters(in: .newlines))"
        return try await Command.run("/usr/bin/curl", ["-sf", "-o", "/dev/null", "-H", header, "\(url)/aliases"], in: folder.path).code == 0
    }

    @Test("are rotated with overlap: the new one is where it belongs, the old one ends after its grace, and due is what is due")
    func rotate() async throws {
        let clock = SettableClock()
        try await applied(clock: clock) { folder, environment, _ in
            let old = try folder.read("keys/a")
            func reconcile(_ arguments: String...) async throws -> CommandResult {
                try await Command.run(Command.binary, arguments, in: folder.path, environment: environment)
            }
            let early = try await reconcile("keys", "rotate", "--due", "--auto-approve")
            #expect(early.code == 0 && early.output.hasSuffix("Nothing to apply.\n"), "\(early.output)")
            clock.advance(seconds: 90 * 86_400)
            #expect(try await reconcile("plan").output.contains("Due: api key a, rotation since "))
            #expect(try await reconcile("keys", "list").output.contains(/a +m\/e +active +90d +never +\S+ +due +aliases:read/))
            let rotated = try await reconcile("keys", "rotate", "--due", "--auto-approve")
            #expect(
                rotated.code == 0 && rotated.output.contains("~ api key a  new token to file keys/a\n"),
                "\(rotated.output)\(rotated.errors)")
            #expect(rotated.output.contains("Delivered api key a to file keys/a.") && !rotated.output.contains("api key b"))
            let new = try folder.read("keys/a")
            #expect(new != old)
            #expect(try await works(new, environment, in: folder))
            #expect(try await works(old, environment, in: folder))
            clock.advance(seconds: 86_400)
            #expect(try await !works(old, environment, in: folder))
            #expect(try await works(new, environment, in: folder))
            #expect(try await !reconcile("plan").output.contains("Due:"))
            #expect(try await reconcile("plan", "--detailed-exitcode").code == 0, "a rotation is no drift")
            let wide = try folder.read("reconcile.yaml").replacing("b: { scopes: [aliases:read]", with: "b: { scopes: [emails:read]")
            try folder.write(wide, to: "wide.yaml")
            let drifted = try await reconcile("keys", "rotate", "b", "--auto-approve", "--manifest", "wide.yaml")
            #expect(
                drifted.code == 4 && drifted.output.contains("api key b is not as the manifest has it: scopes; apply first"),
                "\(drifted.output)")
            let named = try await reconcile("keys", "rotate", "b", "--auto-approve", "--format", "json")
            #expect(
                named.code == 0 && named.output.contains(#""command":"keys rotate""#) && named.output.contains("api key b to file keys/b"))
            #expect(!(named.output + rotated.output).contains(try folder.read("keys/b").prefix(20)))
            let unknown = try await reconcile("keys", "rotate", "c", "--auto-approve")
            #expect(unknown.code == 1 && unknown.errors.contains("the manifest has no api key c"))
            for wrong in [["keys", "rotate"], ["keys", "rotate", "a", "--due"], ["keys", "rotate", "a"]] {
                #expect(try await Command.run(Command.binary, wrong, in: folder.path, environment: environment).code == 64, "\(wrong)")
            }
        }
    }

    @Test("that leaked are ended at once, and nobody makes them again by accident")
    func revoke() async throws {
        try await applied { folder, environment, _ in
            func reconcile(_ arguments: String...) async throws -> CommandResult {
                try await Command.run(Command.binary, arguments, in: folder.path, environment: environment)
            }
            let key = try folder.read("keys/b")
            #expect(try await reconcile("keys", "revoke", "b").code == 64, "it asks")
            let revoked = try await reconcile("keys", "revoke", "b", "--auto-approve")
            #expect(revoked.code == 0 && revoked.output.hasPrefix("Revoked api key b (key_"), "\(revoked.errors)")
            #expect(try await !works(key, environment, in: folder))
            #expect(try await reconcile("keys", "revoke", "b", "--auto-approve").output.hasPrefix("Revoked already, at "))
            #expect(try await reconcile("plan").code == 4)
            #expect(try await reconcile("keys", "rotate", "b", "--auto-approve").code == 4)
            let wrong = try await reconcile("keys", "revoke", "bb", "--auto-approve")
            #expect(wrong.code == 1 && wrong.errors.contains("m/e has no api key bb; did you mean b?"), "\(wrong.errors)")
            #expect(try await reconcile("keys", "list").output.contains(/b +m\/e +revoked/))
            let own = try await reconcile("keys", "list", "--all", "--format", "json").output
            let id = try #require(own.firstMatch(of: /"name":"first key","id":"(key_[A-Za-z0-9]+)"/)).1
            let refused = try await reconcile("keys", "revoke", String(id), "--auto-approve")
            #expect(refused.code == 5 && refused.errors.contains("this is the key that is calling"), "\(refused.errors)")
        }
    }

    @Test("for one job live for an hour, can do no more than who makes them, and are nobody's to manage")
    func create() async throws {
        let clock = SettableClock()
        try await applied(clock: clock) { folder, environment, _ in
            let made = try await Command.reconcile(
                "keys", "create", "--expires", "1h", "--scopes", "aliases:read", in: folder.path, environment: environment)
            #expect(made.code == 0 && made.errors.isEmpty, "\(made.errors)")
            #expect(try await works(made.output, environment, in: folder))
            #expect(try await Command.reconcile("plan", "--fail-on-unmanaged", in: folder.path, environment: environment).code == 0)
            var lesser = environment
            lesser["EMAILCONNECT_API_KEY"] = made.output.trimmingCharacters(in: .newlines)
            let more = try await Command.reconcile(
                "keys", "create", "--expires", "1h", "--scopes", "full", in: folder.path, environment: lesser)
            #expect(more.code == 1 && more.output.isEmpty)
            let file = try await Command.reconcile(
                "keys", "create", "--expires", "30m", "--scopes", "aliases:read,emails", "--out", "job.key", in: folder.path,
                environment: environment)
            #expect(file.code == 0 && file.output.isEmpty)
            #expect(try FileManager.default.attributesOfItem(atPath: folder.file("job.key"))[.posixPermissions] as? Int == 0o600)
            clock.advance(seconds: 3600)
            #expect(try await !works(made.output, environment, in: folder))
            for wrong in [["--expires", "2d", "--scopes", "full"], ["--expires", "1h", "--scopes", "ful"], ["--expires", "1h"]] {
                #expect(try await Command.run(Command.binary, ["keys", "create"] + wrong, in: folder.path).code == 64, "\(wrong)")
            }
        }
    }

    @Test("whose place cannot take them are not made, and nothing is sent")
    func probed() async throws {
        let folder = try Scratch()
        try await TestServer.with { server in
            let environment = ["EMAILCONNECT_URL": "http://127.0.0.1:\(server.port)/v1", "EMAILCONNECT_API_KEY": server.key]
            try folder.write("x", to: "file")
            try folder.write("x", to: "folder/other")
            try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "/dev/stdout")
            for (place, problem) in [
                ("{ file: file/key }", "file is no folder"), ("{ file: folder }", "it is no file"),
                ("{ command: [no-such-program] }", "there is no program no-such-program"),
                ("{ file: link }", "it is a link; name the file itself"), ("{ file: /dev/full }", "it is no file"),
                (
                    "{ age_file: file/key, recipients: [age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p] }",
                    "file is no folder"
                ),
            ] {
                let keys = "api_keys: { k: { scopes: [full], deliver_to: \(place) } }\n"
                try folder.write("version: 1\nmanifest: m\nenvironment: e\n\(keys)", to: "reconcile.yaml")
                let result = try await Command.reconcile(
                    "apply", "--auto-approve", "--allow-commands", in: folder.path, environment: environment)
                #expect(result.code == 1 && result.errors.contains(problem), "\(place): \(result.code) \(result.errors)")
                #expect(!result.output.contains("Applied"))
            }
            #expect(
                try await Command.reconcile("keys", "list", "--all", in: folder.path, environment: environment).output.split(
                    separator: "\n"
                ).count == 2)
        }
    }
}
