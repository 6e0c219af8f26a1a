import EmailConnect
import Foundation
import Testing
import TestSupport

@Suite("A reviewed plan")
struct ReviewTests {
    private static func manifest(_ aliases: String, environment: String = "test") -> String {
        """
        version: 1
        manifest: review
        environment: \(environment)
        webhooks: { hook: { url: https://hooks.example/in, headers: { Authorization: { env: TOKEN } } } }
        domains: { acme.example: { aliases: { \(aliases) } } }

        """
    }

    private struct Run {
        let folder: Scratch
        let environment: [String: String]

        init(_ server: TestServer, _ manifest: String) throws {
            folder = try Scratch()
            try folder.write(manifest, to: "reconcile.yaml")
            environment = ["TOKEN": "v", "EMAILCONNECT_URL": "http://127.0.0.1:\(server.port)/v1", "EMAILCONNECT_API_KEY": server.key]
        }

        func callAsFunction(_ arguments: String..., without secrets: [String] = []) async throws -> CommandResult {
            try await Command.run(
                Command.binary, arguments, in: folder.path, environment: environment.filter { !secrets.contains($0.key) })
        }

        /// The digest that a plan prints.
        func digest(without secrets: [String] = []) async throws -> String {
            let planned = try await Command.run(
                Command.binary, ["plan", "--out", "plan"], in: folder.path, environment: environment.filter { !secrets.contains($0.key) })
            return String(try #require(planned.output.firstMatch(of: /Plan ([0-9a-f-]{19}):/), "\(planned.output)\(planned.errors)").1)
        }

        func edit(_ server: TestServer, _ alias: String, _ fields: String) async throws {
            let base = "http://127.0.0.1:\(server.port)/v1"
            let script =
                "id=$(curl -sf -H \"$2\" \"$1/aliases\" | jq -r '.data[] | select(.name == \"\(alias)\") | .id') && "
                + "curl -sf -X PATCH -H \"$2\" -H 'Content-Type: application/json' -d '\(fields)' \"$1/aliases/$id\""
            let done = try await Command.run(
                "/bin/bash", ["-c", script, "-", base, "Authorization: Bearer \(server.key)"], in: folder.path)
            #expect(done.code == 0, "\(done.errors)")
        }
    }

