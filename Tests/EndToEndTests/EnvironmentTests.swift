import EmailConnect
import Foundation
import Testing
import TestSupport

@Suite("Environments")
struct EnvironmentTests {
    private static let examples = "\(Repository.root)/examples/environments"

    @Test("are validated by one command: what one extends is named once, what two claim is an error")
    func all() async throws {
        let folder = try Scratch()
        try folder.write("webhooks: { a: { ulr: x } }\n", to: "base.yaml")
        for name in ["one", "two"] {
            try folder.write("version: 1\nmanifest: m\nenvironment: \(name)\nextends: base.yaml\n", to: "\(name).yaml")
        }
        let broken = try await Command.reconcile("validate", "--all", ".", in: folder.path)
        #expect(broken.code == 1)
        #expect(broken.errors.components(separatedBy: "did you mean url?").count == 2, "\(broken.errors)")
        try folder.write("domains: { a.example: {} }\n", to: "base.yaml")
        let both = try await Command.reconcile("validate", "--all", folder.path, in: "/")
        #expect(both.code == 1)
        #expect(
            both.errors.contains("the domain a.example of m/two is claimed by m/one too, at \(folder.path)/base.yaml:1:12"),
            "\(both.errors)")
        try folder.write("domains: { main: { name: a.example } }\n", to: "base.yaml")
        try folder.write(
            "version: 1\nmanifest: m\nenvironment: two\nextends: base.yaml\ndomains: { main: { name: b.example } }\n", to: "two.yaml")
        #expect(try await Command.reconcile("validate", "--all", ".", in: folder.path).code == 0)
        try folder.write("version: 1\npolicy: { domains: [a.example] }\n", to: "policy/p.yaml")
        let policy = try await Command.reconcile("validate", "--all", ".", "--policy", "policy/p.yaml", in: folder.path)
        #expect(
            policy.code == 4 && policy.errors.contains("two.yaml:5:12: error: policy: the domain b.example is not allowed"),
            "\(policy.errors)")
        #expect(policy.errors.contains("one.yaml: valid"))
        for (arguments, code, problem) in [
            (["--all", "none"], 1, "there is no folder none"), (["--all", "policy"], 1, "there is no manifest below policy"),
            (["--all", ".", "one.yaml"], 64, "name a folder or files"), (["--all", "one.yaml"], 1, "one.yaml is no folder"),
            (["--policy", "none", "one.yaml"], 1, "the policy cannot be read"), (["--policy", "one.yaml"], 1, "and nothing else"),
        ] as [([String], Int32, String)] {
            let result = try await Command.run(Command.binary, ["validate"] + arguments, in: folder.path)
            #expect(result.code == code && result.errors.contains(problem), "\(arguments): \(result.code) \(result.errors)")
        }
    }

    @Test("hold apply to their policy, which no pull request and no consent loosens")
    func policy() async throws {
        let folder = try Scratch()
        try folder.write("version: 1\nmanifest: m\nenvironment: e\ndomains: { a.example: {}, b.example: {} }\n", to: "reconcile.yaml")
        try folder.write("version: 1\npolicy: { domains: [a.example], limits: { deletes: 0 } }\n", to: "p.yaml")
        let arguments = ["--local", "--policy", "p.yaml"]
        let plan = try await Command.run(Command.binary, ["plan", "--detailed-exitcode"] + arguments, in: folder.path)
        #expect(
            plan.code == 4 && plan.output.contains("! policy: the domain b.example is not allowed (reconcile.yaml:4)"), "\(plan.output)")
        let applied = try await Command.run(Command.binary, ["apply", "--auto-approve"] + arguments, in: folder.path)
        #expect(applied.code == 4 && !applied.output.contains("Applied"), "\(applied.output)")
        try folder.write("version: 1\npolicy: { limits: { deletes: 0 } }\n", to: "p.yaml")
        #expect(try await Command.run(Command.binary, ["apply", "--auto-approve"] + arguments, in: folder.path).code == 0)
        let destroyed = try await Command.run(
            Command.binary, ["destroy", "--auto-approve", "--allow-deletes", "2"] + arguments, in: folder.path)
        #expect(destroyed.code == 4 && destroyed.output.contains("policy: 2 would be deleted, and at most 0 may"), "\(destroyed.output)")
    }

    @Test("refuse what nobody manages when that is asked for")
    func unmanaged() async throws {
        let folder = try Scratch()
        try folder.write("version: 1\nmanifest: m\nenvironment: e\n", to: "reconcile.yaml")
        try await TestServer.with { server in
            let environment = ["EMAILCONNECT_URL": "http://127.0.0.1:\(server.port)/v1", "EMAILCONNECT_API_KEY": server.key]
            let made = try await Command.run(
                "/usr/bin/curl",
                [
                    "-sf", "-H", "Authorization: Bearer \(server.key)", "--json", #"{"name":"a.example"}"#,
                    "\(environment["EMAILCONNECT_URL"] ?? "")/domains",
                ],
                in: folder.path)
            #expect(made.code == 0, "\(made.errors)")
            #expect(try await Command.reconcile("plan", in: folder.path, environment: environment).code == 0)
            let plan = try await Command.reconcile("plan", "--fail-on-unmanaged", in: folder.path, environment: environment)
            #expect(plan.code == 4 && plan.output.contains("policy: 1 unmanaged domain: a.example"), "\(plan.output)")
        }
    }

    @Test("the examples are valid side by side, and the walk through them is what comes out")
    func examples() async throws {
        let folder = try Scratch()
        let copied = try await Command.run("/bin/cp", ["-r", Self.examples, folder.file("environments")], in: folder.path)
        #expect(copied.code == 0)
        let script = try Repository.text("examples/environments/README.md")
        let ran = try await Walk.run(
            script, in: folder.file("environments"), environment: ["HELPDESK_TOKEN": "canary"])
        #expect(ran >= 8)
        #expect(try folder.read("environments/kept/ZAPIER_EMAILCONNECT_KEY").hasPrefix("ec_"))
    }

    @Test("an account made by hand is exported, adopted without another change, and then split")
    func adopted() async throws {
        let folder = try Scratch()
        try await TestServer.with { server in
            let base = "http://127.0.0.1:\(server.port)/v1"
            let environment = ["EMAILCONNECT_URL": base, "EMAILCONNECT_API_KEY": server.key]
            let make = """
                set -eu
                post() { curl -sf -H "Authorization: Bearer $2" --json "$3" "$1"; }
                for number in 1 2 3 4 5 6 7 8 9 10; do
                  post "$1/webhooks" "$2" "{\\"name\\":\\"Hook $number\\",\\"url\\":\\"https://h$number.example/\\",\\"headers\\":{\\"X-Token\\":\\"canary\\"}}" | jq -r .id
                done >ids
                post "$1/domains" "$2" '{"name":"acme.example"}' >/dev/null
                operations=$(for number in $(seq 1 100); do
                  hook=$(sed -n "$((number % 10 + 1))p" ids)
                  printf '{"action":"create","data":{"domain":"acme.example","name":"a%s","description":"yes: %s","webhook_id":"%s"}},' "$number" "$number" "$hook"
                done)
                post "$1/aliases/batch" "$2" "{\\"operations\\":[${operations%,}]}" >/dev/null
                post "$1/api-keys" "$2" '{"name":"Zapier","scopes":["aliases:read"]}' >/dev/null
                """
            let made = try await Command.run("/bin/bash", ["-c", make, "-", base, server.key], in: folder.path)
            #expect(made.code == 0, "\(made.errors)")
            let exported = try await Command.reconcile(
                "export", "--manifest", "acme", "--environment", "production", "--out", "reconcile.yaml", in: folder.path,
                environment: environment)
            #expect(exported.code == 0, "\(exported.errors)")
            let again = try await Command.reconcile("export", "--out", "reconcile.yaml", in: folder.path, environment: environment)
            #expect(again.code == 1 && again.errors.contains("is there already; choose another file, or add --force"))
            #expect(!(try folder.read("reconcile.yaml").contains("canary")))
            let plan = try await Command.reconcile("plan", in: folder.path, environment: environment)
            #expect(plan.output.contains("112 to adopt.") && plan.code == 0, "\(plan.output.suffix(400))\(plan.errors)")
            #expect(try await Command.reconcile("apply", "--auto-approve", in: folder.path, environment: environment).code == 0)
            // Split: the domains go to a file of their own, and nothing changes by that.
            var manifest = try folder.read("reconcile.yaml").replacing("allow:\n  adopt: all\n", with: "include: domains.yaml\n")
            let start = try #require(manifest.range(of: "\ndomains:\n"))
            let end = try #require(manifest.range(of: "\napi_keys:\n"))
            try folder.write(String(manifest[start.lowerBound..<end.lowerBound]), to: "domains.yaml")
            manifest.removeSubrange(start.lowerBound..<end.lowerBound)
            try folder.write(manifest, to: "reconcile.yaml")
            let split = try await Command.reconcile("plan", "--format", "json", in: folder.path, environment: environment)
            #expect(split.code == 0 && split.output.contains(#""add":0,"change":0,"rename":0,"adopt":0"#), "\(split.output)\(split.errors)")
            #expect(try await Command.reconcile("validate", "--all", ".", in: folder.path).code == 0)
            let lacking = try await Command.reconcile("export", "--into", "reconcile.yaml", in: folder.path, environment: environment)
            #expect(lacking.code == 0 && lacking.output.isEmpty && lacking.errors == "The manifest lacks nothing.\n", "\(lacking.output)")
        }
    }

    @Test("a key goes to a program only when that is allowed, and to a file on a CI's machine never")
    func commands() async throws {
        let folder = try Scratch()
        let manifest =
            "version: 1\nmanifest: m\nenvironment: e\napi_keys: { k: { scopes: [full], deliver_to: { command: [sh, -c, \"cat >key\"] } } }\n"
        try folder.write(manifest, to: "reconcile.yaml")
        try await TestServer.with { server in
            let environment = [
                "EMAILCONNECT_URL": "http://127.0.0.1:\(server.port)/v1", "EMAILCONNECT_API_KEY": server.key, "CI": "true",
            ]
            let refused = try await Command.reconcile("apply", "--auto-approve", in: folder.path, environment: environment)
            #expect(refused.code == 4 && refused.errors.contains("if that program may run here, add --allow-commands"), "\(refused.errors)")
            #expect(!FileManager.default.fileExists(atPath: folder.file("key")))
            let applied = try await Command.reconcile(
                "apply", "--auto-approve", "--allow-commands", in: folder.path, environment: environment)
            #expect(applied.code == 0 && applied.output.contains("Delivered api key k to command sh -c 'cat >key'."), "\(applied.errors)")
            #expect(try folder.read("key").hasPrefix("ec_") && !applied.output.contains(try folder.read("key").prefix(20)))
        }
    }

    @Test("a resource is explained, or what it might be")
    func explained() async throws {
        let (file, folder) = ("production.yaml", Self.examples)
        let arguments = ["plan", "--local", "--local-db", "none.db", file]
        let text = try await Command.run(Command.binary, arguments + ["--explain", "sales@acme.example"], in: folder)
        #expect(text.code == 0 && text.output.contains("webhook      crm      production/sales.yaml:"), "\(text.output)\(text.errors)")
        let json = try await Command.run(
            Command.binary, arguments + ["--explain", "acme.example", "--format", "json"], in: folder)
        #expect(
            json.output.contains(#""explained":[{"kind":"domain","name":"acme.example","declared_at":"production.yaml:"#), "\(json.output)")
        let wrong = try await Command.run(Command.binary, arguments + ["--explain", "sale@acme.example"], in: folder)
        #expect(wrong.code == 1 && wrong.errors.contains("did you mean sales@acme.example?"))
        #expect(try await Command.run(Command.binary, arguments + ["--explain", "crm"], in: folder).code == 64)
        #expect(try await Command.run(Command.binary, arguments + ["--explain", "a@b.c", "--format", "html"], in: folder).code == 64)
    }
}
