import ArgumentParser
import EmailConnect
import Reconciler

/// `reconcile keys rotate`: another token, with overlap.
struct KeysRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Gives API keys of the manifest another token, and delivers it.",
        discussion: """
            The new token goes where deliver_to says; only then does the old one start to end: it stays valid for the key's grace. \
            Stopped half-way, run it again. On a schedule: reconcile keys rotate --due --auto-approve.
            """)

    @Argument(help: "The keys, as the manifest has them.")
    var keys: [String] = []

    @Flag(help: "Those whose rotate_every has passed, and those whose token has ended.")
    var due = false

    @OptionGroup var argument: ManifestOption
    @OptionGroup var account: AccountOptions

    @Flag(help: "Rotate without asking.")
    var autoApprove = false

    @OptionGroup(title: "History") var run: RunOptions

    @Option(help: "text or json; json asks nothing and needs --auto-approve.")
    var format = OutputFormat.text

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if keys.isEmpty != due { throw ValidationError("name the keys, or give --due") }
        if format == .json, !autoApprove { throw ValidationError("--format json needs --auto-approve") }
    }

    func run() async throws {
        let session = Session(output)
        guard autoApprove || session.isInteractive else {
            session.fail("there is no terminal to ask on", "add --auto-approve")
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        try await session.run("keys rotate", format) {
            let (desired, loaded) = try session.loadOrExit(argument.manifest)
            let rotation = due ? Rotation.due : Rotation.named(try session.keys(keys, of: desired))
            let run = try run.run(session.effects)
            let applying = Applying(
                command: "keys rotate", account: account, format: format, autoApprove: autoApprove, review: nil, run: run, session: session)
            try await applying.apply(desired, file: loaded.file) { client in
                try await Pipeline.rotation(desired, of: rotation, file: loaded.file, run: run, from: client)
            }
        }
    }
}