    @Test("by digest survives a squash merge, a fork without secrets and an unrelated change; applied again it says so")
    func digest() async throws {
        try await TestServer.with { server in
            let run = try Run(server, Self.manifest("a: hook, b: hook"))
            _ = try await run("apply", "--auto-approve")
            try run.folder.write(Self.manifest("a: { webhook: hook, description: new }, b: hook"), to: "reconcile.yaml")
            let digest = try await run.digest(without: ["TOKEN"])
            // Other bytes of the same meaning, and somebody's change of something else.
            try run.folder.write("# squashed\n" + Self.manifest("b: hook, a: { description: new, webhook: hook }"), to: "reconcile.yaml")
            let other = try Run(server, "version: 1\nmanifest: other\nenvironment: test\ndomains: { other.example: {} }\n")
            #expect(try await other("apply", "--auto-approve").code == 0)
            let applied = try await run("apply", "--expect", digest)
            #expect(applied.code == 0, "\(applied.errors)")
            #expect(applied.output.contains("1 changed"))
            let again = try await run("apply", "--expect", digest)
            #expect(again.code == 0)
            #expect(again.output.hasSuffix("Already applied as revision 3.\n"), "\(again.output)")
            let json = try await run("apply", "--expect", digest, "--format", "json")
            #expect(json.output.contains(#""already_applied_as":3"#))
            try await run.edit(server, "a", #"{"description":"by hand"}"#)
            let moved = try await run("apply", "--expect", digest)
            #expect(moved.code == 3)
            #expect(moved.errors.contains("was applied as revision 3, and the account has moved on since"), "\(moved.errors)")
            #expect(moved.errors.contains("alias a@acme.example"))
        }
    }

    @Test("is refused when the account moved where it matters, and says where; nothing is written")
    func moved() async throws {
        try await TestServer.with { server in
            let run = try Run(server, Self.manifest("a: hook, b: hook"))
            _ = try await run("apply", "--auto-approve")
            try run.folder.write(Self.manifest("a: { webhook: hook, description: new }, b: hook"), to: "reconcile.yaml")
            let digest = try await run.digest()
            try await run.edit(server, "a", #"{"description":"by hand"}"#)
            try await run.edit(server, "b", #"{"enabled":false}"#)
            let byDigest = try await run("apply", "--expect", digest)
            #expect(byDigest.code == 3)
            #expect(byDigest.errors.contains("not what was approved"), "\(byDigest.errors)")
            let byFile = try await run("apply", "--plan", "plan")
            #expect(byFile.code == 3)
            #expect(byFile.errors.contains("alias a@acme.example: its change, but not as reviewed"), "\(byFile.errors)")
            #expect(byFile.errors.contains("alias b@acme.example: its change was not reviewed"))
            let json = try await run("apply", "--plan", "plan", "--format", "json")
            #expect(json.output.contains(#""exit":{"code":3,"reason":"stale"}"#))
            #expect(try await run("history", "--all", "--limit", "1").output.contains("revision 3"), "two edits, and nothing of ours")
        }
    }

    @Test("in a file shows the same offline, in both formats, and goes through")
    func file() async throws {
        try await TestServer.with { server in
            let run = try Run(server, Self.manifest("a: hook"))
            let planned = try await run("plan", "--out", "plans/one.plan")
            let shown = try await Command.reconcile("show", "plans/one.plan", in: run.folder.path)
            #expect(shown.code == 0, "\(shown.errors)")
            #expect(shown.output == planned.output)
            let json = try await Command.reconcile("show", "plans/one.plan", "--format", "json", in: run.folder.path)
            let wanted = try await run("plan", "--format", "json")
            #expect(json.output == wanted.output.replacing(#""command":"plan""#, with: #""command":"show""#))
            let applied = try await run("apply", "--plan", "plans/one.plan")
            #expect(applied.code == 0, "\(applied.errors)")
            let again = try await run("apply", "--plan", "plans/one.plan")
            #expect(again.output.contains("Already applied as revision 1."))
        }
    }

    @Test("in a file that was edited, is of another format, or is none is refused with 3, and nothing is written")
    func editedFile() async throws {
        try await TestServer.with { server in
            let run = try Run(server, Self.manifest("a: hook"))
            _ = try await run("plan", "--out", "plan")
            let text = try run.folder.read("plan")
            for (bytes, message) in [
                (text.replacing("hooks.example", with: "evil.example"), "not as it was written"),
                (text.replacing(#"{"format":1"#, with: #"{"format":9"#), "the plan is of format 9"),
                (text.split(separator: "\n").dropLast().joined(separator: "\n") + "\n", "not as it was written"),
                ("", "this is no saved plan"), ("{}\n", "this is no saved plan"), ("nonsense", "this is no saved plan"),
            ] {
                try run.folder.write(bytes, to: "plan")
                let applied = try await run("apply", "--plan", "plan")
                #expect(applied.code == 3, "\(applied.errors)")
                #expect(applied.errors.contains(message), "\(applied.errors)")
                let shown = try await run("show", "plan")
                #expect(shown.code == 1 && shown.errors.contains(message))
            }
            #expect(try await run("plan", "--detailed-exitcode").code == 2, "nothing was written")
            #expect(try await run("apply", "--plan", "none").errors.contains("there is no file"))
        }
    }

    @Test("for another server or environment is refused with 3, naming which")
    func otherAccount() async throws {
        try await TestServer.with { first in
            let run = try Run(first, Self.manifest("a: hook"))
            _ = try await run("plan", "--out", "plan")
            try run.folder.write(Self.manifest("a: hook", environment: "other"), to: "other.yaml")
            let environment = try await run("apply", "other.yaml", "--plan", "plan")
            #expect(environment.code == 3)
            #expect(environment.errors.contains("owner: planned for review/test, this is review/other"), "\(environment.errors)")
            try await TestServer.with { second in
                let elsewhere = try await Command.reconcile(
                    "apply", "--plan", "plan", in: run.folder.path,
                    environment: [
                        "TOKEN": "v", "EMAILCONNECT_URL": "http://127.0.0.1:\(second.port)/v1", "EMAILCONNECT_API_KEY": second.key,
                    ])
                #expect(elsewhere.code == 3)
                for part in ["server: planned for srv_", "account: planned for acct_", "epoch: planned for "] {
                    #expect(elsewhere.errors.contains(part), "\(elsewhere.errors)")
                }
            }
        }
    }

    @Test("does not stand in for consent: a guard refuses it all the same, with 4 and the ways out")
    func guards() async throws {
        try await TestServer.with { server in
            let run = try Run(server, Self.manifest((0..<12).map { "a\($0): hook" }.joined(separator: ", ")))
            _ = try await run("apply", "--auto-approve")
            try run.folder.write(Self.manifest((0..<5).map { "a\($0): hook" }.joined(separator: ", ")), to: "reconcile.yaml")
            let planned = try await run("plan", "--detailed-exitcode", "--out", "plan")
            #expect(planned.code == 4)
            #expect(planned.output.contains("- alias a11@acme.example"), "the whole plan is shown")
            #expect(planned.output.contains("allow: { deletes: 7 } in the manifest or --allow-deletes 7"))
            #expect(try await run("apply", "--plan", "plan").code == 4)
            #expect(try await run("apply", "--auto-approve", "--allow-deletes", "8").code == 4)
            #expect(try await run("apply", "--plan", "plan", "--allow-deletes", "7").code == 0)
            let destroyed = try await run("destroy", "--auto-approve")
            #expect(destroyed.code == 4)
            #expect(destroyed.output.contains("everything that review/test manages would be deleted"))
            #expect(try await run("destroy", "--auto-approve", "--allow-deletes", "7").code == 0)
            #expect(try await run("history", "--format", "json").output.contains(#""owner":"review/test""#))
        }
    }

    @Test("does not come after a newer run, unless that is said")
    func order() async throws {
        try await TestServer.with { server in
            let run = try Run(server, Self.manifest("a: hook"))
            #expect(try await run("apply", "--auto-approve", "--sequence", "11").code == 0)
            let same = try await run("apply", "--auto-approve", "--sequence", "12")
            #expect(same.output.hasSuffix("Nothing to apply.\n"), "and yet the account knows that run 12 was here")
            try run.folder.write(Self.manifest("b: hook, a: hook"), to: "reconcile.yaml")
            let older = try await run("apply", "--auto-approve", "--sequence", "11")
            #expect(older.code == 3)
            #expect(older.errors.contains("run 11 is older than run 12") && older.errors.contains("--allow-older"), "\(older.errors)")
            #expect(try await run("apply", "--auto-approve", "--sequence", "11", "--allow-older").code == 0)
        }
    }

    @Test("whose key did not arrive is delivered by the same command again; where it goes is part of the review")
    func undelivered() async throws {
        try await TestServer.with { server in
            let key = { (file: String) in
                "api_keys: { k: { scopes: [domains:read], deliver_to: { command: [sh, -c, \"cat >\(file)\"] } } }\n"
            }
            let run = try Run(server, Self.manifest("a: hook") + key("keys/k"))
            let digest = try await run.digest()
            // There is no folder for it yet.
            let first = try await run("apply", "--expect", digest, "--allow-commands")
            #expect(first.code == 6, "\(first.errors)")
            let still = try await run("apply", "--expect", digest, "--allow-commands")
            #expect(still.code == 6)
            try run.folder.write("", to: "keys/other")
            try run.folder.write(Self.manifest("a: hook") + key("public"), to: "reconcile.yaml")
            for (option, value, problem) in [
                ("--plan", "plan", "api key k: where its token goes"),
                ("--expect", digest, "api key k: its token would go to the command sh"),
            ] {
                let elsewhere = try await run("apply", "--allow-commands", option, value)
                #expect(elsewhere.code == 3 && elsewhere.errors.contains(problem), "\(elsewhere.errors)")
                #expect(!FileManager.default.fileExists(atPath: run.folder.file("public")))
            }
            try run.folder.write(Self.manifest("a: hook") + key("keys/k"), to: "reconcile.yaml")
            let again = try await run("apply", "--expect", digest, "--allow-commands")
            #expect(again.code == 0, "\(again.errors)")
            #expect(again.output.contains("Already applied as revision 1.\n"))
            #expect(again.output.contains("Delivered api key k to command sh -c 'cat >keys/k'."), "\(again.output)")
            let done = try await run("apply", "--plan", "plan")
            #expect(done.code == 0 && done.output.hasSuffix("Already applied as revision 1.\n"), "\(done.output)")
        }
    }

    @Test("is saved where it is told to, and never over the manifest or in the place of what is no file")
    func out() async throws {
        try await TestServer.with { server in
            let run = try Run(server, Self.manifest("a: hook"))
            for wrong in ["reconcile.yaml", "./reconcile.yaml", ""] { #expect(try await run("plan", "--out", wrong).code == 64) }
            #expect(try await run("plan", "--out", "-", "--format", "json").code == 64)
            #expect(try await run("plan", "--out", "/dev/null").code == 0)
            let type = try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type] as? FileAttributeType
            #expect(type == .typeCharacterSpecial)
            try run.folder.write("x", to: "real")
            try FileManager.default.createSymbolicLink(atPath: run.folder.file("link"), withDestinationPath: "real")
            #expect(try await run("plan", "--out", "link").code == 0)
            #expect(try run.folder.read("real").hasPrefix(#"{"format":1"#))
        }
    }

    @Test("says of each change why, and --drift-only counts what somebody did to the account")
    func reasons() async throws {
        try await TestServer.with { server in
            let run = try Run(server, Self.manifest("a: hook, b: hook, c: hook"))
            _ = try await run("apply", "--auto-approve")
            try run.folder.write(Self.manifest("a: { webhook: hook, description: new }, b: hook, c: hook"), to: "reconcile.yaml")
            let clean = try await run("plan", "--drift-only", "--detailed-exitcode")
            #expect(clean.code == 0, "\(clean.output)")
            #expect(clean.output.contains("Drift: no drift. 1 other change is not shown."))
            try await run.edit(server, "b", #"{"enabled":false}"#)
            try await run.edit(server, "a", #"{"description":"by hand"}"#)
            let planned = try await run("plan")
            #expect(planned.output.contains("~ alias a@acme.example  manifest changed and server drifted"), "\(planned.output)")
            #expect(planned.output.contains("~ alias b@acme.example  server drifted"))
            let drift = try await run("plan", "--drift-only", "--detailed-exitcode")
            #expect(drift.code == 2)
            let json = try await run("plan", "--format", "json")
            #expect(json.output.contains(#""reason":"server""#) && json.output.contains(#""reason":"both""#))
        }
    }

    @Test("is made from a saved state without network or key, and agrees with the one that is made online")
    func savedState() async throws {
        try await TestServer.with { server in
            let run = try Run(server, Self.manifest("a: hook"))
            _ = try await run("apply", "--auto-approve")
            try run.folder.write(Self.manifest("a: hook, b: hook"), to: "reconcile.yaml")
            #expect(try await run("state", "--out", "state.ndjson").code == 0)
            #expect(!(try run.folder.read("state.ndjson").contains("hmac")), "nothing to guess secrets from")
            let digest = try await run.digest()
            let offline = try await Command.reconcile("plan", "--state", "state.ndjson", in: run.folder.path)
            #expect(offline.code == 0, "\(offline.errors)")
            #expect(offline.output.contains("Plan \(digest):"), "\(offline.output)")

            try run.folder.write(String(try run.folder.read("state.ndjson").dropLast(40)), to: "cut.ndjson")
            let cut = try await Command.reconcile("plan", "--state", "cut.ndjson", in: run.folder.path)
            #expect(cut.code == 1 && cut.errors.contains("ends early"), "\(cut.errors)")
            #expect(try await Command.reconcile("plan", "--state", "none", in: run.folder.path).errors.contains("there is no file"))
            #expect(try await Command.reconcile("plan", "--state", "x", "--local", in: run.folder.path).code == 64)
        }
    }

    @Test("carries what CI and the user say into the history")
    func history() async throws {
        try await TestServer.with { server in
            let run = try Run(server, Self.manifest("a: hook"))
            let applied = try await Command.run(
                Command.binary, ["apply", "--auto-approve", "--context", "ticket=MAIL-7"], in: run.folder.path,
                environment: run.environment.merging([
                    "GITHUB_SHA": "9fceb02", "GITHUB_ACTOR": "octocat", "GITHUB_REPOSITORY": "acme/mail", "GITHUB_RUN_ID": "77",
                ]) { $1 })
            #expect(applied.code == 0, "\(applied.errors)")
            let history = try await run("history")
            #expect(
                history.output.contains("actor octocat, commit 9fceb02, repository acme/mail, run 77, ticket MAIL-7"), "\(history.output)")
            let other = try await Command.run(
                Command.binary, ["plan"], in: run.folder.path,
                environment: run.environment.merging(["GITHUB_REPOSITORY": "evil/mail"]) { $1 })
            #expect(other.code == 5)
            #expect(other.output.contains("is used from the repository acme/mail, not from evil/mail"))
            #expect(try await run("history", "--all", "--limit", "1").output.contains("review/test"))
        }
    }
}
