import Foundation
import Testing
import TestSupport

@Suite("Mail, from the inlet to the webhook")
struct DeliveryTests {
    /// It takes some seconds: the server is killed and started five times.
    @Test("arrives signed as others verify it, whenever the server is killed, and nowhere that the server does not send to")
    func deliveries() async throws {
        let scratch = try Scratch()
        try await check("deliveries.py", Command.binary, scratch.path)
    }

    @Test("the receivers to copy take what is signed, each mail once, and refuse everything else")
    func receivers() async throws { try await check("receivers.py", "\(Repository.root)/examples/webhook-receiver") }

    /// A mail server on the way, and somebody between.
    @Test("comes encrypted after STARTTLS, and nothing that was said before it counts")
    func encrypted() async throws {
        let scratch = try Scratch()
        try await check("starttls.py", Command.binary, scratch.path)
    }

    /// It takes a quarter of a minute.
    @Test("of 1,000 mails none is lost, with an endpoint that refuses one in three and a server that is killed ten times")
    func many() async throws {
        let scratch = try Scratch()
        try await check("many-mails.py", Command.binary, scratch.path, "1000", "10")
    }

    /// Runs a script with the tests' Python.
    private func check(_ script: String, _ arguments: String...) async throws {
        let python = "\(Repository.root)/.build/python/bin/python3"
        try #require(FileManager.default.fileExists(atPath: python), "\(python) is missing: run scripts/prerequisites --tests")
        let result = try await Command.run(
            python, ["\(Repository.root)/Tests/EndToEndTests/Scripts/\(script)"] + arguments, in: NSTemporaryDirectory())
        #expect(result.code == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains(/\d\d checks passed/), "\(result.output)")
    }
}
