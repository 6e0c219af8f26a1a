import EmailConnect
import Foundation
import Testing
import TestSupport

/// Programs that others wrote talk to the built server: HTTP clients of three languages, a browser, a contract fuzzer, and a
/// client that does everything wrong.
@Suite("From outside", .serialized)
struct ForeignClientTests {
    /// The folder of the Python that the set-up script made for the tests.
    private static let python = "\(Repository.root)/.build/python/bin"
    private static let environment = [
        "PATH": "\(python):\(ProcessInfo.processInfo.environment["PATH"] ?? "")", "HOME": NSTemporaryDirectory(),
    ]

    private static func script(_ name: String) -> String { "\(Repository.root)/Tests/EndToEndTests/Scripts/\(name)" }

    private func require(_ paths: String...) throws {
        for path in paths {
            try #require(FileManager.default.fileExists(atPath: path), "\(path) is missing: run scripts/prerequisites --tests")
        }
    }

    @Test("curl, Python and Node do the documented calls with nothing but a host and a key, and see the same")
    func clients() async throws {
        try require("\(Self.python)/python3", "/usr/share/nodejs/axios")
        let clients = "\(Repository.root)/examples/clients"
        let programs = [
            ("/bin/bash", "curl.sh"), ("\(Self.python)/python3", "requests_client.py"), ("/usr/bin/env", "node \(clients)/axios_client.js"),
        ]
        var outputs: [String] = []
        for (program, file) in programs {
            let arguments = program == "/usr/bin/env" ? file.split(separator: " ").map(String.init) : ["\(clients)/\(file)"]
            let result = try await TestServer.with { server in
                try await Command.run(
                    program, arguments, in: clients,
                    environment: Self.environment.merging([
                        "EMAILCONNECT_URL": "http://127.0.0.1:\(server.port)/v1", "EMAILCONNECT_API_KEY": server.key,
                        "NODE_PATH": "/usr/share/nodejs",
                    ]) { $1 })
            }
            #expect(result.code == 0, "\(file): \(result.output)\(result.errors)")
            outputs.append(
                result.output.replacing(/(dom|alias|wh|key)_[A-Za-z0-9]+/) { "\($0.1)_ID" }.replacing(/ec_[A-Za-z0-9]{8}/, with: "ec_ID")
                    .replacing(/left: .*/, with: "left: N"))
        }
        #expect(outputs[0].contains("created domain dom_ID") && outputs[0].contains("412") && outputs[0].contains("401"))
        #expect(outputs[0].contains("pages: 2"), "a list is walked by cursor: \(outputs[0])")
        for (output, (_, file)) in zip(outputs, programs) { #expect(output == outputs[0], "\(file)") }
    }

    @Test("n8n, Make and Zapier do the calls of the examples, and leave the account as it was")
    func integrations() async throws {
        let folder = "\(Repository.root)/examples/integrations"
        let result = try await TestServer.with { server in
            let url = "http://127.0.0.1:\(server.port)"
            let run = try await Command.run(
                "/usr/bin/env", ["node", Self.script("integrations.js"), folder, url, server.key], in: folder, environment: Self.environment
            )
            let left = try await Command.run(
                "/usr/bin/env", ["curl", "-sS", "-H", "X-API-KEY: \(server.key)", "\(url)/api/aliases", "\(url)/api/webhooks"], in: folder,
                environment: Self.environment)
            #expect(left.output == #"{"aliases":[],"total":0}{"webhooks":[],"total":0}"#, "\(left.output)")
            return run
        }
        #expect(result.code == 0, "\(result.output)\(result.errors)")
        let files = Set(result.output.split(separator: "\n").compactMap { $0.split(separator: ":").first })
        #expect(files == ["setup", "n8n-trigger.json", "n8n-http.json", "make-blueprint.json", "zapier"])
        #expect(result.output.split(separator: "\n").count == 30, "each call was sent: \(result.output)")
    }

    @Test("a browser logs in, makes a key, uses it, ends it, and reads the reference")
    func browser() async throws {
        try require(
            "\(Self.python)/python3", "/usr/bin/chromium", "/usr/bin/chromedriver",
            "\(Repository.root)/.build/swagger-ui/swagger-ui-bundle.js")
        let scratch = try Scratch()
        let result = try await Command.run(
            "\(Self.python)/python3", [Self.script("browser.py"), Command.binary, scratch.path, "\(Repository.root)/.build/swagger-ui"],
            in: scratch.path, environment: Self.environment)
        #expect(result.code == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains(/\d\d checks passed/))
    }

    @Test("a lint of HTTP has nothing to say of the answers, good and bad")
    func lint() async throws {
        try require("\(Self.python)/httplint")
        let scratch = try Scratch()
        let result = try await Command.run(
            "/bin/bash", [Self.script("http-lint.sh"), Command.binary, scratch.path], in: scratch.path, environment: Self.environment)
        #expect(result.code == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains(/[23]\d answers, 0 faults/))
    }

    @Test("a contract fuzzer finds nothing that the document does not say")
    func contract() async throws {
        try require("\(Self.python)/schemathesis")
        let scratch = try Scratch()
        let result = try await Command.run(
            "/bin/bash", [Self.script("contract.sh"), Command.binary, scratch.path, "15"], in: scratch.path, environment: Self.environment)
        #expect(result.code == 0, "\(result.output.suffix(6000))\(result.errors.suffix(2000))")
    }

    @Test("a client that does everything wrong gets a 4xx each time, and changes nothing")
    func badInput() async throws {
        let scratch = try Scratch()
        let result = try await Command.run(
            "/usr/bin/env", ["python3", Self.script("bad-input.py"), Command.binary, scratch.path], in: scratch.path,
            environment: Self.environment)
        #expect(result.code == 0, "\(result.output.suffix(4000))\(result.errors.suffix(2000))")
        let count = result.output.firstMatch(of: /(\d+) cases, no row written/).flatMap { Int($0.1) }
        #expect(count ?? 0 >= 2000)
    }
}
