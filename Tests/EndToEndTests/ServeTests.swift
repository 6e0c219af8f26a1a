import EmailConnect
import Foundation
import Testing
import TestSupport

@Suite("reconcile serve")
struct ServeTests {
    /// Runs the built server as long as `body` does; it gets the server's URL without `/v1`.
    private func serve(
        _ folder: Scratch, _ more: [String] = [], _ body: @escaping @Sendable (String) async throws -> Void
    ) async throws -> CommandResult {
        let arguments = ["serve", "--db", "a.db", "--port", "0", "--key-file", "key"] + more
        return try await Command.start(Command.binary, arguments, in: folder.path) { running in
            let line = try await running.waits(forOutput: "listening on")
            let url = try #require(line.firstMatch(of: /listening on (\S+)\/v1/)).1
            do { try await body(String(url)) } catch {
                running.terminate()
                throw error
            }
            running.terminate()
        }
    }

    private func curl(_ arguments: String...) async throws -> CommandResult {
        try await Command.run("/usr/bin/curl", ["-sS", "-m", "20"] + arguments, in: NSTemporaryDirectory())
    }

    @Test("does what docs/api.md shows about accounts, links and backups, while the server runs")
    func administration() async throws {
        let folder = try Scratch()
        let block = try #require(
            try Repository.text("docs/api.md").components(separatedBy: "```sh\n").first { $0.hasPrefix("reconcile serve --db") }?
                .components(separatedBy: "```").first)
        let commands = block.split(separator: "\n").map { line in
            line.prefix { $0 != "#" }.split(separator: " ").map { $0 == "emailconnect.db" ? "a.db" : String($0) }
        }
        #expect(commands.count >= 6 && commands[0].contains("--key-file"))
        let result = try await serve(folder, ["--no-rate-limits"]) { url in
            var outputs: [String] = []
            for command in commands.dropFirst() {
                let result = try await Command.run(Command.binary, Array(command.dropFirst()) + ["--db", "a.db"], in: folder.path)
                #expect(result.code == 0, "\(command): \(result.errors)")
                outputs.append(result.output)
            }
            #expect(outputs[1].contains("staging  acct_") && outputs[1].contains("enterprise: 500/minute, 2000/hour, 20000/day"))
            #expect(outputs[1].contains("0 of 1000 aliases") && outputs[1].contains("1 api keys"))
            #expect(outputs[2].split(separator: "\n").count == 2)
            let (first, second) = (try folder.read("key"), try folder.read("staging.key"))
            let roots = [
                try await self.curl("-H", "Authorization: Bearer \(first.prefix { !$0.isWhitespace })", "\(url)/v1"),
                try await self.curl("-H", "Authorization: Bearer \(second.prefix { !$0.isWhitespace })", "\(url)/v1"),
            ]
            let ids = roots.compactMap { $0.output.firstMatch(of: /"account_id":"(\w+)"/).map { String($0.1) } }
            #expect(Set(ids).count == 2, "\(roots)")
            #expect(outputs[3].hasPrefix("http://127.0.0.1:8080/login?link="))
            let page = try await self.curl("\(url)/login?link=\(outputs[3].split(separator: "=").last?.prefix(43) ?? "")")
            #expect(page.output.contains("This link logs this browser in"))
            // Twice is an error that changes nothing.
            for (command, code) in [
                (["backup", "emailconnect-copy.db"], 1), (["account", "add", "staging", "--key-file", "other.key"], 1),
                (["account", "add", "third", "--key-file", "key"], 1), (["account", "add", "third", "--key-file", "key/sub"], 1),
                (["account", "add", "third"], 64),
                (["account", "set", "third", "--plan", "pro"], 1),
                (["account", "set", "staging"], 64), (["account", "set", "staging", "--limit", "x=1"], 64), (["account", "add", ""], 64),
                (["account", "add", "fourth", "--plan", "gold", "--key-file", "x"], 64), (["link", "--account", "nobody"], 1),
                (["backup", "none/copy.db"], 1),
            ] as [([String], Int32)] {
                let result = try await Command.run(Command.binary, ["serve"] + command + ["--db", "a.db"], in: folder.path)
                #expect(result.code == code, "\(command): \(result.output)\(result.errors)")
                #expect(result.errors.contains("rror: "), "\(command)")
            }
            #expect(!folder.names.contains { $0.contains("other.key") || $0.contains(".part") })
            #expect(try folder.read("key") == first)
            let list = try await Command.reconcile("serve", "account", "list", "--db", "a.db", in: folder.path)
            #expect(list.output.split(separator: "\n").count == 2, "no third account without a key: \(list.output)")
        }
        #expect(result.code == 0, "\(result.errors)")
        let modes = ["a.db", "key", "staging.key", "emailconnect-copy.db"].map { name in
            (try? FileManager.default.attributesOfItem(atPath: folder.file(name))[.posixPermissions]) as? Int
        }
        #expect(modes == [0o600, 0o600, 0o600, 0o600])
        let restored = try await Command.start(
            Command.binary, ["serve", "--db", "emailconnect-copy.db", "--port", "0"], in: folder.path
        ) { running in
            _ = try await running.waits(forOutput: "listening on")
            running.terminate()
        }
        #expect(restored.code == 0, "\(restored.errors)")
        let without = try await Command.reconcile("serve", "backup", "x.db", "--db", "none.db", in: folder.path)
        #expect(without.code == 1 && without.errors.contains("there is no database none.db"))
    }

    @Test("answers curl as the README shows it")
    func readme() async throws {
        let folder = try Scratch()
        let block = try #require(
            try Repository.text("README.md").components(separatedBy: "```sh\n").first { $0.hasPrefix("reconcile serve") }?
                .components(separatedBy: "```").first)
        let lines = block.split(separator: "\n").map(String.init)
        #expect(lines.count == 2 && lines[0] == "reconcile serve --key-file key")
        let result = try await serve(folder) { url in
            let command = lines[1].replacing("http://127.0.0.1:8080", with: url)
            let answer = try await Command.run("/bin/bash", ["-c", command], in: folder.path)
            #expect(answer.output.hasPrefix(#"{"data":["#), "\(answer.output)\(answer.errors)")
        }
        #expect(result.code == 0)
    }

    @Test("speaks TLS, and plan and apply go through it with --ca-file; a wrong certificate is one clear error")
    func encrypted() async throws {
        let folder = try Scratch()
        let made = try await Command.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "tls.key", "-out", "tls.crt", "-days", "2", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
            ], in: folder.path)
        #expect(made.code == 0, "\(made.errors)")
        try folder.write("version: 1\nmanifest: acme\nenvironment: test\ndomains: { a.example: {} }\n", to: "reconcile.yaml")
        let result = try await serve(folder, ["--tls-cert", "tls.crt", "--tls-key", "tls.key"]) { url in
            #expect(url.hasPrefix("https://127.0.0.1:"))
            #expect(try await self.curl("\(url)/health").code != 0, "nobody trusts it by itself")
            #expect(try await self.curl("--cacert", folder.file("tls.crt"), "\(url)/health").output == #"{"status":"ok"}"#)
            let login = try await self.curl(
                "--cacert", folder.file("tls.crt"), "-i", "-d", "key=\(try folder.read("key").prefix(61))", "\(url)/login")
            #expect(login.output.contains("; HttpOnly; SameSite=Strict; Secure"), "\(login.output)")
            let key = String(try folder.read("key").prefix { !$0.isWhitespace })
            for arguments in [["plan"], ["apply", "--auto-approve"], ["plan", "--detailed-exitcode"]] {
                let result = try await Command.run(
                    Command.binary, arguments + ["--ca-file", "tls.crt"], in: folder.path,
                    environment: ["EMAILCONNECT_URL": "\(url)/v1", "EMAILCONNECT_API_KEY": key])
                #expect(result.code == 0, "\(arguments): \(result.errors)")
            }
        }
        #expect(result.code == 0, "\(result.errors)")
        for (arguments, code) in [
            (["--tls-cert", "tls.crt"], 64), (["--tls-cert", "none.crt", "--tls-key", "tls.key"], 1),
            (["--tls-cert", "tls.key", "--tls-key", "tls.crt"], 1), (["--trusted-proxy", "x"], 64), (["--public-url", "acme.example"], 64),
            (["--public-url", "https://acme.example/x"], 64), (["--swagger-ui", "."], 64), (["--log-level", "loud"], 64),
        ] as [([String], Int32)] {
            let result = try await Command.run(Command.binary, ["serve", "--db", "a.db", "--port", "0"] + arguments, in: folder.path)
            #expect(result.code == code, "\(arguments): \(result.output)\(result.errors)")
            #expect(result.errors.contains("rror: ") && !result.errors.contains("Swift."), "\(arguments): \(result.errors)")
        }
    }

    @Test("logs a line for each request with its id and never a secret, and counts what Prometheus reads")
    func observed() async throws {
        let folder = try Scratch()
        let marker = "canary0123456789"
        let result = try await serve(folder, ["--log-level", "info", "--log-format", "json"]) { url in
            let key = String(try folder.read("key").prefix { !$0.isWhitespace })
            let made = try await self.curl(
                "-i", "-H", "Authorization: Bearer \(key)", "--json", #"{"name":"a.example"}"#, "\(url)/v1/domains")
            let id = try #require(made.output.firstMatch(of: /(?i)x-request-id: (req_\w+)/)).1
            _ = try await self.curl("-H", "Authorization: Bearer \(marker)", "\(url)/v1/domains?key=\(marker)")
            _ = try await self.curl("-H", "Authorization: Bearer \(key)", "\(url)/v1/api-keys/\(marker)")
            _ = try await self.curl("-b", "reconcile_session=\(marker)", "\(url)/\(marker)")
            _ = try await self.curl("-X", "STRANGE", "\(url)/v1/domains")
            let metrics = try await self.curl("\(url)/metrics").output
            #expect(metrics.contains(#"reconcile_http_requests_total{method="POST",route="/v1/domains",status="201"} 1"#), "\(metrics)")
            #expect(metrics.contains(#"reconcile_http_request_duration_seconds_count{route="/v1/domains"}"#))
            #expect(metrics.contains("process_resident_memory_bytes ") && !metrics.contains(marker) && !metrics.contains("STRANGE"))
            try folder.write(String(id), to: "id")
        }
        #expect(result.code == 0)
        let lines = result.errors.split(separator: "\n").compactMap {
            try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
        let mine = lines.first { $0["request_id"] as? String == (try? folder.read("id")) }
        #expect(
            mine?["route"] as? String == "/v1/domains" && mine?["status"] as? String == "201" && mine?["address"] as? String == "127.0.0.1")
        #expect((mine?["actor"] as? String)?.count == 11, "the key's prefix")
        #expect(lines.count { $0["message"] as? String == "request" } >= 5)
        #expect(!result.errors.contains(marker))
        #expect(!result.errors.contains(try folder.read("key").dropFirst(12).prefix(20)))
    }

    @Test("says what is in the way of its start in one line, and announces nothing")
    func refused() async throws {
        let folder = try Scratch()
        for command in [
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "one.key", "-out", "one.crt",
                "-subj", "/CN=a",
            ],
            ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "two.key"],
        ] {
            #expect(try await Command.run("/usr/bin/openssl", command, in: folder.path).code == 0)
        }
        try folder.write("nothing", to: "none.pem")
        func start(_ more: [String]) async throws -> CommandResult {
            try await Command.run(
                Command.binary, ["serve", "--db", "a.db", "--port", "0", "--key-file", "key", "--quiet"] + more, in: folder.path)
        }
        let tls = ["--tls-cert", "one.crt", "--tls-key"]
        for (arguments, code, words) in [
            (["--smtp-host", "127.0.0.1"], 64, "--smtp-host is for --smtp PORT"),
            (tls + ["two.key"], 1, "error: the key in two.key does not belong to the first certificate in one.crt"),
            (tls + ["gone.key"], 1, "error: gone.key: there is no such file"), (tls + ["."], 1, "error: .: it is a folder"),
            (tls + ["none.pem"], 1, "error: none.pem has no private key in PEM"),
            (["--tls-cert", "none.pem", "--tls-key", "one.key"], 1, "error: none.pem has no certificate in PEM"),
            (["--smtp", "0", "--smtp-cert", "gone.crt", "--smtp-key", "one.key"], 1, "error: gone.crt: there is no such file"),
            (["--smtp", "0", "--smtp-cert", "one.crt", "--smtp-key", "two.key"], 1, "error: the key in two.key does not belong to"),
            (["--smtp", "0", "--smtp-host", "192.0.2.1"], 1, "error: cannot listen for mail at 192.0.2.1 port 0"),
            (["--smtp", "0", "--smtp-host", "no such host"], 1, "error: cannot listen for mail at no such host port 0"),
            (["--smtp", "0", "--host", "192.0.2.1"], 1, "error: cannot listen at 192.0.2.1 port 0"),
            (["--dns-file", "gone.zone"], 1, "error: --dns-file gone.zone: there is no such file"),
            (["--dns-file", "."], 1, "error: --dns-file .: it is a folder"),
        ] {
            let result = try await start(arguments)
            #expect(result.code == code && result.errors.contains(words), "\(arguments): \(result)")
            #expect(result.output.isEmpty, "\(arguments): \(result.output)")
            if code == 1 { #expect(result.errors.split(separator: "\n").count == 1, "\(arguments): \(result.errors)") }
        }
        // Somebody else has the port.
        let first = try await serve(folder, ["--smtp", "0"]) { url in
            let port = try #require(url.split(separator: ":").last)
            for arguments in [["--smtp", String(port)], ["--port", String(port), "--smtp", "0"]] {
                let result = try await Command.run(
                    Command.binary, ["serve", "--db", "b.db", "--port", "0", "--key-file", "key2", "--quiet"] + arguments, in: folder.path)
                #expect(result.code == 1 && result.output.isEmpty, "\(result)")
                #expect(result.errors.split(separator: "\n").count == 1 && result.errors.contains("port \(port)"), "\(result.errors)")
            }
        }
        #expect(first.output.contains("listening for mail on 127.0.0.1:"))
    }
}
