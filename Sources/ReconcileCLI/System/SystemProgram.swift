import EmailConnect
import FoundationEssentials
import Glibc
import Reconciler
import Synchronization

/// Programs that get a secret on their standard input, never as an argument and never in their environment, or print one.
enum SystemProgram {
    /// Those that run now.
    private static let running = Mutex<Set<pid_t>>([])

    /// Ends every program that runs, with all that it started: one that came late could put an old key into the place of a new one.
    static func endAll() {
        for identifier in running.withLock({ $0 }) { _ = Glibc.kill(-identifier, SIGKILL) }
    }

    /// How long one may take, in milliseconds.
    private static let limit = 60_000
    /// How much it may print, in bytes.
    private static let most = 64 << 10
    /// How much of what it said is shown, in characters.
    private static let shown = 400

    /// Runs a program to its end.
    /// - Returns: what it printed; nothing when it got a secret.
    /// - Throws: when it cannot be started, takes too long, prints too much, or ends with anything but 0. What it said is
    ///   shown, unless it had a secret.
    static func run(_ program: ProgramRun) throws(FileFailure) -> Secret {
        let (name, input) = (Escaped.line(program.words[0]), program.input)
        // Who gets a secret may print it, whole or in parts, as it is or in another form: that is looked at by nobody.
        let errors = input == nil ? scratchFile() : unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
        guard errors >= 0, let stdin = Pipe(), let stdout = Pipe() else { throw FileFailure("\(name) cannot be started") }
        defer { close(errors) }
        let (identifier, failure) = spawn(
            program, input: stdin.reading, output: input == nil ? stdout.writing : errors, errors: errors)
        stdin.closeReading()
        stdout.closeWriting()
        guard failure == 0 else { throw FileFailure("the program \(name) cannot be started: \(unsafe String(cString: strerror(failure)))") }
        running.withLock { _ = $0.insert(identifier) }
        defer { running.withLock { _ = $0.remove(identifier) } }
        // What it does not read does not matter: its exit code says whether it has it.
        if let input { _ = SystemFiles.write(Array((input.reveal() + "\n").utf8), to: stdin.writing) }
        stdin.closeWriting()
        let printed = stdout.read(atMost: most, milliseconds: limit)
        guard let printed, let status = wait(for: identifier) else {
            _ = Glibc.kill(-identifier, SIGKILL)
            var ended: Int32 = 0
            _ = unsafe waitpid(identifier, &ended, 0)
            throw FileFailure("the program \(name) took more than \(limit / 1000) seconds, or printed more than \(most >> 10) KiB")
        }
        guard status == 0 else {
            guard status >> 8 != 127 else { throw FileFailure("there is no program \(name)") }
            let how = status & 0x7F == 0 ? "ended with \(status >> 8 & 0xFF)" : "was stopped by signal \(status & 0x7F)"
            throw FileFailure(
                "the program \(name) \(how)\(input == nil ? said(errors) : "; what it says is not shown, since it had the key")")
        }
        guard let text = String(validating: printed, as: UTF8.self) else {
            throw FileFailure("what the program \(name) prints is not UTF-8")
        }
        return Secret(text)
    }

    /// The two ends of a pipe, each closed once.
    private final class Pipe {
        private(set) var reading: Int32
        private(set) var writing: Int32

        init?() {
            var ends: [Int32] = [0, 0]
            guard unsafe pipe(&ends) == 0 else { return nil }
            (reading, writing) = (ends[0], ends[1])
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        }

        deinit {
            closeReading()
            closeWriting()
        }

        func closeReading() {
            if reading >= 0 { close(reading) }
            reading = -1
        }

        func closeWriting() {
            if writing >= 0 { close(writing) }
            writing = -1
        }

        /// What comes until the other end is closed; nil when that takes too long or is too much.
        func read(atMost most: Int, milliseconds: Int) -> [UInt8]? {
            let end = ContinuousClock.now + .milliseconds(milliseconds)
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let left = Int32((end - ContinuousClock.now) / .milliseconds(1))
                var wanted = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
                guard left > 0, unsafe poll(&wanted, 1, left) > 0 else { return nil }
                let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(reading, $0.baseAddress, $0.count) }
                guard count > 0 else { return count == 0 ? bytes : nil }
                bytes += chunk[..<count]
                guard bytes.count <= most else { return nil }
            }
        }
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

    private static func said(_ output: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(output, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { return "" }
        let text = String(decoding: bytes[..<count], as: UTF8.self)
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

    private static func spawn(
        _ program: ProgramRun, input: Int32, output: Int32, errors: Int32
    ) -> (pid_t, failure: Int32) {
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
        unsafe posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
        var (none, all) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        // A group of its own: Ctrl-C lets it come to its end.
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        // It has no use for the keys that this run has.
        let withheld = program.withheld.union(["EMAILCONNECT_API_KEY", "RECONCILE_AGE_KEY"])
        let variables = ProcessInfo.processInfo.environment.filter { !withheld.contains($0.key) }
        var identifier: pid_t = 0
        // The shell only changes the folder: what it is given are words, and none of them is read as anything else.
        let folder = program.folder.hasPrefix("/") ? program.folder : "./\(program.folder)"
        let trampoline = ["/bin/sh", "-c", #"cd -- "$1" && shift && exec "$@""#, "sh", folder]
        let failure = unsafe withStrings(trampoline + program.words) { strings in
            unsafe withStrings(variables.map { "\($0.key)=\($0.value)" }) { variables in
                unsafe posix_spawn(&identifier, trampoline[0], &actions, &attributes, strings, variables)
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
