import ArgumentParser
import EmailConnect
import EmailConnectClient
import FoundationEssentials
import Glibc
import Logging
import Reconciler
import Synchronization

/// One run of a command: its streams, its effects, and how it ends. Results go to standard output, all else to standard
/// error.
final class Session: Sendable {
    private let failures = Mutex<[PlanJSON.Failure]>([])
    let effects: Effects
    let interruption: Interruption
    let style: TextStyle
    let isInteractive: Bool
    /// Whether standard output is a terminal, so that nothing keeps what is shown.
    let showsSecrets: Bool
    private let hasResult = Mutex(false)
    private let errorStyle: TextStyle
    private let isQuiet: Bool
    private let isVerbose: Bool

    init(_ options: OutputOptions) {
        let interruption = Interruption()
        self.interruption = interruption
        effects = Effects.system { interruption.isRequested }
        let allowsColour = (effects.environment("NO_COLOR") ?? "").isEmpty && effects.environment("TERM") != "dumb"
        showsSecrets = isatty(STDOUT_FILENO) == 1
        style = TextStyle(coloured: allowsColour && showsSecrets)
        errorStyle = TextStyle(coloured: allowsColour && isatty(STDERR_FILENO) == 1)
        isInteractive = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
        isQuiet = options.quiet
        isVerbose = options.verbose
    }

    /// How many characters a line of the terminal has; nil where nobody's terminal shows it.
    var width: Int? {
        var size = winsize()
        guard isatty(STDOUT_FILENO) == 1, unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return Int(size.ws_col)
    }

    /// The server's log: warnings and errors, on standard error.
    var logger: Logger {
        var logger = Logger(label: "reconcile") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        return logger
    }

    /// What went wrong so far, for `--format json`.
    var errors: [PlanJSON.Failure] { failures.withLock { $0 } }

