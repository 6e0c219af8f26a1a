import Foundation
import Glibc

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

    /// Runs a program to its end, and `meanwhile` beside it.
    public static func start(
        _ program: String, _ arguments: [String], in folder: String, environment: [String: String] = [:],
        _ meanwhile: (RunningCommand) async throws -> Void
    ) async throws -> CommandResult {
        let scratch = try Scratch()
        for name in ["out", "err"] { try scratch.write("", to: name) }
        let variables = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "SWIFT_BACKTRACE": "enable=no"].merging(environment) {
            $1
        }
        let identifier = try spawn(
            ["/usr/bin/env", "-C", folder, program] + arguments, variables.map { "\($0.key)=\($0.value)" }, output: scratch.file("out"),
            errors: scratch.file("err"))
        let (codes, code) = AsyncStream.makeStream(of: Int32.self)
        Thread.detachNewThread {
            var status: Int32 = 0
            while unsafe waitpid(identifier, &status, 0) < 0, errno == EINTR {}
            // The exit code, or the signal. https://man7.org/linux/man-pages/man2/wait.2.html
            code.yield(status & 0x7F == 0 ? status >> 8 & 0xFF : status & 0x7F)
            code.finish()
        }
        // In a task of its own: a test that is cancelled still waits for the program that it has killed.
        let ended = Task { await codes.first { _ in true } ?? -1 }
        let result: Int32
        do {
            result = try await withTaskCancellationHandler {
                try await meanwhile(RunningCommand(identifier: identifier, scratch: scratch))
                return await ended.value
            } onCancel: {
                kill(identifier, SIGKILL)
            }
        } catch {
            kill(identifier, SIGKILL)
            _ = await ended.value
            throw error
        }
        return CommandResult(code: result, output: try scratch.read("out"), errors: try scratch.read("err"))
    }

    /// Starts a program. Foundation's `Process` is not used: several at once have crashed inside it, and it starts its children
    /// with SIGTERM blocked.
    private static func spawn(
        _ words: [String], _ environment: [String], output: String, errors: String
    ) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_APPEND, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors, O_WRONLY | O_APPEND, 0)
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var identifier: pid_t = 0
        let failure = unsafe withStrings(words) { words in
            unsafe withStrings(environment) { environment in
                unsafe posix_spawn(&identifier, "/usr/bin/env", &actions, &attributes, words, environment)
            }
        }
        guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .ENOENT) }
        return identifier
    }

    /// A list of C strings, with a null at its end, as long as `body` runs.
    private static func withStrings<T>(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> T) -> T {
        var strings: [UnsafeMutablePointer<CChar>?] = unsafe texts.map { unsafe strdup($0) }
        unsafe strings.append(nil)
        defer { for index in unsafe strings.indices { unsafe free(strings[index]) } }
        return unsafe body(strings)
    }
}

/// A program that runs.
public struct RunningCommand: Sendable {
    let identifier: Int32
    let scratch: Scratch

    /// Sends it SIGINT, as Ctrl-C does.
    public func interrupt() { _ = Glibc.kill(identifier, SIGINT) }

    /// Ends it at once, as a machine that goes away does.
    public func kill() { _ = Glibc.kill(identifier, SIGKILL) }

    /// Sends it SIGTERM.
    public func terminate() { _ = Glibc.kill(identifier, SIGTERM) }

    /// Waits until its standard error has some text, or it has ended.
    public func waits(forErrors text: String) async throws { try await waits(for: text, in: "err") }

    /// Waits until its standard output has some text, or it has ended.
    /// - Returns: what there is by then.
    public func waits(forOutput text: String) async throws -> String {
        try await waits(for: text, in: "out")
        return try scratch.read("out")
    }

    /// A program of its own waits, so that no test is kept from running meanwhile.
    private func waits(for text: String, in file: String) async throws {
        let script = "exec 3< <(exec tail -n +1 -f --pid=$3 \"$1\"); grep -qm1 -- \"$2\" <&3; found=$?; kill $! 2>/dev/null; exit $found"
        _ = try await Command.run("/bin/bash", ["-c", script, "-", scratch.file(file), text, "\(identifier)"], in: scratch.path)
    }
}
