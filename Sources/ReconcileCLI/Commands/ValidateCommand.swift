import ArgumentParser
import Reconciler

/// `reconcile validate`: offline.
struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Checks manifests without a server: syntax, fields, references.",
        discussion: "Every error is listed in one pass, with its line and what to do. Exit code 1 when there is one.")

    @Argument(help: "The manifests.", completion: .file(extensions: ["yaml", "yml"]))
    var manifests = ["reconcile.yaml"]

    @Option(help: "text, json, sarif (code scanning), github (annotations in a log) or gitlab (a code quality report).")
    var format = FindingsFormat.text

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let session = Session(output)
        try await session.run("validate", format == .json ? .json : .text) { try validate(session) }
    }

    private func validate(_ session: Session) throws {
        var isValid = true
        var diagnostics: [Diagnostic] = []
        for manifest in manifests {
            let loaded = session.load(manifest)
            diagnostics += loaded.diagnostics
            if loaded.desired == nil { isValid = false }
            if let desired = loaded.desired { session.note("\(Escaped.line(manifest)): valid, \(desired.summary)") }
        }
        switch format {
        case .text: break
        case .json: if isValid { try session.writeJSON(PlanJSON.render([], command: "validate", exit: .done)) }
        case .sarif: try session.write(Findings.sarif(diagnostics, version: Reconcile.configuration.version))
        case .github: try session.write(Findings.github(diagnostics))
        case .gitlab: try session.write(Findings.gitlab(diagnostics))
        }
        if !isValid { throw ExitCode(ExitStatus.failed.rawValue) }
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
