import EmailConnect
import Foundation
import Testing
import TestSupport

@Suite("What the documents show")
struct DocumentTests {
    @Test("each example is valid", arguments: ["quickstart", "complete", "webhook-receiver"])
    func examples(name: String) async throws {
        let result = try await Command.reconcile("validate", in: "\(Repository.root)/examples/\(name)")
        #expect(result.code == 0, "\(result.errors)")
        #expect(!result.errors.contains("warning"), "\(result.errors)")
    }

    @Test("the complete example and the reference have every field that a manifest can state")
    func everyField() throws {
        let example = try Repository.text("examples/complete/reconcile.yaml")
        let reference = try Repository.text("docs/manifest.md")
        func check<R: Resource>(_: R.Type) {
            for field in R.fields where field.isInManifest {
                #expect(example.contains("\(field.name):"), "\(R.kind) \(field.name) in the example")
                #expect(reference.contains("| `\(field.name)` | \(field.about) |"), "\(R.kind) \(field.name) in docs/manifest.md")
            }
        }
        check(Webhook.self)
        check(Domain.self)
        check(Alias.self)
        check(APIKey.self)
    }

    @Test("the README's run is what comes out")
    func readme() async throws {
        let readme = try Repository.text("README.md")
        let folder = try Scratch()
        try folder.write(Repository.text("examples/quickstart/reconcile.yaml"), to: "reconcile.yaml")
        let ran = try await Walk.run(Walk.section("## A run", of: readme), in: folder.path)
        #expect(ran >= 4)
    }

    @Test("the README's mail comes in and its call arrives, verified")
    func mail() async throws {
        let folder = try Scratch()
        let (ports, example) = (Walk.freePorts(for: "8080", "8090", "2525"), "examples/webhook-receiver")
        for file in ["receiver.py", "reconcile.yaml"] {
            try folder.write(Walk.exchanging(ports, in: Repository.text("\(example)/\(file)")), to: file)
        }
        let ran = try await Walk.run(
            Walk.section("## Mail in, webhook out", of: Repository.text("README.md")), in: folder.path, ports: ports)
        #expect(ran >= 8)
    }

    @Test("the package installs a program that runs alone, with completions and a manual page that knows every option")
    func package() async throws {
        let folder = try Scratch()
        let script = """
            set -euo pipefail
            "$1/scripts/package" "$2/dist" >/dev/null
            cd "$2/dist"; sha256sum --quiet -c *.sha256; mkdir "$2/local"; tar -C "$2/local" -xzf *.tar.gz --strip-components=1
            cd "$2/local"; bash -n share/bash-completion/completions/reconcile
            bin/reconcile validate "$1/examples/complete/reconcile.yaml"
            gunzip -c share/man/man1/reconcile.1.gz; cat share/fish/vendor_completions.d/reconcile.fish share/zsh/site-functions/_reconcile
            """
        let result = try await Command.run(
            "/bin/bash", ["-c", script, "-", Repository.root, folder.path], in: folder.path, environment: ["RECONCILE": Command.binary])
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.errors.contains("complete/reconcile.yaml: valid"))
        let plain = result.output.replacing("\\-", with: "-")
        for part in [
            "reconcile serve account add", "--detailed-exitcode", "--trusted-proxy", "EMAILCONNECT_API_KEY", "complete -c 'reconcile'",
        ] {
            #expect(plain.contains(part), "\(part)")
        }
    }

    @Test("the quickstart ends with an empty plan and an account that curl can read")
    func quickstart() async throws {
        let result = try await Command.run(
            "/bin/bash", ["\(Repository.root)/scripts/quickstart"], in: Repository.root, environment: ["RECONCILE": Command.binary])
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.output.components(separatedBy: "no changes.").count == 3, "\(result.output)")
        #expect(result.output.contains(#""address":"billing@acme.example""#))
        let home = try Scratch()
        let installed = try await Command.run(
            "/bin/bash", ["\(Repository.root)/scripts/quickstart", "--install"], in: Repository.root,
            environment: ["RECONCILE": Command.binary, "HOME": home.path])
        #expect(installed.code == 0, "\(installed.errors)")
        #expect(installed.output.contains("add ~/.local/bin to your PATH"))
        #expect(try await Command.run(home.file(".local/bin/reconcile"), ["--version"], in: home.path).output == "0.1.0\n")
        let wrong = try await Command.run("/bin/bash", ["\(Repository.root)/scripts/quickstart", "--colour"], in: Repository.root)
        #expect(wrong.code == 64)
    }

    /// Every link of the documents leads to a file of the repository.
    @Test("links lead somewhere")
    func links() throws {
        var found = 0
        for file in ["README.md"] + Repository.files("docs", "md").map({ "docs/\($0)" }) {
            let folder = (file as NSString).deletingLastPathComponent
            for part in try Repository.text(file).components(separatedBy: "](").dropFirst() {
                guard let target = part.components(separatedBy: ")").first, !target.hasPrefix("http"), !target.hasPrefix("#") else {
                    continue
                }
                let parts = target.components(separatedBy: "#")
                let path = (("\(Repository.root)/\(folder)" as NSString).appendingPathComponent(parts[0]) as NSString).standardizingPath
                #expect(FileManager.default.fileExists(atPath: path), "\(file) links to \(target)")
                if let heading = parts.dropFirst().first {
                    #expect(
                        try String(contentsOfFile: path, encoding: .utf8).lowercased().contains("# \(heading.replacing("-", with: " "))\n"),
                        "\(file) links to \(target)")
                }
                found += 1
            }
        }
        #expect(found > 3)
    }
}
