import EmailConnect
import Foundation
import Testing
import TestSupport

/// The two keys that the README has for CI do what they are for, and nothing else.
@Suite("The keys of CI")
struct LeastPrivilegeTests {
    private static let manifest = """
        version: 1
        manifest: acme
        environment: test
        webhooks: { hook: { url: https://hooks.example/in, headers: { X-Token: { env: TOKEN } } } }
        domains: { acme.example: { aliases: { support: hook } } }
        api_keys: { reader: { scopes: [aliases:read, emails:read], expires_after: 90d, deliver_to: { file: keys/reader } } }

        """

    private func definitions() throws -> String {
        let readme = try Repository.text("README.md")
        let start = try #require(readme.range(of: "```yaml\napi_keys: # of CI"))
        let end = try #require(readme.range(of: "\n```", range: start.upperBound..<readme.endIndex))
        return String(readme[start.lowerBound..<end.lowerBound].dropFirst("```yaml\n".count))
    }

    @Test("plan and apply with exactly what the README gives them; plan's cannot write, and with less it does not plan")
    func keys() async throws {
        let (admin, folder) = (try Scratch(), try Scratch())
        let definitions = try definitions()
        try admin.write("version: 1\nmanifest: ci-keys\nenvironment: test\n\(definitions)\n", to: "reconcile.yaml")
        try folder.write(Self.manifest, to: "reconcile.yaml")
        try await TestServer.with { server in
            let url = "http://127.0.0.1:\(server.port)/v1"
            let first = ["EMAILCONNECT_URL": url, "EMAILCONNECT_API_KEY": server.key]
            let made = try await Command.reconcile("apply", "--auto-approve", in: admin.path, environment: first)
            #expect(made.code == 0, "\(made.errors)")
            func environment(_ key: String) throws -> [String: String] {
                let token = try admin.read("keys/\(key)").trimmingCharacters(in: .newlines)
                return ["EMAILCONNECT_URL": url, "EMAILCONNECT_API_KEY": token, "TOKEN": "v"]
            }
            let plan = try await Command.reconcile("plan", "--detailed-exitcode", in: folder.path, environment: environment("ci-plan"))
            #expect(plan.code == 2, "\(plan.errors)")
            let write = try await Command.reconcile("apply", "--auto-approve", in: folder.path, environment: environment("ci-plan"))
            #expect(write.code == 1 && write.errors.contains("this API key has no write scope"), "\(write.errors)")
            let apply = try await Command.reconcile("apply", "--auto-approve", in: folder.path, environment: environment("ci-apply"))
            #expect(apply.code == 0, "\(apply.errors)")
            let again = try await Command.reconcile("plan", "--detailed-exitcode", in: folder.path, environment: environment("ci-plan"))
            #expect(again.code == 0, "it compares the secrets too: \(again.output)")
            try folder.write(Self.manifest.replacing("emails:read", with: "emails:write"), to: "reconcile.yaml")
            let more = try await Command.reconcile("apply", "--auto-approve", in: folder.path, environment: environment("ci-apply"))
            #expect(more.code == 1 && more.errors.contains("emails:write"), "nobody grants what they lack: \(more.errors)")
            let scopes = try #require(definitions.firstMatch(of: /ci-plan:[^\[]*\[([^\]]*)\]/)).1.split(separator: ", ").map(String.init)
            for missing in scopes {
                let fewer = scopes.filter { $0 != missing }.joined(separator: ",")
                let key = try await Command.reconcile(
                    "keys", "create", "--expires", "1h", "--scopes", fewer, in: folder.path, environment: first)
                var environment = first
                environment["EMAILCONNECT_API_KEY"] = key.output.trimmingCharacters(in: .newlines)
                environment["TOKEN"] = "v"
                let lesser = try await Command.reconcile("plan", "--detailed-exitcode", in: folder.path, environment: environment)
                #expect(lesser.code != 0 && lesser.code != 2 || lesser.output.contains("may not compare"), "\(missing): \(lesser.code)")
            }
        }
    }
}
