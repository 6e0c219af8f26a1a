import Foundation
import Testing
import TestSupport

/// The small form of the benchmarks: how work grows, and how many requests and bytes it takes. Seconds are measured by hand.
@Suite("Growth", .serialized)
struct GrowthTests {
    @Test("a plan's work grows no faster than its manifest, and no request is over budget")
    func growth() async throws {
        try #require(
            FileManager.default.isExecutableFile(atPath: "/usr/bin/valgrind"), "valgrind is missing: run scripts/prerequisites --tests")
        let parts = Command.binary.replacing("/reconcile", with: "/parts")
        let result = try await Command.run(
            "python3", ["\(Repository.root)/Benchmarks/growth.py", Command.binary, parts], in: NSTemporaryDirectory(),
            environment: ["PYTHONDONTWRITEBYTECODE": "1"])
        #expect(result.code == 0, "\(result.output)\(result.errors)")
        #expect(result.output.split(separator: "\n").count { $0.hasPrefix("ok  ") } == 8, "\(result.output)")
    }
}
