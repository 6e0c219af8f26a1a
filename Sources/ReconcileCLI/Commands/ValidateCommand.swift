import ArgumentParser
import Reconciler

/// `reconcile validate`: offline.
struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Checks manifests without a server: syntax, fields, references.",
        discussion: "Every error is listed in one pass, with its line and what to do. Exit code 1 when there is one.")

    @Argument(help: "The manifests.", completion: .file(extensions: ["yaml", "yml"]))
    var manifests = ["reconcile.yaml"]

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let session = Session(output)
        var isValid = true
        for manifest in manifests {
            let loaded = session.load(manifest)
            if loaded.desired == nil { isValid = false }
            if let desired = loaded.desired { session.note("\(Escaped.line(manifest)): valid, \(desired.summary)") }
        }
        if !isValid { throw ExitCode(ExitStatus.failed.rawValue) }
    }
}
