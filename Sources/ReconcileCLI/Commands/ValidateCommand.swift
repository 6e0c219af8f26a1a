import ArgumentParser
import EmailConnect
import Reconciler

/// `reconcile validate`: offline.
struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Checks manifests without a server: syntax, fields, references, policy.",
        discussion: """
            Every error is listed in one pass, with its line and what to do. Exit code 1 when there is one, 4 when only a policy \
            is not met. --all checks every environment at once, and that no two of them claim the same.
            """)

    @Argument(help: "The manifests; reconcile.yaml if none is named.", completion: .file(extensions: ["yaml", "yml"]))
    var manifests: [String] = []

    @Option(
        help: ArgumentHelp("Every manifest at or below a folder, and what two of them both claim.", valueName: "folder"),
        completion: .directory)
    var all: String?

    @OptionGroup var policy: PolicyOptions

    @Option(help: "text, json, sarif (code scanning), github (annotations in a log) or gitlab (a code quality report).")
    var format = FindingsFormat.text

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if all != nil, !manifests.isEmpty { throw ValidationError("--all finds the manifests itself; name a folder or files") }
    }

    func run() async throws {
        let session = Session(output)
        try await session.run("validate", format == .json ? .json : .text) { try check(session) }
    }

    private func check(_ session: Session) throws {
        let policy = try session.policy(policy.policy)
        var valid: [(file: String, state: DesiredState)] = []
        var diagnostics: [Diagnostic] = []
        var status = ExitStatus.done
        for loaded in try load(session) {
            diagnostics += loaded.diagnostics
            guard var desired = loaded.desired else {
                status = .failed
                continue
            }
            desired.policy = desired.policy.tightened(by: policy)
            let violations = desired.violations
            if !violations.isEmpty { session.show(violations, loaded.sources(session.effects)) }
            diagnostics += violations
            if !violations.isEmpty, status == .done { status = .refused }
            valid.append((loaded.file, desired))
            if violations.isEmpty { session.note("\(Escaped.line(loaded.file)): valid, \(desired.summary)") }
        }
        if all != nil {
            let overlaps = Overlaps.find(valid)
            session.show(overlaps, [:])
            diagnostics += overlaps
            if !overlaps.isEmpty { status = .failed }
        }
        diagnostics = format == .text ? diagnostics : session.inCheckout(diagnostics)
        switch format {
        case .text: break
        case .json: if status == .done { try session.writeJSON(PlanJSON.render([], command: "validate", exit: .done)) }
        case .sarif: try session.write(Findings.sarif(diagnostics, version: Reconcile.configuration.version))
        case .github: try session.write(Findings.github(diagnostics))
        case .gitlab: try session.write(Findings.gitlab(diagnostics, check: "validate"))
        }
        try session.exit(status)
    }

    /// The manifests, but for those of a folder that another one includes.
    private func load(_ session: Session) throws -> [Pipeline.Loaded] {
        guard let all else { return (manifests.isEmpty ? ["reconcile.yaml"] : manifests).map { session.load($0) } }
        let files: [String]
        do throws(FileFailure) { files = try ManifestFolder.manifests(in: all, session.effects) } catch {
            session.fail(error.problem, "name a folder with manifests")
            throw ExitCode(ExitStatus.failed.rawValue)
        }
        guard !files.isEmpty else {
            session.fail("there is no manifest below \(Escaped.line(all))", "a manifest has the lines manifest: and environment:")
            throw ExitCode(ExitStatus.failed.rawValue)
        }
        let read = files.map { session.read($0) }
        let parts = Set(read.flatMap(\.parts).map(Paths.normal))
        var shown: Set<String> = []
        return read.filter { !parts.contains(Paths.normal($0.file)) }.map { loaded in
            // A mistake in a file that several extend is one mistake.
            var loaded = loaded
            loaded.diagnostics.removeAll { mistake in
                let place = mistake.position.map { "\($0.line):\($0.column)" } ?? ""
                return !shown.insert("\(mistake.file):\(place) \(mistake.problem)").inserted
            }
            session.show(loaded)
            return loaded
        }
    }
}

/// How what is wrong in manifests is written.
enum FindingsFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
    case sarif
    case github
    case gitlab
}
