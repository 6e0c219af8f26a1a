import EmailConnect
import FoundationEssentials
import Glibc
import Reconciler

/// Programs that get a secret on their standard input, never as an argument and never in their environment.
enum SystemProgram {
    /// How long one may take, in milliseconds.
    private static let limit = 60_000
    /// How much of its output is shown, in bytes.
    private static let shown = 400

    /// Runs a program to its end.
    /// - Throws: when it cannot be started, takes too long, or ends with anything but 0. What it said is shown, unless it said the
    ///   secret.
    static func run(_ words: [String], in folder: String, with secret: Secret) throws(FileFailure) {
        let name = Escaped.line(words[0])
        var ends: [Int32] = [0, 0]
        let output = scratchFile()
        guard output >= 0, unsafe pipe(&ends) == 0 else { throw FileFailure("\(name) cannot be started") }
        defer { close(output) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let (identifier, failure) = spawn(words, in: folder, input: ends[0], output: output)
        close(ends[0])
        guard failure == 0 else {
            close(ends[1])
            throw FileFailure("the program \(name) cannot be started: \(unsafe String(cString: strerror(failure)))")
        }
        // What it does not read does not matter: its exit code says whether it has it.
        _ = SystemFiles.write(Array((secret.reveal() + "\n").utf8), to: ends[1])
        close(ends[1])
        guard let status = wait(for: identifier) else {
            _ = Glibc.kill(-identifier, SIGKILL)
            var ended: Int32 = 0
            _ = unsafe waitpid(identifier, &ended, 0)
            throw FileFailure("the program \(name) took more than \(limit / 1000) seconds")
        }
        guard status != 0 else { return }
        let how = status & 0x7F == 0 ? "ended with \(status >> 8 & 0xFF)" : "was stopped by signal \(status & 0x7F)"
        throw FileFailure("the program \(name) \(how)\(said(output, secret))")
    }

    /// A file that nobody else can open, gone when it is closed.
    private static func scratchFile() -> Int32 {
        var template = Array("\(FileManager.default.temporaryDirectory.path)/reconcile-XXXXXX".utf8CString)
        let descriptor = unsafe mkstemp(&template)
        if descriptor >= 0 {
            unsafe unlink(template)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        return descriptor
    }

    private static func said(_ output: Int32, _ secret: Secret) -> String {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(output, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { return "" }
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        guard !text.contains(secret.reveal()) else { return "; what it said is not shown: the key is in it" }
        let line = text.split(whereSeparator: \.isNewline).last.map { String($0.prefix(shown)) } ?? ""
        return line.isEmpty ? "" : ": \(Escaped.line(line))"
    }

    /// - Returns: how it ended; nil when it has not.
    private static func wait(for identifier: pid_t) -> Int32? {
        var status: Int32 = 0
        for _ in 0..<limit / 5 {
            if unsafe waitpid(identifier, &status, WNOHANG) != 0 { return status }
            usleep(5000)
        }
        return nil
    }

    private static func spawn(_ words: [String], in folder: String, input: Int32, output: Int32) -> (pid_t, failure: Int32) {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
        var (none, all) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        // A group of its own: Ctrl-C lets it come to its end.
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        // It has no use for the key that this run has.
        let variables = ProcessInfo.processInfo.environment.filter { $0.key != "EMAILCONNECT_API_KEY" }
        var identifier: pid_t = 0
        let failure = unsafe withStrings(["env", "-C", folder, "--"] + words) { words in
            unsafe withStrings(variables.map { "\($0.key)=\($0.value)" }) { variables in
                unsafe posix_spawn(&identifier, "/usr/bin/env", &actions, &attributes, words, variables)
            }
        }
        return (identifier, failure)
    }

    /// A list of C strings, with a null at its end, as long as `body` runs.
    private static func withStrings<T>(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> T) -> T {
        var strings: [UnsafeMutablePointer<CChar>?] = unsafe texts.map { unsafe strdup($0) }
        unsafe strings.append(nil)
        defer { for index in unsafe strings.indices { unsafe free(strings[index]) } }
        return unsafe body(strings)
    }
}
