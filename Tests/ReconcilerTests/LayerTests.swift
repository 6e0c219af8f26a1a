import EmailConnect
@testable import Reconciler
import Testing
import TestSupport

@Suite("A manifest of several files")
struct LayerTests {
    private static let head = "version: 1\nmanifest: m\nenvironment: e\n"

    private func load(_ files: [String: String], isTraced: Bool = false) -> Pipeline.Loaded {
        Pipeline.load("m.yaml", .test(files: files), isTraced: isTraced)
    }

    /// What the files want, or the errors, one a line: `FILE:LINE:COLUMN PROBLEM`.
    private func read(_ manifest: String, _ files: [String: String] = [:]) -> String {
        let loaded = load(files.merging(["m.yaml": Self.head + manifest]) { $1 })
        guard let state = loaded.desired else {
            return loaded.diagnostics.map { "\($0.file):\($0.position?.line ?? 0):\($0.position?.column ?? 0) \($0.problem)" }
                .joined(separator: "\n")
        }
        var lines = state.webhooks.map { line($0.value) } + state.domains.map { line($0.value) }
        lines += state.aliases.map { line($0.value) } + state.apiKeys.map { line($0.value) }
        lines += state.sinks.sorted { $0.key < $1.key }.map { "\($0) to \($1.label)" }
        return lines.joined(separator: "\n")
    }

    private func line<R: Resource>(_ value: R) -> String {
        let fields = value.differences(from: R(), with: Secrets()).filter { R.fields[$0.row].isInManifest }
        let shown = fields.map { " \($0.difference.field)=\($0.difference.to.cell)" }.joined()
        return "\(R.kind.word) \(value.naturalKey?.description ?? "")\(shown)"
    }

    private static let base = """
        webhooks:
          a: { url: https://a.example/, description: "Base's", headers: { X-Team: t, X-Other: o, Authorization: { env: T } } }
          b: { url: https://b.example/ }
        domains:
          main:
            name: acme.example
            description: Main
            webhook: b
            aliases: { one: a, two: { webhook: b, description: Two, enabled: false }, three: b }
          other.example: { aliases: { x: a } }
        api_keys:
          k: { scopes: [aliases:read], expires_after: 90d, deliver_to: { file: k.key } }
        """

