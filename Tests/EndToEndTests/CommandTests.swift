import EmailConnect
import EmailConnectClient
import Foundation
import Testing
import TestSupport

@Suite("The command")
struct CommandTests {
    private static let manifest = """
        version: 1
        manifest: cli
        environment: test
        webhooks:
          hook: { url: https://hooks.example/in, headers: { Authorization: { env: TOKEN } } }
        domains:
          acme.example: { aliases: { support: hook, "*": { webhook: hook, enabled: false } } }
        api_keys:
          reader: { scopes: [domains:read], deliver_to: { file: keys/reader.key } }

        """

    private func folder(_ manifest: String = manifest) throws -> Scratch {
        let scratch = try Scratch()
        try scratch.write(manifest, to: "reconcile.yaml")
        return scratch
    }

    @Test("plans with 2, applies with 0, plans with 0, and with 2 after somebody edits the account")
    func local() async throws {
        let folder = try folder()
        let environment = ["TOKEN": "canary"]
        let validate = try await Command.reconcile("validate", in: folder.path)
        #expect(validate.code == 0)
        let first = try await Command.reconcile("plan", "--local", "--detailed-exitcode", in: folder.path, environment: environment)
        #expect(first.code == 2)
        #expect(!FileManager.default.fileExists(atPath: folder.file(".reconcile")), "plan writes nothing")
        let refused = try await Command.reconcile("apply", "--local", in: folder.path, environment: environment)
        #expect(refused.code == 64)
        let applied = try await Command.reconcile("apply", "--local", "--auto-approve", in: folder.path, environment: environment)
        #expect(applied.code == 0, "\(applied.errors)")
        #expect(applied.output.contains("Delivered api key reader to file keys/reader.key."))
        let second = try await Command.reconcile("plan", "--local", "--detailed-exitcode", in: folder.path, environment: environment)
        #expect(second.code == 0, "\(second.output)")
        let again = try await Command.reconcile("apply", "--local", "--auto-approve", in: folder.path, environment: environment)
        #expect(again.output.hasSuffix("Nothing to apply.\n"))
        for result in [first, applied, second] { #expect(!(result.output + result.errors).contains("canary")) }
        let mode = try FileManager.default.attributesOfItem(atPath: folder.file("keys/reader.key"))[.posixPermissions] as? Int
        #expect(mode == 0o600)

        let edited = try await Command.run(
            "/usr/bin/sqlite3",
            [folder.file(".reconcile/local.db"), "UPDATE aliases SET enabled = 0, version = version + 1 WHERE name = 'support'"],
            in: folder.path)
        #expect(edited.code == 0)
        let drifted = try await Command.reconcile("plan", "--local", "--detailed-exitcode", in: folder.path, environment: environment)
        #expect(drifted.code == 2)
        #expect(drifted.output.contains("enabled  false -> true"))
    }

    @Test("works over HTTP as it does locally, and sees what somebody edits through the API")
    func remote() async throws {
        let folder = try folder()
        try await TestServer.with { server in
            let environment = ["TOKEN": "v", "EMAILCONNECT_URL": "http://127.0.0.1:\(server.port)/v1", "EMAILCONNECT_API_KEY": server.key]
            let applied = try await Command.reconcile("apply", "--auto-approve", in: folder.path, environment: environment)
            #expect(applied.code == 0, "\(applied.errors)")
            #expect(try await Command.reconcile("plan", "--detailed-exitcode", in: folder.path, environment: environment).code == 0)
            let base = "http://127.0.0.1:\(server.port)/v1"
            let edit = try await Command.run(
                "/bin/sh",
                [
                    "-c",
                    "id=$(curl -sf -H 'Authorization: Bearer \(server.key)' '\(base)/aliases' | jq -r '.data[0].id') && curl -sf -X PATCH -H 'Authorization: Bearer \(server.key)' -H 'Content-Type: application/json' -d '{\"description\":\"by hand\"}' '\(base)/aliases/'$id",
                ], in: folder.path)
            #expect(edit.code == 0, "\(edit.errors)")
            #expect(try await Command.reconcile("plan", "--detailed-exitcode", in: folder.path, environment: environment).code == 2)
        }
    }

    @Test("lists every mistake of a manifest, each with the way out, and exits with 1")
    func mistakes() async throws {
        let folder = try folder(
            "version: 1\nmanifest: m\nenviroment: e\nwebhooks: { a: { urll: x } }\ndomains: { a.example: { aliases: { b: c } } }\n")
        for command in ["plan", "apply"] {
            let result = try await Command.reconcile(
                command, command == "plan" ? "--detailed-exitcode" : "--auto-approve", "--local", in: folder.path)
            #expect(result.code == 1)
            #expect(result.output.isEmpty)
            for hint in [
                "did you mean environment?", "did you mean url?", "add url:", "there is no webhook \"c\"", "5 errors in reconcile.yaml",
            ] {
                #expect(result.errors.contains(hint), "\(hint)\n\(result.errors)")
            }
        }
        let json = try await Command.reconcile("validate", "--format", "json", in: folder.path)
        #expect(json.code == 1)
        #expect(json.output.contains(#""line":3,"column":1,"problem":"unknown key"#))
        #expect(json.output.contains(#""exit":{"code":1,"reason":"failed"}"#))
    }

    @Test(
        "explains in one line what is wrong with the connection",
        arguments: [
            ("", "k", "set EMAILCONNECT_URL and EMAILCONNECT_API_KEY, or use --local"),
            ("http://127.0.0.1:PORT/v1", "", "set EMAILCONNECT_API_KEY"),
            ("http://127.0.0.1:1/v1", "k", "no server answers at http://127.0.0.1:1/v1"), ("nonsense", "k", "EMAILCONNECT_URL: not a URL"),
            ("http://example.com/v1", "k", "use https"), ("http://127.0.0.1:PORT/v1", "k", "this is no API key"),
            ("http://127.0.0.1:PORT/v2", "KEY", "there is nothing at this path"),
            ("http://127.0.0.1:PORT/v1", "two words", "has a space"), ("https://127.0.0.1:PORT/v1", "KEY", "no TLS connection"),
        ])
    func connections(url: String, key: String, message: String) async throws {
        let folder = try folder()
        try await TestServer.with { server in
            var environment = ["TOKEN": "v"]
            environment["EMAILCONNECT_URL"] = url.replacing("PORT", with: "\(server.port)")
            environment["EMAILCONNECT_API_KEY"] = key.replacing("KEY", with: server.key)
            let result = try await Command.reconcile("plan", in: folder.path, environment: environment)
            #expect(result.code == 1)
            #expect(result.output.isEmpty)
            #expect(result.errors.contains(message), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
            #expect(!result.errors.contains(server.key))
        }
    }

    @Test("plans with a key that may only read, and apply with it says what is missing")
    func readOnlyKey() async throws {
        let folder = try folder()
        try await TestServer.with { server in
            let base = "http://127.0.0.1:\(server.port)/v1"
            let scopes = #"{"scopes":["domains:read","aliases:read","webhooks:read","api_keys:read","webhooks:compare"]}"#
            let made = try await Command.run(
                "/usr/bin/curl",
                [
                    "-sf", "-H", "Authorization: Bearer \(server.key)", "-H", "Content-Type: application/json", "-d", scopes,
                    "\(base)/api-keys",
                ],
                in: folder.path)
            let key = try #require(made.output.firstMatch(of: /"api_key":"(ec_\w+)"/)).1
            let environment = ["TOKEN": "v", "EMAILCONNECT_URL": base, "EMAILCONNECT_API_KEY": String(key)]
            let planned = try await Command.reconcile("plan", "--detailed-exitcode", in: folder.path, environment: environment)
            #expect(planned.code == 2, "\(planned.errors)")
            #expect(planned.output.contains("1 unmanaged api key left alone") == false, "the caller's own key is nobody's business")
            let applied = try await Command.reconcile("apply", "--auto-approve", in: folder.path, environment: environment)
            #expect(applied.code == 1)
            #expect(applied.errors.contains("has no write scope"), "\(applied.errors)")
        }
    }

    @Test("plan leaves a database alone that is older than the schema, and apply brings it up to date")
    func olderSchema() async throws {
        let folder = try folder()
        let made = try await Command.run(
            "/usr/bin/sqlite3", ["old.db", "PRAGMA user_version = 1; PRAGMA journal_mode = WAL"], in: folder.path)
        #expect(made.code == 0)
        let before = try Data(contentsOf: URL(filePath: folder.file("old.db")))
        let environment = ["TOKEN": "v"]
        let planned = try await Command.reconcile("plan", "--local", "--local-db", "old.db", in: folder.path, environment: environment)
        #expect(planned.code == 0, "\(planned.errors)")
        #expect(try Data(contentsOf: URL(filePath: folder.file("old.db"))) == before)
        let applied = try await Command.reconcile(
            "apply", "--local", "--local-db", "old.db", "--auto-approve", in: folder.path, environment: environment)
        #expect(applied.code == 0, "\(applied.errors)")
    }

    @Test("leaves a database alone that is something else's")
    func foreignDatabase() async throws {
        let folder = try folder()
        _ = try await Command.run("/usr/bin/sqlite3", ["x.db", "CREATE TABLE other (id)"], in: folder.path)
        let before = try Data(contentsOf: URL(filePath: folder.file("x.db")))
        for arguments in [
            ["plan", "--local", "--local-db", "x.db"], ["apply", "--local", "--auto-approve", "--local-db", "x.db"],
            ["serve", "--db", "x.db", "--key-file", "k"],
        ] {
            let result = try await Command.run(Command.binary, arguments, in: folder.path, environment: ["TOKEN": "v"])
            #expect(result.code == 1)
            #expect(result.errors.contains("a database of something else"), "\(result.errors)")
        }
        let tables = try await Command.run("/usr/bin/sqlite3", ["x.db", ".tables"], in: folder.path)
        #expect(tables.output.split(separator: "\n") == ["other"])
        #expect(before.count > 0)
    }

    @Test("does not write a first key over a file that is there")
    func keyFile() async throws {
        let folder = try folder()
        try folder.write("another server's key", to: "key")
        let result = try await Command.reconcile("serve", "--db", "a.db", "--port", "0", "--key-file", "key", in: folder.path)
        #expect(result.code == 1)
        #expect(try folder.read("key") == "another server's key")
    }

    @Test("needs a secret that is to stand where something else or nothing stands, and says so in the plan")
    func newSecretOnOldWebhook() async throws {
        let folder = try folder()
        func manifest(_ fields: String) throws {
            try folder.write(
                "version: 1\nmanifest: m\nenvironment: e\nwebhooks: { h: { url: https://h.example/p, headers: { X-A: one }\(fields) } }\n",
                to: "reconcile.yaml")
        }
        try manifest("")
        #expect(try await Command.reconcile("apply", "--local", "--auto-approve", in: folder.path).code == 0)
        for (fields, field) in [
            (", signing_secret: { env: UNSET }", "signing_secret"), (", description: x, signing_secret: { env: UNSET }", "signing_secret"),
        ] {
            try manifest(fields)
            let planned = try await Command.reconcile("plan", "--local", in: folder.path)
            #expect(planned.output.contains("none -> (secret not at hand: env UNSET)"), "\(planned.output)")
            let applied = try await Command.reconcile("apply", "--local", "--auto-approve", in: folder.path)
            #expect(applied.code == 1)
            #expect(applied.errors.contains("webhook h needs env UNSET for \(field)"), "\(applied.errors)")
        }
        try folder.write(
            "version: 1\nmanifest: m\nenvironment: e\nwebhooks: { h: { url: { env: UNSET }, headers: { X-A: { env: UNSET }, X-B: { env: UNSET } } } }\n",
            to: "reconcile.yaml")
        let applied = try await Command.reconcile("apply", "--local", "--auto-approve", in: folder.path)
        #expect(applied.code == 1)
        #expect(applied.errors.split(separator: "\n").count == 3, "\(applied.errors)")
    }

    @Test("names the resource and the field that the server refuses")
    func refusals() async throws {
        let folder = try folder(
            "version: 1\nmanifest: m\nenvironment: e\napi_keys: { good: { scopes: [aliases], deliver_to: { file: a } }, k: { scopes: [aliases], expires_at: 2020-01-01, deliver_to: { file: b } } }\n"
        )
        let result = try await Command.reconcile("apply", "--local", "--auto-approve", in: folder.path)
        #expect(result.code == 1)
        #expect(result.errors.contains("nothing was applied: api key k, expires_at: the date is past"), "\(result.errors)")
    }

    @Test("asks on a terminal, and only yes applies", arguments: [("yes", Int32(0)), ("y", 1), ("", 1)])
    func asks(answer: String, code: Int32) async throws {
        let folder = try folder()
        // script(1) runs the command on a pseudo-terminal; timeout(1) ends it if it waits for more.
        let script = "printf '%s\\n' \"$2\" | timeout 30 script -qec \"$1 apply --local\" /dev/null"
        let result = try await Command.run(
            "/bin/bash", ["-c", script, "-", Command.binary, answer], in: folder.path, environment: ["TOKEN": "canary", "TERM": "xterm"])
        #expect(result.code == code, "\(result.output)\(result.errors)")
        #expect(result.output.contains("Apply this plan? Only yes applies it: "))
        #expect(result.output.contains("\u{1B}[32m+\u{1B}[0m"), "colour on a terminal")
        #expect(result.output.contains("Applied as revision 1") == (code == 0))
        #expect(!result.output.contains("canary"))
    }

    @Test("refuses the pins of another server or account before anything is written")
    func pins() async throws {
        try await TestServer.with { server in
            for pin in ["url: https://api.example/v1", "account: acct_other"] {
                let folder = try folder(Self.manifest + "server: { \(pin) }\n")
                let environment = [
                    "TOKEN": "v", "EMAILCONNECT_URL": "http://127.0.0.1:\(server.port)/v1", "EMAILCONNECT_API_KEY": server.key,
                ]
                let result = try await Command.reconcile("apply", "--auto-approve", in: folder.path, environment: environment)
                #expect(result.code == 1)
                #expect(result.output.isEmpty)
                #expect(try await Command.reconcile("plan", "--local", in: folder.path).code == 0, "--local has no pins")
            }
        }
    }

    @Test("says which secrets a plan has not got, and apply needs them for what is new")
    func missingSecrets() async throws {
        let folder = try folder()
        let planned = try await Command.reconcile("plan", "--local", in: folder.path)
        #expect(planned.output.contains("Authorization (secret not at hand: env TOKEN)"))
        let applied = try await Command.reconcile("apply", "--local", "--auto-approve", in: folder.path)
        #expect(applied.code == 1)
        #expect(applied.errors.contains("webhook hook needs env TOKEN for headers.Authorization"))
        let broken = try await Command.reconcile("apply", "--local", "--auto-approve", in: folder.path, environment: ["TOKEN": "canary\nx"])
        #expect(broken.code == 1)
        #expect(!broken.errors.contains("canary"))
    }

    @Test(
        "refuses wrong usage with 64",
        arguments: [
            ["--colour"], ["plan", "--format", "xml"], ["apply", "--format", "json"], ["plan", "--local-db", "x"], ["nonsense"],
            ["serve", "--port", "70000"],
        ])
    func usage(arguments: [String]) async throws {
        let folder = try folder()
        let result = try await Command.run(Command.binary, arguments, in: folder.path)
        #expect(result.code == 64)
        #expect(result.output.isEmpty)
    }

    @Test(
        "has help for itself and for every subcommand",
        arguments: [
            [], ["validate"], ["fmt"], ["plan"], ["apply"], ["show"], ["state"], ["export"], ["history"], ["destroy"], ["schema"],
            ["keys"], ["keys", "list"], ["keys", "rotate"], ["keys", "revoke"], ["keys", "create"], ["audit"], ["dns"], ["secrets"],
            ["secrets", "keygen"], ["secrets", "encrypt"], ["secrets", "decrypt"], ["serve"],
            ["serve", "account"],
            ["serve", "account", "add"], ["serve", "account", "set"], ["serve", "link"], ["serve", "backup"],
        ])
    func help(subcommand: [String]) async throws {
        let result = try await Command.run(Command.binary, subcommand + ["--help"], in: Repository.root)
        #expect(result.code == 0)
        try Snapshot.expect(result.output, at: "Tests/EndToEndTests/Snapshots/help\(subcommand.map { "-\($0)" }.joined()).txt")
    }

    @Test("serve hands its first key to a file once, listens on loopback, and loses nothing at SIGTERM")
    func serve() async throws {
        let folder = try folder()
        let without = try await Command.reconcile("serve", "--port", "0", in: folder.path)
        #expect(without.code == 64)
        let script = """
            trap 'kill $pid 2>/dev/null || true' EXIT
            start() { : > log; "$1" serve --db a.db --port 0 --key-file key >> log & pid=$!; while ! grep -q listening log; do kill -0 $pid || exit 9; done; url=$(sed -n 's/^listening on //p' log); }
            start "$1"
            export EMAILCONNECT_URL=$url EMAILCONNECT_API_KEY=$(cat key)
            "$1" apply --auto-approve > /dev/null || exit 2
            kill -TERM $pid; wait $pid || exit 3
            mv key first; start "$1"; [ ! -e key ] || exit 4
            export EMAILCONNECT_URL=$url
            "$1" plan --detailed-exitcode > /dev/null || exit 5
            kill -TERM $pid; wait $pid
            """
        let result = try await Command.run("/bin/bash", ["-c", script, "-", Command.binary], in: folder.path, environment: ["TOKEN": "v"])
        #expect(result.code == 0, "\(result.errors)")
    }

    @Test("fails when nobody can read its output")
    func fullDisk() async throws {
        let folder = try folder()
        let result = try await Command.run(
            "/bin/bash", ["-c", "\"$1\" plan --local > /dev/full", "-", Command.binary], in: folder.path)
        #expect(result.code == 1)
    }

    @Test("reads a manifest from a pipe")
    func pipe() async throws {
        let folder = try folder()
        let result = try await Command.run(
            "/bin/bash", ["-c", "cat reconcile.yaml | \"$1\" validate -", "-", Command.binary], in: folder.path)
        #expect(result.code == 0, "\(result.errors)")
    }
}
