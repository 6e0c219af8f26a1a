import ArgumentParser
import Reconciler

/// `reconcile plan`: reads, never writes.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Shows what apply would change, and the plan's digest. Writes nothing.",
        discussion: "A key with the four :read scopes and webhooks:compare is enough.")

    @OptionGroup var argument: ManifestArgument
    @OptionGroup var account: AccountOptions

    @Option(help: "text or json.")
    var format = PlanFormat.text

    @Flag(help: "Exit with 2 when there are changes, or secrets that could not be compared.")
    var detailedExitcode = false

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let session = Session(output)
        try await session.run("plan", format) { try await plan(session) }
    }

    private func plan(_ session: Session) async throws {
        let loaded = try session.loadOrExit(argument.manifest)
        let status = try await session.withAccount(account, loaded.desired, writes: false) { client, name in
            let planned = try await session.timed("planned") {
                try await Pipeline.plan(loaded.desired, file: loaded.file, from: client, session.effects)
            }
            session.show(planned.diagnostics, [:])
            let status = planned.exit(detailed: detailedExitcode)
            switch format {
            case .text: try session.write(PlanText(session.style).render(planned.plan, server: name))
            case .json: try session.writeJSON(PlanJSON.render(planned.plan, server: name, command: "plan", exit: status))
            }
            return status
        }
        try session.exit(status)
    }
}