    /// A result.
    /// - Throws: `ExitCode` when nobody can read it.
    func write(_ text: String) throws {
        guard Self.put(text, to: STDOUT_FILENO) else {
            fail("standard output cannot be written", "check where it goes")
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }

    /// A result that may be anything.
    /// - Throws: `ExitCode` when nobody can read it.
    func write(_ bytes: [UInt8]) throws {
        guard SystemFiles.write(bytes, to: STDOUT_FILENO) else {
            fail("standard output cannot be written", "check where it goes")
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }

    /// Something beside the result.
    func note(_ text: String) {
        if !isQuiet { _ = Self.put(text + "\n", to: STDERR_FILENO) }
    }

    /// An error, in one line.
    func fail(_ problem: String, _ remedy: String) {
        let line = remedy.isEmpty ? problem : "\(problem); \(remedy)"
        failures.withLock { $0.append(.init(problem, remedy)) }
        _ = Self.put("error: \(Escaped.line(line))\n", to: STDERR_FILENO)
    }

    /// An account that could not be read or changed, and each single thing that it named.
    func fail(_ failure: AccountFailure) {
        fail(failure.problem, failure.remedy)
        guard case .refused(let problem) = failure.kind, problem.items.count > 1 else { return }
        for item in problem.items {
            failures.withLock { $0.append(.init(item.detail, "")) }
            _ = Self.put("  \(Escaped.line(item.detail))\n", to: STDERR_FILENO)
        }
    }

    /// Diagnostics with their source lines.
    func show(_ diagnostics: [Diagnostic], _ sources: [String: [UInt8]]) {
        let shown = isQuiet ? diagnostics.filter { $0.severity == .error } : diagnostics
        failures.withLock { $0 += diagnostics.filter { $0.severity == .error }.map(PlanJSON.Failure.init) }
        guard !shown.isEmpty else { return }
        _ = Self.put(DiagnosticText(errorStyle).render(shown, sources: sources), to: STDERR_FILENO)
    }

    /// Reads a manifest.
    /// - Parameter isTraced: whether the place of each field is kept.
    func read(_ file: String, isTraced: Bool = false) -> Pipeline.Loaded {
        let start = ContinuousClock.now
        let loaded = Pipeline.load(file, effects, isTraced: isTraced)
        report("read \(file)", since: start)
        return loaded
    }

    /// Shows what is wrong with a manifest.
    func show(_ loaded: Pipeline.Loaded) {
        if !loaded.diagnostics.isEmpty { show(loaded.diagnostics, loaded.sources(effects)) }
        let errors = loaded.diagnostics.count { $0.severity == .error }
        if errors > 0 { note("\(errors) \(errors == 1 ? "error" : "errors") in \(Escaped.line(loaded.file))") }
    }

    /// Reads a manifest and shows what is wrong with it.
    func load(_ file: String, isTraced: Bool = false) -> Pipeline.Loaded {
        let loaded = read(file, isTraced: isTraced)
        show(loaded)
        return loaded
    }

    /// As ``load(_:isTraced:)``, held to the policies in files of their own; ends the command when there is an error.
    func loadOrExit(_ file: String, policies: [String] = [], isTraced: Bool = false) throws -> (
        desired: DesiredState, loaded: Pipeline.Loaded
    ) {
        let policy = try policy(policies)
        let loaded = load(file, isTraced: isTraced)
        guard var desired = loaded.desired else { throw ExitCode(ExitStatus.failed.rawValue) }
        desired.policy = desired.policy.tightened(by: policy)
        // What there is to show of its lines has been shown; an account's state is about to take the room.
        return (desired, loaded.withoutSources)
    }

    /// What policies in files of their own allow together.
    func policy(_ files: [String]) throws -> Policy {
        var policy = Policy()
        for file in files {
            let read = Pipeline.policy(file, effects)
            show(read.diagnostics, [file: read.source])
            guard let one = read.policy else { throw ExitCode(ExitStatus.failed.rawValue) }
            policy = policy.tightened(by: one)
        }
        return policy
    }

    /// Reads a saved plan; ends the command when there is none that can be trusted.
    func savedPlan(_ file: String, else status: ExitStatus) throws -> SavedPlan {
        let bytes: [UInt8]
        do throws(FileFailure) { bytes = try effects.readFile(file) } catch {
            fail(error.problem, "make one with: reconcile plan --out FILE")
            throw ExitCode(ExitStatus.failed.rawValue)
        }
        do throws(Rejection) { return try SavedPlan(bytes) } catch {
            fail("\(Escaped.line(file)): \(error.problem)", error.remedy)
            throw ExitCode(status.rawValue)
        }
    }

    /// Asks on the terminal.
    func confirm(_ question: String) throws -> Bool {
        try write(question)
        return readLine()?.trimming(" \t") == "yes"
    }

    /// Says how long something took, if that is wanted.
    func timed<T>(_ what: String, _ body: () async throws -> T) async rethrows -> T {
        let start = ContinuousClock.now
        let result = try await body()
        report(what, since: start)
        return result
    }

    /// Does a command, and for `--format json` writes what went wrong when it ends without a result.
    func run(_ command: String, _ format: OutputFormat, _ body: () async throws -> Void) async throws {
        let listening = Task { await interruption.listen { self.react($0, command, format) } }
        defer { listening.cancel() }
        do { try await body() } catch let code as ExitCode {
            let status = ExitStatus(rawValue: code.rawValue) ?? .failed
            if format == .json, !hasResult.withLock({ $0 }) {
                try write(PlanJSON.render(errors, command: command, exit: status))
            }
            throw code
        }
    }

    private func react(_ effect: Interruption.Effect, _ command: String, _ format: OutputFormat) {
        let status: ExitStatus
        switch effect {
        case .nothing: return
        case .endsSoon: return note("\nStopping after what is being sent; Ctrl-C again stops at once.")
        case .endsClean:
            fail("interrupted", "nothing was written")
            status = .interrupted
        case .endsNow:
            SystemProgram.endAll()
            fail("stopped at once: nobody knows whether it was done", "run the command again, which is harmless")
            status = .failed
        }
        interruption.cleanUp()
        if format == .json, !hasResult.withLock({ $0 }) { try? write(PlanJSON.render(errors, command: command, exit: status)) }
        _exit(status.rawValue)
    }

    /// How this run waits between tries.
    func pacing(_ limit: Int) -> Pacing {
        let start = ContinuousClock.now
        let interruption = interruption
        return Pacing(
            limit: .seconds(limit), now: { ContinuousClock.now - start },
            sleep: { pause in
                let end = ContinuousClock.now + pause
                while ContinuousClock.now < end {
                    if interruption.isRequested { throw CancellationError() }
                    try await Task.sleep(for: min(.milliseconds(100), end - ContinuousClock.now))
                }
            }, jitter: { Double.random(in: 0..<1) },
            waiting: { problem, pause in
                guard pause >= .seconds(1) || self.isVerbose else { return }
                let milliseconds = Int((pause / .milliseconds(1)).rounded())
                let time = milliseconds < 60_000 ? "\(milliseconds) ms" : CallEstimate.text(seconds: milliseconds / 1000)
                self.note("\(Escaped.line(problem)); trying again in \(time)")
            })
    }

    /// A result in JSON; there is one a run.
    func writeJSON(_ text: String) throws {
        hasResult.withLock { $0 = true }
        try write(text)
    }

    /// Ends the command.
    func exit(_ status: ExitStatus) throws {
        if status != .done { throw ExitCode(status.rawValue) }
    }

    private func report(_ what: String, since start: ContinuousClock.Instant) {
        guard isVerbose else { return }
        let time = (ContinuousClock.now - start) / .milliseconds(1)
        note("\(Escaped.line(what)): \(Int(time.rounded())) ms")
    }

    /// Writes a file, or standard output for `-`.
    func save(_ bytes: [UInt8], to file: String) throws {
        if file == "-" { return try write(String(decoding: bytes, as: UTF8.self)) }
        do throws(FileFailure) { try effects.writeFile(file, bytes) } catch {
            fail(error.problem, "choose another file")
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }

    private static func put(_ text: String, to descriptor: Int32) -> Bool { SystemFiles.write(Array(text.utf8), to: descriptor) }
}

extension String {
    fileprivate func trimming(_ characters: String) -> String {
        var text = self[...]
        while let first = text.first, characters.contains(first) { text.removeFirst() }
        while let last = text.last, characters.contains(last) { text.removeLast() }
        return String(text)
    }
}