    @Test("is inherited value by value: what is stated wins, each header for itself, and null removes")
    func extends() {
        let manifest = """
            extends: base.yaml
            webhooks:
              a: { description: null, headers: { X-Team: mine, x-other: null } }
              c: { url: https://c.example/ }
            domains:
              main: { name: staging.acme.example, webhook: null, aliases: { two: { enabled: true }, three: null, four: c } }
              other.example: null
            api_keys:
              k: { expires_after: null, expires_at: 2027-01-01 }
            """
        #expect(
            read(manifest, ["base.yaml": Self.base]) == """
                webhook a name="a" url="https://a.example/" headers.Authorization=(secret, env T) headers.X-Team="mine"
                webhook b name="b" url="https://b.example/"
                webhook c name="c" url="https://c.example/"
                domain staging.acme.example name="staging.acme.example" description="Main"
                alias one@staging.acme.example webhook=a
                alias two@staging.acme.example description="Two" webhook=b
                alias four@staging.acme.example webhook=c
                api key k name="k" scopes=[aliases:read] expires_at=2027-01-01T00:00:00Z
                k to file k.key
                """)
    }

    @Test("inherits along a chain, nearest first, and none of version, manifest, environment")
    func chain() {
        let middle = "extends: ../base.yaml\nmanifest: other\nenvironment: other\nwebhooks: { a: { description: Middle's } }\n"
        let loaded = load([
            "m.yaml": Self.head + "extends: envs/middle.yaml\ndomains: null\n", "envs/middle.yaml": middle, "base.yaml": Self.base,
        ])
        #expect(loaded.desired?.owner.text == "m/e")
        #expect(loaded.desired?.webhooks.first?.value.description == "Middle's")
        #expect(loaded.desired?.domains.isEmpty == true && loaded.desired?.aliases.isEmpty == true)
        #expect(loaded.desired?.files == ["m.yaml", "envs/middle.yaml", "base.yaml"])
        let none = load(["m.yaml": "extends: base.yaml\n", "base.yaml": Self.head])
        #expect(none.diagnostics.map(\.problem).sorted().count == 3, "\(none.diagnostics)")
    }

    @Test(
        "is refused where it is wrong, at the file and line of the mistake",
        arguments: [
            ("extends: none.yaml", [:], "m.yaml:4:10 the file cannot be read: there is no file none.yaml"),
            ("extends: m.yaml", [:], "m.yaml:4:10 the files lead in a circle: m.yaml -> m.yaml"),
            ("extends: b.yaml", ["b.yaml": "extends: ./m.yaml"], "b.yaml:1:10 the files lead in a circle: m.yaml -> b.yaml -> m.yaml"),
            ("extends: /etc/passwd", [:], "m.yaml:4:10 not a path of a file"),
            (
                "extends: b.yaml", ["b.yaml": "webhooks: { a: { ulr: x } }"],
                "b.yaml:1:13 the webhook a has no url\nb.yaml:1:18 unknown key \"ulr\" in a webhook"
            ),
            ("extends: b.yaml", ["b.yaml": "a: [\n"], "b.yaml:2:1 this is no YAML: did not find expected node content"),
            (
                "extends: b.yaml\nwebhooks: { a: null }", ["b.yaml": "version: 1"],
                "m.yaml:5:16 null removes what is inherited, and nothing is inherited here: webhook a"
            ),
            (
                "extends: b.yaml\ndomains: { a.example: { description: null } }", ["b.yaml": "domains: { A.example.: {} }"],
                "m.yaml:5:38 null removes what is inherited, and nothing is inherited here: description of the domain a.example"
            ),
            (
                "extends: b.yaml\nwebhooks: { a: { headers: { X: null } } }", ["b.yaml": "webhooks: { a: { url: https://a.example } }"],
                "m.yaml:5:13 null removes what is inherited, and nothing is inherited here: the header X of the webhook a"
            ),
            (
                "extends: b.yaml\nwebhooks: { a: null }",
                ["b.yaml": "webhooks: { a: { url: https://a.example } }\ndomains: { a.example: { webhook: a } }"],
                "b.yaml:2:34 there is no webhook \"a\""
            ),
            (
                "include: [p.yaml, q.yaml]",
                ["p.yaml": "webhooks: { a: { url: https://a.example } }", "q.yaml": "webhooks: { a: { url: https://b.example } }"],
                "q.yaml:1:13 url of the webhook a stands here twice"
            ),
            (
                "include: [p.yaml, q.yaml]",
                [
                    "p.yaml": "webhooks: { a: { url: https://a.example, headers: { X: a, Y: b } } }",
                    "q.yaml": "webhooks: { a: { headers: { x: c, Z: d } } }",
                ], "q.yaml:1:13 the header X of the webhook a stands here twice"
            ),
            ("include: 'p/**/q.yaml'", [:], "m.yaml:4:10 a pattern that this reader does not follow"),
            ("extends: base.fifo", ["base.fifo": ""], "m.yaml:4:10 the file cannot be read: it is a pipe or a device"),
            ("extends: b.yaml", ["b.yaml": "'root:*:1:0:9:7::':\n"], "b.yaml:1:1 an unknown key in a manifest"),
            (
                "webhooks: { a: { url: { env: EMAILCONNECT_API_KEY } } }", [:],
                "m.yaml:4:30 EMAILCONNECT_API_KEY is for reconcile itself, and goes nowhere"
            ),
            ("include: p.yaml", ["p.yaml": "extends: q.yaml"], "p.yaml:1:10 a file that is included cannot extend another"),
            ("include: p*.yaml", [:], "m.yaml:4:10 no file matches"),
            ("include: [p.yaml, ./p.yaml]", ["p.yaml": "version: 1"], "m.yaml:4:19 p.yaml belongs to this manifest already"),
            ("include: p.yaml", ["p.yaml": "include: m.yaml"], "p.yaml:1:10 the files lead in a circle: m.yaml -> p.yaml -> m.yaml"),
            (
                "include: p.yaml\ndomains: { a.example: { aliases: { x: {} } } }",
                ["p.yaml": "domains: { a.example: { aliases: { X: null } } }"],
                "p.yaml:1:39 alias x stands here twice\np.yaml:1:39 null removes what is inherited, and nothing is inherited here: alias x@a.example"
            ),
            ("alias_sets: { r: { x: no } }", [:], "m.yaml:4:23 there is no webhook \"no\""),
            ("domains: { a.example: { use: [r] } }", [:], "m.yaml:4:31 there is no alias set \"r\""),
            (
                "alias_sets: { r: { x: {} }, s: { x: {} } }\ndomains: { a.example: { use: [r, s] } }", [:],
                "m.yaml:5:34 the alias x is in two of the sets"
            ),
            (
                "webhooks: { a: { url: { file: s, folder: .. } } }", [:],
                "m.yaml:4:13 a reference has env, file, command or age, and perhaps a prefix"
            ),
        ])
    func mistakes(manifest: String, files: [String: String], expected: String) {
        #expect(read(manifest, files) == expected)
    }

    @Test("has the aliases of the sets that a domain uses, below its own")
    func sets() {
        let manifest = """
            webhooks: { h: { url: https://h.example/ }, i: { url: https://i.example/ } }
            alias_sets:
              roles: { postmaster: h, abuse: { webhook: h, description: Abuse }, noc: h }
            domains:
              a.example: { use: [roles], aliases: { abuse: { webhook: i }, noc: null, own: i } }
              b.example: { use: [roles] }
            """
        #expect(
            read(manifest) == """
                webhook h name="h" url="https://h.example/"
                webhook i name="i" url="https://i.example/"
                domain a.example name="a.example"
                domain b.example name="b.example"
                alias postmaster@a.example webhook=h
                alias abuse@a.example description="Abuse" webhook=i
                alias own@a.example webhook=i
                alias postmaster@b.example webhook=h
                alias abuse@b.example description="Abuse" webhook=h
                alias noc@b.example webhook=h
                """)
        let child =
            "extends: b.yaml\nalias_sets: { roles: { noc: null, abuse: { enabled: false } } }\ndomains: { a.example: { use: null, aliases: null } }\n"
        #expect(
            read(child, ["b.yaml": manifest]).hasSuffix(
                "domain b.example name=\"b.example\"\nalias postmaster@b.example webhook=h\n"
                    + "alias abuse@b.example description=\"Abuse\" enabled=false webhook=h"), "\(read(child, ["b.yaml": manifest]))")
    }

    @Test("is joined from the files that it includes, sorted, wherever they stand")
    func include() {
        let parts = [
            "teams/b.yaml": "domains: { acme.example: { aliases: { b: h } } }\nremoved: [{ alias: old@acme.example }]\n",
            "teams/a.yaml": "domains: { acme.example: { description: D, aliases: { a: h } } }\n",
            "hooks.yaml": "version: 1\nwebhooks: { h: { url: https://h.example/ } }\n",
        ]
        let manifest = "include: [hooks.yaml, 'teams/*.yaml']\ndomains: { acme.example: { enabled: false, aliases: { m: h } } }\n"
        #expect(
            read(manifest, parts) == """
                webhook h name="h" url="https://h.example/"
                domain acme.example name="acme.example" description="D" enabled=false
                alias m@acme.example webhook=h
                alias a@acme.example webhook=h
                alias b@acme.example webhook=h
                """)
    }

    @Test("has paths that are relative to the file that they stand in, and secrets below its folder")
    func paths() throws {
        let base = """
            webhooks: { a: { url: https://a.example/, headers: { Authorization: { file: secrets/t } } } }
            api_keys: { k: { scopes: [aliases:read], deliver_to: { file: keys/k } } }
            """
        var asked: [String] = []
        let files = ["m.yaml": Self.head + "extends: shared/base.yaml\n", "shared/base.yaml": base, "shared/secrets/t": "v\n"]
        let loaded = load(files)
        let state = try #require(loaded.desired, "\(loaded.diagnostics)")
        #expect(state.sinks.values.first == .file("shared/keys/k"))
        #expect(state.secretReferences.map(\.label) == ["file shared/secrets/t"])
        let (secrets, warnings) = SecretResolver.resolve(state.secretReferences, manifest: "m.yaml", .test(files: files))
        #expect(warnings.isEmpty && state.secretReferences.allSatisfy { secrets[$0]?.reveal() == "v" })
        asked = state.secretReferences.map(\.folder)
        #expect(asked == ["shared"])
    }
}
