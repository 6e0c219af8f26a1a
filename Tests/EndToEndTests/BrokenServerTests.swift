import Foundation
import Testing
import TestSupport

@Suite("A server that is not what it should be")
struct BrokenServerTests {
    private static let header =
        #"{"format":1,"server_id":"s","account_id":"a","epoch":"e","revision":1,"kinds":[],"time":"2026-11-01T00:00:00Z","own_keys":[]}"#
        + "\n"

    private static func answer(_ type: String, _ body: String, status: String = "200 OK") -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
    }

    private func plan(_ port: Int, scheme: String = "http", caFile: String? = nil) async throws -> CommandResult {
        let folder = try Scratch()
        try folder.write("version: 1\nmanifest: m\nenvironment: e\n", to: "reconcile.yaml")
        return try await Command.run(
            Command.binary, ["plan", "--retry", "0"] + (caFile.map { ["--ca-file", $0] } ?? []), in: folder.path,
            environment: ["EMAILCONNECT_URL": "\(scheme)://127.0.0.1:\(port)/v1", "EMAILCONNECT_API_KEY": "canary"])
    }

    @Test(
        "is explained in one line, and nothing is planned",
        arguments: [
            (answer("text/html", "<html>"), "is not the EmailConnect API: it answered 200 with text/html"),
            (answer("text/html", "<html>", status: "502 Bad Gateway"), "does not answer: something before it said 502"),
            (
                "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n",
                "a redirect (302), which is never followed"
            ),
            (answer("application/x-ndjson", header), "the account's state ends early"),
            (
                answer("application/x-ndjson", header + #"{"end":true,"records":2,"revision":1}"# + "\n"),
                "the account's state is incomplete"
            ),
            (answer("application/x-ndjson", header.replacing("\"format\":1", with: "\"format\":9")), "writes states of format 9"),
            (answer("application/x-ndjson", "{\"kind\""), "the account's state ends early"),
            (answer("application/x-ndjson", "nonsense\n"), "malformed JSON"),
            (answer("application/problem+json", "{}", status: "500 Internal Server Error"), "this is no error of the API"),
            ("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nContent-Length: 999\r\n\r\n\(header)", "the connection to"),
            ("nonsense\r\n\r\n", "the connection to"), ("", "the connection to"),
            ("HTTP/1.1 000 Foo\r\nContent-Length: 0\r\n\r\n", "the connection to"),
            ("HTTP/1.1 001 Foo\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", "the connection to"),
            ("HTTP/1.1 042 Foo\r\nContent-Length: 2\r\n\r\nhi", "the connection to"),
            ("HTTP/1.1 099 Foo\r\n\r\n", "the connection to"),
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "it answered 101"),
        ])
    func explained(answer: String, message: String) async throws {
        try await CannedServer.with(answering: answer) { port in
            let result = try await plan(port)
            #expect(result.code == 1)
            #expect(result.output.isEmpty)
            #expect(result.errors.contains(message), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
            #expect(!result.errors.contains("canary"))
        }
    }

    @Test("is asked once: a plan is one request")
    func oneRequest() async throws {
        let counter = RequestCounter()
        let state = Self.header + #"{"end":true,"records":0,"revision":1}"# + "\n"
        try await CannedServer.with(answering: Self.answer("application/x-ndjson", state), counting: counter) { port in
            let result = try await plan(port)
            #expect(result.code == 0, "\(result.errors)")
            #expect(result.output.contains("no changes."))
        }
        #expect(counter.count == 1)
    }

    @Test("with a certificate that nobody vouches for is not talked to, unless --ca-file does")
    func certificates() async throws {
        let folder = try Scratch()
        let made = try await Command.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj",
                "/CN=test", "-addext",
                "subjectAltName=IP:127.0.0.1",
            ], in: folder.path)
        try #require(made.code == 0, "\(made.errors)")
        let certificate = (chain: folder.file("cert.pem"), key: folder.file("key.pem"))
        try await CannedServer.with(answering: Self.answer("text/html", "<html>"), certificate: certificate) { port in
            let refused = try await plan(port, scheme: "https")
            #expect(refused.code == 1)
            #expect(refused.errors.contains("its certificate is not trusted"), "\(refused.errors)")
            #expect(refused.errors.contains("--ca-file"))
            let trusted = try await plan(port, scheme: "https", caFile: certificate.chain)
            #expect(trusted.errors.contains("is not the EmailConnect API"), "\(trusted.errors)")
        }
        #expect(try await plan(1, scheme: "https", caFile: folder.file("none.pem")).errors.contains("there is no file"))
        #expect(try await plan(1, scheme: "https", caFile: folder.file("key.pem")).errors.contains("holds no certificate"))
    }
}
