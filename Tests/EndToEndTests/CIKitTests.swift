import Foundation
import Testing
import TestSupport

/// The files of `examples/ci`, run step by step as a forge runs them: in a scratch Git repository, against a server of their own and a
/// stand-in for the forge's API.
@Suite("CI kits", .serialized)
struct CIKitTests {
    /// The folder of the Python that the set-up script made for the tests.
    private static let python = "\(Repository.root)/.build/python/bin"
    private static let environment = [
        "PATH": "\(python):\(ProcessInfo.processInfo.environment["PATH"] ?? "")", "HOME": NSTemporaryDirectory(),
    ]

    @Test("the CI kits do what their README says")
    func story() async throws {
        for path in ["\(Self.python)/python3", "\(Self.python)/check-jsonschema", "\(Self.python)/shellcheck"] {
            try #require(FileManager.default.fileExists(atPath: path), "\(path) is missing: run scripts/prerequisites --tests")
        }
        let scratch = try Scratch()
        let result = try await Command.run(
            "\(Self.python)/python3",
            ["\(Repository.root)/Tests/EndToEndTests/Scripts/ci-kits.py", Command.binary, Repository.root, scratch.path], in: scratch.path,
            environment: Self.environment)
        #expect(result.code == 0, "\(result.output.suffix(8000))\(result.errors.suffix(2000))")
        let held = result.output.split(separator: "\n").filter { $0.hasPrefix("ok: ") }
        #expect(held.count >= 37, "\(result.output)")
        for schema in ["vendor.github-workflows", "vendor.github-actions", "vendor.gitlab-ci"] {
            #expect(held.contains { $0.hasPrefix("ok: \(schema): ") }, "\(schema): \(result.output)")
        }
    }
}
