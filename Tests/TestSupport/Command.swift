import Foundation
import Synchronization

/// What a command did.
public struct CommandResult: Sendable {
    /// Its exit code.
    public let code: Int32
    /// Its standard output.
    public let output: String
    /// Its standard error.
    public let errors: String
}

/// The built binary, as a user runs it.
public enum Command {
    /// The binary beside the tests.
    public static let binary: String = {
        var folder = Bundle.main.bundleURL
        while folder.path != "/", !FileManager.default.isExecutableFile(atPath: folder.appending(path: "reconcile").path) {
            folder.deleteLastPathComponent()
        }
        let found = folder.appending(path: "reconcile").path
        return FileManager.default.isExecutableFile(atPath: found) ? found : "\(Repository.root)/.build/debug/reconcile"
    }()

    /// Runs `reconcile` in a folder, with no environment but what is given.
    public static func reconcile(
        _ arguments: String..., in folder: String, environment: [String: String] = [:]
    ) async throws -> CommandResult {
        try await run(binary, arguments, in: folder, environment: environment)
    }

    /// Runs a program to its end. Its streams go to files, so that no full pipe can stop it.
    public static func run(
        _ program: String, _ arguments: [String], in folder: String, environment: [String: String] = [:]
    ) async throws -> CommandResult {
        try await start(program, arguments, in: folder, environment: environment) { _ in }
    }

    /// Foundation's `Process.run` is not safe beside itself: two at once have crashed in its copy of the file descriptors.
    private static let launching = Mutex(())

    /// Runs a program to its end, and `meanwhile` beside it.
    public static func start(
        _ program: String, _ arguments: [String], in folder: String, environment: [String: String] = [:],
        _ meanwhile: (RunningCommand) async throws -> Void
    ) async throws -> CommandResult {
        let scratch = try Scratch()
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: folder)
        process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "SWIFT_BACKTRACE": "enable=no"].merging(
            environment
        ) { $1 }
        for name in ["out", "err"] { try scratch.write("", to: name) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: scratch.file("out")))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: scratch.file("err")))
        let (ended, hasEnded) = AsyncStream.makeStream(of: Void.self)
        process.terminationHandler = { _ in hasEnded.finish() }
        try launching.withLock { _ in try process.run() }
        do { try await meanwhile(RunningCommand(identifier: process.processIdentifier, scratch: scratch)) } catch {
            process.terminate()
            throw error
        }
        for await _ in ended {}
        return CommandResult(code: process.terminationStatus, output: try scratch.read("out"), errors: try scratch.read("err"))
    }
}

/// A program that runs.
public struct RunningCommand: Sendable {
    let identifier: Int32
    let scratch: Scratch

    /// Sends it SIGINT, as Ctrl-C does.
    public func interrupt() { kill(identifier, SIGINT) }

    /// Waits until its standard error has some text.
    public func waits(forErrors text: String) async throws {
        while try !scratch.read("err").contains(text) { await Task.yield() }
    }
}
