import EmailConnect
@testable import Reconciler
import TestSupport
import Testing

@Suite("Manifests side by side")
struct OverlapTests {
    private func overlaps(_ first: String, _ second: String) throws -> [String] {
        let files = [
            "a.yaml": "version: 1\nmanifest: a\nenvironment: e\n\(first)", "b/b.yaml": "version: 1\nmanifest: b\nenvironment: e\n\(second)",
        ]
        let states = try ["a.yaml", "b/b.yaml"].map { file in
            let loaded = Pipeline.load(file, .test(files: files))
            return (file, try #require(loaded.desired, "\(loaded.diagnostics)"))
        }
        return Overlaps.find(states).map { "\($0.file):\($0.position?.line ?? 0) \($0.problem)" }
    }

    @Test(
        "claim nothing twice, unless they are for different accounts",
        arguments: [
            ("domains: { a.example: {} }", "domains: { b.example: {} }", []),
            (
                "domains: { a.example: {} }", "\ndomains: { A.example.: {} }",
                ["b/b.yaml:5 the domain a.example of b/e is claimed by a/e too, at a.yaml:4:12"]
            ),
            ("server: { account: acct_1 }\ndomains: { a.example: {} }", "server: { account: acct_2 }\ndomains: { a.example: {} }", []),
            (
                "server: { account: acct_1 }\ndomains: { a.example: {} }", "domains: { a.example: {} }",
                ["b/b.yaml:4 the domain a.example of b/e is claimed by a/e too, at a.yaml:5:12"]
            ),
            ("domains: { a.example: { aliases: { x: {} } } }", "domains: { a.example: { manage: false, aliases: { y: {} } } }", []),
            (
                "domains: { a.example: { aliases: { x: {} } } }", "domains: { a.example: { manage: false, aliases: { X: {} } } }",
                ["b/b.yaml:4 the alias x@a.example of b/e is claimed by a/e too, at a.yaml:4:36"]
            ),
            (
                "server: { account: acct_1 }\napi_keys: { k: { scopes: [full], deliver_to: { file: b/k } } }",
                "server: { account: acct_2 }\napi_keys: { k: { scopes: [full], deliver_to: { file: k } } }",
                ["b/b.yaml:5 the place of the API key k, file b/k, of b/e is claimed by a/e too, at a.yaml:5:13"]
            ),
        ] as [(String, String, [String])])
    func claims(first: String, second: String, expected: [String]) throws {
        #expect(try overlaps(first, second) == expected)
    }

    @Test("are found in a folder by what they name; what they include, other files and broken ones are told apart")
    func folder() throws {
        let files = [
            "envs/a.yaml": "version: 1\nmanifest: a\nenvironment: e\n", "envs/deep/b.yml": "{ manifest: b,\n\"environment\": e }\n",
            "envs/base.yaml": "version: 1\nwebhooks: {}\n", "envs/ci.yaml": "jobs:\n  x:\n    manifest: a\n    environment: b\n",
            "envs/broken.yaml": "manifest: a\nenvironment: [\n", "envs/note.txt": "manifest: a\nenvironment: e\n",
            "envs/long.yaml": "manifesto: a\nenvironments: b\n", "other/c.yaml": "manifest: c\nenvironment: e\n",
            "envs/flow.yaml": "{version: 1, manifest: a, environment: e}", "envs/indented.yaml": "  manifest: a\n  environment: e\n",
            "envs/bom.YAML": "\u{FEFF}manifest: a\nenvironment: e\n", "envs/j.json": #"{"manifest":"a","environment":"e"}"#,
        ]
        #expect(
            try ManifestFolder.manifests(in: "envs", .test(files: files)) == [
                "envs/a.yaml", "envs/bom.YAML", "envs/broken.yaml", "envs/deep/b.yml", "envs/flow.yaml", "envs/indented.yaml",
                "envs/j.json",
            ])
    }

    @Test("of one owner are one too many")
    func owners() throws {
        let text = "version: 1\nmanifest: a\nenvironment: e\n"
        let files = ["a.yaml": text, "b.yaml": text]
        let states = try ["a.yaml", "b.yaml"].map { ($0, try #require(Pipeline.load($0, .test(files: files)).desired)) }
        #expect(Overlaps.find(states).map(\.problem) == ["the name of a/e is claimed by a/e too, at a.yaml"])
    }
}
