import Foundation
import Testing
import TestSupport

@Suite("Mail, from the inlet to the webhook")
struct DeliveryTests {
    /// It takes some seconds: the server is killed and started five times.
    @Test("arrives signed as others verify it, whenever the server is killed, and nowhere that the server does not send to")
    func deliveries() async throws {
        let python = "\(Repository.root)/.build/python/bin/python3"
        try #require(FileManager.default.fileExists(atPath: python), "\(python) is missing: run scripts/prerequisites --tests")
        let scratch = try Scratch()
        let result = try await Command.run(
            python, ["\(Repository.root)/Tests/EndToEndTests/Scripts/deliveries.py", Command.binary, scratch.path], in: scratch.path)
        #expect(result.code == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains(/\d\d checks passed/))
    }
}
