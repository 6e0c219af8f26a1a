import ArgumentParser
import Reconciler

/// `reconcile destroy`: as apply of a manifest that declares nothing.
struct DestroyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destroy", abstract: "Deletes everything that this manifest manages, under the same guards as apply.",
        discussion: """
            Shows the plan first, and asks on a terminal. It needs --allow-deletes with the number of deletions, which the \
            plan names; what is protected stays in the way until its manifest says protected: false.
            """)

    @OptionGroup var argument: ManifestArgument
    @OptionGroup var account: AccountOptions

    @Option(help: ArgumentHelp("Agree to exactly so many deletions.", valueName: "n"))
    var allowDeletes: Int?

    @Flag(help: "Delete without asking.")
    var autoApprove = false

    @OptionGroup var policy: PolicyOptions
    @OptionGroup var variables: VariableOptions
    @OptionGroup(title: "History") var run: RunOptions

    @Option(help: "text or json; json asks nothing and needs --auto-approve.")
    var format = OutputFormat.text

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if format == .json, !autoApprove { throw ValidationError("--format json needs --auto-approve") }
    }

    func run() async throws {
        let session = Session(output)
        guard autoApprove || session.isInteractive else {
            session.fail("there is no terminal to ask on", "add --auto-approve")
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        try await session.run("destroy", format) {
            let loaded = try session.loadOrExit(argument.manifest, policies: policy.policy)
            var desired = loaded.desired.emptied
            desired.consent.deletes = allowDeletes
            let applying = Applying(
                command: "destroy", account: account, format: format, autoApprove: autoApprove, review: nil,
                run: try run.run(session.effects, variables: variables.patterns), session: session)
            try await applying.apply(desired, file: loaded.loaded.file)
        }
    }
}
