import Foundation
import Glibc
public import Testing

/// A document's console blocks, run as they stand, in one shell: `$ ` begins a command, the lines below it are what comes out.
public enum Walk {
    /// The text below a heading, up to the next one of its level or above.
    public static func section(_ heading: String, of document: String) throws -> String {
        let level = heading.prefix { $0 == "#" }
        let after = try #require(document.components(separatedBy: "\n\(heading)\n").dropFirst().first, "no \(heading)")
        return after.components(separatedBy: "\n\(level) ")[0]
    }

    /// Runs the blocks of a document in a folder, one after the other. What is still running in the background at the end is stopped.
    /// - Parameter ports: those that the document uses, and those to use instead, with as many digits.
    /// - Returns: how many commands ran.
    public static func run(
        _ document: String, in folder: String, environment: [String: String] = [:], ports: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Int {
        let scratch = try Scratch()
        try FileManager.default.createSymbolicLink(atPath: scratch.file("reconcile"), withDestinationPath: Command.binary)
        let system = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let variables = environment.merging(["PATH": "\(scratch.path):\(system)"]) { $1 }
        let document = exchanging(ports, in: document)
        var steps: [(command: String, expected: String)] = []
        for block in document.components(separatedBy: "```console\n").dropFirst().compactMap({ $0.components(separatedBy: "```").first }) {
            for step in "\n\(block)".components(separatedBy: "\n$ ").dropFirst() {
                let lines = step.components(separatedBy: "\n")
                try scratch.write(lines[0], to: "step.\(steps.count)")
                steps.append((lines[0], lines.dropFirst().joined(separator: "\n").trimmingCharacters(in: .newlines)))
            }
        }
        let script = """
            trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
            for step in $(seq 0 $(($2 - 1))); do eval "$(<"$1/step.$step")" >"$1/out.$step" 2>"$1/err.$step"; done
            """
        // What a document waits for in vain ends it.
        let arguments = ["300", "/bin/bash", "-c", script, "-", scratch.path, "\(steps.count)"]
        _ = try await Command.run("/usr/bin/timeout", arguments, in: folder, environment: variables)
        for (number, step) in steps.enumerated() {
            let shown = ["out", "err"].map { (try? scratch.read("\($0).\(number)")) ?? "(it was not begun)" }.joined()
                .trimmingCharacters(in: .newlines)
            #expect(withoutDigest(shown) == withoutDigest(step.expected), "$ \(step.command)", sourceLocation: sourceLocation)
        }
        return steps.count
    }

    /// Puts other ports in the place of those that a text names.
    public static func exchanging(_ ports: [String: String], in text: String) -> String {
        ports.reduce(text) { text, port in text.replacing(port.key, with: port.value) }
    }

    /// For each port of four digits a free one. It is below those that the system gives to whoever asks for any.
    public static func freePorts(for ports: String...) -> [String: String] {
        var found: [String: String] = [:]
        for port in ports {
            var free = Int.random(in: 3000...9999)
            while !isFree(free) || ports.contains("\(free)") || found.values.contains("\(free)") { free = Int.random(in: 3000...9999) }
            found[port] = "\(free)"
        }
        return found
    }

    private static func isFree(_ port: Int) -> Bool {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(file) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(file, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    /// A digest covers the account's random ids.
    private static func withoutDigest(_ text: String) -> String {
        text.replacing(/[0-9a-f]{4}(-[0-9a-f]{4}){3}/, with: "DIGEST").replacing(/acct_[A-Za-z0-9]+/, with: "acct_ID")
    }
}
