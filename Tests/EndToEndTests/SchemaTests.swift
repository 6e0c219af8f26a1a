import EmailConnect
import Foundation
import Testing
import TestSupport

@Suite("The manifest's JSON Schema")
struct SchemaTests {
    private static let python = "\(Repository.root)/.build/python/bin/python3"
    private static let manifests = "\(Repository.root)/Tests/ReconcilerTests/Snapshots/manifests"

    /// The files that the schema refuses.
    private func refused(_ files: [String], _ scratch: Scratch) async throws -> [String: String] {
        try #require(FileManager.default.fileExists(atPath: Self.python), "run scripts/prerequisites --tests")
        let schema = try await Command.reconcile("schema", in: scratch.path)
        #expect(schema.code == 0 && schema.output.hasSuffix("}\n"))
        try scratch.write(schema.output, to: "schema.json")
        let script = "\(Repository.root)/Tests/EndToEndTests/Scripts/manifest-schema.py"
        let result = try await Command.run(Self.python, [script, "schema.json"] + files, in: scratch.path)
        #expect(result.code == 0, "\(result.errors)")
        return Dictionary(
            uniqueKeysWithValues: result.output.split(separator: "\n").map { line in
                let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
                return (parts[0], parts[1])
            })
    }

    @Test("takes whatever the reader takes, and refuses nothing that the reader takes")
    func agrees() async throws {
        let scratch = try Scratch()
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.manifests).filter { $0.hasSuffix(".yaml") }.sorted()
        let examples = [
            "quickstart/reconcile", "complete/reconcile", "environments/base", "environments/development", "environments/policy",
        ]
        .map { "\(Repository.root)/examples/\($0).yaml" }
        let files = names.map { "\(Self.manifests)/\($0)" } + examples
        let refused = try await refused(files, scratch)
        for file in files {
            let read = try await Command.run(Command.binary, ["validate", file], in: scratch.path)
            #expect(read.code == 1 && !file.contains("/examples/") || refused[file] == nil, "\(file): \(refused[file] ?? "")")
        }
        #expect(refused.count >= 12, "it refuses what is wrong in one place: \(refused)")
        for name in ["unknown", "version", "missing", "secrets_misplaced"] {
            #expect(refused["\(Self.manifests)/\(name).yaml"] != nil, "\(name)")
        }
    }

    @Test("has every field, with its description, and refuses a slip where it is made")
    func fields() async throws {
        let scratch = try Scratch()
        let head = "version: 1\nmanifest: a\nenvironment: b\n"
        let slips = [
            "webhooks: { a: { url: https://a.example/, enabled: \"yes\" } }", "webhooks: { a: { ulr: https://a.example/ } }",
            "domains: { a.example: { aliases: { x: { webhok: a } } } }", "policy: { require: [https] }",
            "policy: { limits: { deletes: -1 } }",
            "alias_sets: { roles: { postmaster: { webhok: a } } }", "domains: { a.example: { use: roles } }", "include: { a: b }",
            "api_keys: { k: { scopes: [full], deliver_to: { file: k, command: [k] } } }",
            "api_keys: { k: { scopes: [alias], deliver_to: { file: k } } }", "allow: { deletes: 0 }", "removed: [{ keep: true }]",
            "webhooks: { a: { url: https://a.example/, headers: { X: { env: A, file: b } } } }", "webhooks: [a]", "colour: red",
        ]
        for (index, slip) in slips.enumerated() { try scratch.write(head + slip + "\n", to: "slip\(index).yaml") }
        let refused = try await refused(slips.indices.map { "slip\($0).yaml" }, scratch)
        for (index, slip) in slips.enumerated() {
            #expect(refused["slip\(index).yaml"] != nil, "\(slip)")
            let read = try await Command.reconcile("validate", "slip\(index).yaml", in: scratch.path)
            #expect(read.code == 1, "the reader refuses it too: \(slip)")
        }
        let schema = try scratch.read("schema.json")
        func check<R: Resource>(_: R.Type) {
            for field in R.fields where field.isInManifest {
                #expect(schema.contains("\"\(field.name)\":{"), "\(R.kind) \(field.name)")
                #expect(schema.contains(field.about.replacing("\"", with: "\\\"").replacing("/", with: "/")), "\(R.kind) \(field.name)")
            }
        }
        check(Webhook.self)
        check(Domain.self)
        check(Alias.self)
        check(APIKey.self)
    }

    @Test("of what programs get takes every plan, refusal, apply and failure")
    func plans() async throws {
        try #require(FileManager.default.fileExists(atPath: Self.python), "run scripts/prerequisites --tests")
        let scratch = try Scratch()
        try scratch.write(try await Command.reconcile("schema", "plan", in: scratch.path).output, to: "schema.json")
        let examples = "\(Repository.root)/examples"
        try scratch.write("version: 1\npolicy: { require: [key_rotation], unmanaged: report }\n", to: "policy.yaml")
        let local = ["--local", "--format", "json", "--policy", "policy.yaml"]
        let manifest = "\(examples)/complete/reconcile.yaml"
        // Keys go below the manifest's folder.
        try scratch.write(try Repository.text("examples/quickstart/reconcile.yaml"), to: "quick.yaml")
        let runs: [[String]] = [
            ["plan", manifest] + local, ["plan", "none.yaml"] + local, ["plan", manifest, "--format", "json"],
            ["plan", "quick.yaml", "--explain", "acme.example"] + local,
            ["apply", "quick.yaml", "--auto-approve", "--local", "--format", "json"],
            ["plan", "quick.yaml"] + local,
            ["apply", "quick.yaml", "--auto-approve", "--local", "--format", "json"],
            ["destroy", "quick.yaml", "--auto-approve", "--local", "--format", "json"],
            ["validate", "none.yaml", "--format", "json"],
        ]
        var files: [String] = []
        var codes: Set<Int32> = []
        for (index, run) in runs.enumerated() {
            let result = try await Command.run(Command.binary, run, in: scratch.path)
            #expect(result.output.hasPrefix(#"{"format":1,"#), "\(run): \(result.output)\(result.errors)")
            try scratch.write(result.output, to: "\(index).json")
            files.append("\(index).json")
            codes.insert(result.code)
        }
        #expect(codes == [0, 1, 4, 5], "all kinds of ends: \(codes)")
        try scratch.write(#"{"format":1,"command":"plan","errors":[],"exit":{"code":0}}"#, to: "slip.json")
        let script = "\(Repository.root)/Tests/EndToEndTests/Scripts/manifest-schema.py"
        let result = try await Command.run(Self.python, [script, "schema.json", "slip.json"] + files, in: scratch.path)
        #expect(
            result.code == 0 && result.output.hasPrefix("slip.json\t") && result.output.split(separator: "\n").count == 1,
            "\(result.output)\(result.errors)")
    }

    @Test("is taken by the usual checker, for every example")
    func checker() async throws {
        let checker = URL(filePath: Self.python).deletingLastPathComponent().appending(path: "check-jsonschema").path
        try #require(FileManager.default.fileExists(atPath: checker), "run scripts/prerequisites --tests")
        let scratch = try Scratch()
        try scratch.write(try await Command.reconcile("schema", in: scratch.path).output, to: "schema.json")
        let files = ["quickstart", "complete", "environments"].flatMap { folder in
            Repository.files("examples/\(folder)", "yaml").map { "\(Repository.root)/examples/\(folder)/\($0)" }
        }
        #expect(files.count >= 8)
        let result = try await Command.run(checker, ["--schemafile", "schema.json"] + files, in: scratch.path)
        #expect(result.code == 0, "\(result.output)\(result.errors)")
    }
}
