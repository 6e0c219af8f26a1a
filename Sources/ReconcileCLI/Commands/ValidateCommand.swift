import ArgumentParser
import Reconciler

/// `reconcile validate`: offline.
struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Checks manifests without a server: syntax, fields, references.",
        discussion: "Every error is listed in one pass, with its line and what to do. Exit code 1 when there is one.")

    @Argument(help: "The manifests.", completion: .file(extensions: ["yaml", "yml"]))
    var manifests = ["reconcile.yaml"]

    @Option(help: "text or json.")
    var format = OutputFormat.text

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let session = Session(output)
        try await session.run("validate", format) { try validate(session) }
    }

    private func validate(_ session: Session) throws {
        var isValid = true
        for manifest in manifests {
            let loaded = session.load(manifest)
            if loaded.desired == nil { isValid = false }
            if let desired = loaded.desired { session.note("\(Escaped.line(manifest)): valid, \(desired.summary)") }
        }
        if isValid, format == .json { try session.writeJSON(PlanJSON.render([], command: "validate", exit: .done)) }
        if !isValid { throw ExitCode(ExitStatus.failed.rawValue) }
    }
}
