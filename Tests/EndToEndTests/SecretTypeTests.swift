import Foundation
import Testing
import TestSupport

/// What must not compile: a secret can be revealed on purpose, and in no other way.
@Suite("A secret, to the compiler")
struct SecretTypeTests {
    /// The folder with the module that the tests were built with.
    private static var modules: String { URL(filePath: Command.binary).deletingLastPathComponent().appending(path: "Modules").path }

    private func compiles(_ code: String) async throws -> (isFine: Bool, said: String) {
        let scratch = try Scratch()
        try scratch.write(
            "import EmailConnect\nimport Foundation\nfunc use(_ secret: Secret, _ other: Secret, _ key: String) throws {\n\(code)\n}\n",
            to: "a.swift")
        // The C modules that the package's own dependencies have.
        let result = try await Command.run(
            "/usr/bin/env", ["swiftc", "-typecheck", "-swift-version", "6", "-warnings-as-errors", "-I", Self.modules, "a.swift"],
            in: scratch.path)
        return (result.code == 0, result.errors)
    }

    @Test("is revealed on purpose")
    func control() async throws {
        let result = try await compiles("_ = secret.reveal(); _ = secret.isSame(as: other)")
        #expect(result.isFine, "else the rest proves nothing: \(result.said)")
    }

    @Test(
        "is no text, no data, no key of a dictionary, and has no way into a file",
        arguments: [
            "let text: String = secret", "_ = key + secret", "_ = secret + key", "_ = try JSONEncoder().encode(secret)",
            "_ = try JSONDecoder().decode(Secret.self, from: Data())", "_ = [secret: 1]", "_ = secret.text", "_ = secret < other",
            "_ = secret == other", "_ = \"key \\(secret)\"",
            "_ = Data(secret)", "_ = secret.utf8", "_ = String(secret)", "_ = secret as String",
        ])
    func misuse(code: String) async throws {
        let result = try await compiles(code)
        #expect(!result.isFine && result.said.contains("error:"), "\(code)")
    }
}
