import Foundation
public import Testing

/// A document's console blocks, run as they stand: `$ ` begins a command, the lines below it are what comes out.
public enum Walk {
    /// Runs the blocks of a document in a folder, one after the other.
    /// - Returns: how many commands ran.
    public static func run(
        _ document: String, in folder: String, environment: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Int {
        let scratch = try Scratch()
        try FileManager.default.createSymbolicLink(atPath: scratch.file("reconcile"), withDestinationPath: Command.binary)
        let system = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let variables = environment.merging(["PATH": "\(scratch.path):\(system)"]) { $1 }
        var ran = 0
        for block in document.components(separatedBy: "```console\n").dropFirst().compactMap({ $0.components(separatedBy: "```").first }) {
            for step in "\n\(block)".components(separatedBy: "\n$ ").dropFirst() {
                let lines = step.components(separatedBy: "\n")
                let result = try await Command.run("/bin/bash", ["-c", lines[0]], in: folder, environment: variables)
                let expected = lines.dropFirst().joined(separator: "\n").trimmingCharacters(in: .newlines)
                let shown = (result.output + result.errors).trimmingCharacters(in: .newlines)
                #expect(withoutDigest(shown) == withoutDigest(expected), "$ \(lines[0])", sourceLocation: sourceLocation)
                ran += 1
            }
        }
        return ran
    }

    /// A digest covers the account's random ids.
    private static func withoutDigest(_ text: String) -> String {
        text.replacing(/[0-9a-f]{4}(-[0-9a-f]{4}){3}/, with: "DIGEST").replacing(/acct_[A-Za-z0-9]+/, with: "acct_ID")
    }
}
