import EmailConnect
import Foundation
import Testing
import TestSupport

@Suite("Secrets from the command line")
struct SecretCommandTests {
    @Test("are encrypted for a manifest, opened by who has the key, and by nobody else")
    func age() async throws {
        let folder = try Scratch()
        let made = try await Command.reconcile("secrets", "keygen", "--out", "age.key", in: folder.path)
        #expect(made.code == 0 && made.output.hasPrefix("age1"), "\(made.errors)")
        #expect(try FileManager.default.attributesOfItem(atPath: folder.file("age.key"))[.posixPermissions] as? Int == 0o600)
        let again = try await Command.reconcile("secrets", "keygen", "--out", "age.key", in: folder.path)
        #expect(again.code == 1 && again.errors.contains("is there already"))
        let recipient = made.output.trimmingCharacters(in: .newlines)
        let encrypted = try await Command.run(
            "/bin/sh", ["-c", "printf 'canary-1\\n' | \"$0\" secrets encrypt --yaml -r \"$1\"", Command.binary, recipient], in: folder.path)
        #expect(encrypted.code == 0 && encrypted.output.hasPrefix("age: |\n  -----BEGIN AGE"), "\(encrypted.errors)")
        let value = encrypted.output.split(separator: "\n").map { "        \($0)\n" }.joined()
        try folder.write(
            "version: 1\nmanifest: m\nenvironment: e\nwebhooks:\n  a:\n    url: https://a.example/\n    headers:\n      X-Token:\n\(value)",
            to: "reconcile.yaml")
        let blind = try await Command.reconcile("plan", "--local", in: folder.path)
        #expect(blind.code == 0 && blind.output.contains("headers.X-Token (secret not at hand: age "), "\(blind.output)\(blind.errors)")
        let refused = try await Command.reconcile("apply", "--local", "--auto-approve", in: folder.path)
        #expect(refused.code == 1 && refused.errors.contains("webhook a needs age "))
        let key = ["RECONCILE_AGE_KEY_FILE": folder.file("age.key")]
        let applied = try await Command.reconcile("apply", "--local", "--auto-approve", in: folder.path, environment: key)
        #expect(applied.code == 0, "\(applied.errors)")
        let seeing = try await Command.reconcile("plan", "--local", "--detailed-exitcode", in: folder.path, environment: key)
        #expect(seeing.code == 0 && seeing.output.contains("no changes"), "what is stored is what was encrypted: \(seeing.output)")
        let text = ["RECONCILE_AGE_KEY": try folder.read("age.key")]
        #expect(try await Command.reconcile("plan", "--local", "--detailed-exitcode", in: folder.path, environment: text).code == 0)
        for result in [blind, refused, applied, seeing, encrypted] { #expect(!(result.output + result.errors).contains("canary")) }
        let opened = try await Command.run("/bin/chmod", ["644", folder.file("age.key")], in: folder.path)
        #expect(opened.code == 0)
        let open = try await Command.reconcile("plan", "--local", in: folder.path, environment: key)
        #expect(open.errors.contains("everybody on this machine may read it; chmod 600 it"), "\(open.errors)")
        let damaged = try folder.read("reconcile.yaml").replacing("-----END", with: "AAAA\n          -----END")
        try folder.write(damaged, to: "reconcile.yaml")
        let broken = try await Command.reconcile("plan", "--local", in: folder.path, environment: text)
        #expect(broken.errors.contains("cannot be used: ") && !broken.errors.contains("AAAA"), "\(broken.errors)")
    }

    @Test("are decrypted to what was encrypted, and what is wrong is said in words")
    func decrypt() async throws {
        let folder = try Scratch()
        let script = """
            set -eu
            recipient=$("$0" secrets keygen --out key); echo "$recipient" >recipients
            head -c 100000 /dev/urandom >plain
            "$0" secrets encrypt -R recipients <plain >file.age
            "$0" secrets decrypt -i key file.age | cmp - plain
            "$0" secrets decrypt --identity key <file.age | cmp - plain
            """
        let result = try await Command.run("/bin/bash", ["-c", script, Command.binary], in: folder.path)
        #expect(result.code == 0, "\(result.errors)")
        for (arguments, code, problem) in [
            (["decrypt", "file.age"], 1, "no identity to decrypt with"), (["decrypt", "-i", "plain", "file.age"], 1, "the key: "),
            (["decrypt", "-i", "key", "recipients"], 1, "not an age file"),
            (["decrypt", "-i", "none", "file.age"], 1, "there is no file none"),
            (["encrypt"], 64, "name who can open it"), (["encrypt", "-r", "age1x"], 1, "a recipient: "), (["keygen"], 64, "--out"),
            (["keygen", "--out", "-"], 64, "a key is not printed"),
        ] as [([String], Int32, String)] {
            let result = try await Command.run(Command.binary, ["secrets"] + arguments, in: folder.path)
            #expect(result.code == code && result.errors.contains(problem), "\(arguments): \(result.code) \(result.errors)")
        }
    }

    @Test("may come from a program that is allowed to run, and from variables that are allowed")
    func sources() async throws {
        let folder = try Scratch()
        let manifest = """
            version: 1
            manifest: m
            environment: e
            webhooks:
              a: { url: https://a.example/, headers: { X-Token: { command: [sh, -c, "cat value; echo ran >>ran"] }, X-Key: { env: OPEN_KEY } } }

            """
        try folder.write(manifest, to: "reconcile.yaml")
        try folder.write("canary-2\n", to: "value")
        let environment = ["OPEN_KEY": "canary-3"]
        let refused = try await Command.reconcile("apply", "--local", "--auto-approve", in: folder.path, environment: environment)
        #expect(refused.code == 1 && refused.errors.contains("a program runs only with --allow-commands"), "\(refused.errors)")
        let limited = try await Command.reconcile(
            "apply", "--local", "--auto-approve", "--allow-commands", "--allow-env", "MAIL_*", in: folder.path, environment: environment)
        #expect(limited.code == 1 && limited.errors.contains("the env OPEN_KEY cannot be used: --allow-env does not name it"))
        _ = try await Command.run("/bin/rm", ["-f", "ran"], in: folder.path)
        let applied = try await Command.reconcile(
            "apply", "--local", "--auto-approve", "--allow-commands", "--allow-env", "OPEN_*", in: folder.path, environment: environment)
        #expect(applied.code == 0, "\(applied.errors)")
        #expect(try folder.read("ran") == "ran\n", "it ran once")
        for command in [["validate"], ["plan", "--local"]] {
            let result = try await Command.run(Command.binary, command, in: folder.path, environment: environment)
            #expect(result.code == 0 && !(result.output + result.errors).contains("canary"))
        }
        #expect(try folder.read("ran") == "ran\n", "neither validate nor plan runs it")
        let again = try await Command.reconcile(
            "apply", "--local", "--auto-approve", "--allow-commands", in: folder.path, environment: environment)
        #expect(again.output.hasSuffix("Nothing to apply.\n"), "it is what the account has: \(again.output)")
        try folder.write(manifest.replacing("cat value", with: "echo no >&2; exit 3"), to: "reconcile.yaml")
        let failing = try await Command.reconcile(
            "apply", "--local", "--auto-approve", "--allow-commands", in: folder.path, environment: environment)
        #expect(failing.errors.contains("the program sh ended with 3"), "\(failing.errors)")
    }

    @Test("in files that everybody may read are refused")
    func openFiles() async throws {
        let folder = try Scratch()
        try folder.write("canary", to: "token")
        try folder.write(
            "version: 1\nmanifest: m\nenvironment: e\nwebhooks: { a: { url: https://a.example/, headers: { X-Token: { file: token } } } }\n",
            to: "reconcile.yaml")
        for (mode, isRefused) in [("644", true), ("640", false), ("600", false)] {
            _ = try await Command.run("/bin/chmod", [mode, "token"], in: folder.path)
            let plan = try await Command.reconcile("plan", "--local", in: folder.path)
            #expect(plan.errors.contains("everybody on this machine may read it; chmod 600 token") == isRefused, "\(mode): \(plan.errors)")
        }
    }

    @Test("show nowhere: whatever is run, in whatever format, however it fails")
    func canary() async throws {
        let scratch = try Scratch()
        let script = "\(Repository.root)/Tests/EndToEndTests/Scripts/canary.py"
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let result = try await Command.run(
            "/usr/bin/env", ["python3", script, Command.binary, scratch.path], in: scratch.path, environment: ["PATH": path])
        #expect(result.code == 0, "\(result.output.suffix(4000))\(result.errors.suffix(4000))")
        #expect(
            result.output.contains(
                /searched: \d\d+ commands' output, 8 answers, the server's log, \d+ files, \d+ tables, \d+ programs' arguments/))
    }
}
