import ArgumentParser
import Reconciler

/// `reconcile fmt`: offline.
struct FmtCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fmt", abstract: "Rewrites manifests in the canonical layout, with their comments.",
        discussion: """
            Each file that was not in the canonical layout is rewritten and named. Fields come in the order of the reference; entries, \
            comments and blank lines stay with what they belong to. What a file extends or includes is not looked at. Exit code 1 \
            when a file has a mistake of syntax, which is left as it is; with --check also when one is not in the canonical layout.
            """)

    @Argument(help: "The manifests; - reads standard input and writes standard output.", completion: .file(extensions: ["yaml", "yml"]))
    var manifests = ["reconcile.yaml"]

    @Flag(help: "Write nothing; name the files that are not in the canonical layout, and exit with 1 if there are any.")
    var check = false

    @Flag(help: "Write nothing; show what would change, as a unified diff.")
    var diff = false

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let session = Session(output)
        try await session.run("fmt", .text) {
            var isDone = true
            // A file that cannot be done is no reason to leave out the others.
            for manifest in manifests { isDone = try format(manifest, session) && isDone }
            try session.exit(isDone ? .done : .failed)
        }
    }

    /// - Returns: false when the file has a mistake, or is not as `--check` wants it.
    private func format(_ manifest: String, _ session: Session) throws -> Bool {
        let formatted = Formatted.read(manifest, session.effects)
        session.show(formatted.diagnostics, [manifest: formatted.source])
        guard let canonical = formatted.canonical else { return false }
        if diff { try session.write(formatted.difference) }
        if check || diff {
            if check, !diff, !formatted.isCanonical { try session.write("\(Escaped.line(manifest))\n") }
            return formatted.isCanonical || !check
        }
        if manifest == "-" {
            try session.write(String(decoding: canonical, as: UTF8.self))
        } else if !formatted.isCanonical {
            do throws(FileFailure) { try session.effects.writeFile(manifest, canonical) } catch {
                session.fail(error.problem, "the file is left as it is")
                return false
            }
            try session.write("\(Escaped.line(manifest))\n")
        }
        return true
    }
}
