import ArgumentParser
import EmailConnect
import EmailConnectClient
import Reconciler

/// `reconcile apply`: plans, asks, writes in one batch.
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Makes the account equal to the manifest, in one transaction: all or nothing.",
        discussion: "Shows the plan first, and asks on a terminal. Without a terminal it needs --auto-approve.")

    @OptionGroup var argument: ManifestArgument
    @OptionGroup var account: AccountOptions

    @Flag(help: "Apply without asking.")
    var autoApprove = false

    @Option(help: "text or json; json asks nothing and needs --auto-approve.")
    var format = PlanFormat.text

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
        try await session.run("apply", format) { try await apply(session) }
    }

    private func apply(_ session: Session) async throws {
        let loaded = try session.loadOrExit(argument.manifest)
        let status = try await session.withAccount(account, loaded.desired, writes: true) { client, name in
            let planned = try await session.timed("planned") {
                try await Pipeline.plan(loaded.desired, file: loaded.file, from: client, session.effects)
            }
            session.show(planned.diagnostics, [:])
            if format == .text { try session.write(PlanText(session.style).render(planned.plan, server: name)) }
            return try await apply(planned, client, name, session)
        }
        try session.exit(status)
    }

    private func apply(
        _ planned: Pipeline.Planned, _ client: AccountClient, _ name: String, _ session: Session
    ) async throws -> ExitStatus {
        func report(_ applied: Applied?, _ status: ExitStatus) throws -> ExitStatus {
            if format == .json {
                let errors = session.errors
                try session.writeJSON(
                    PlanJSON.render(planned.plan, server: name, command: "apply", applied: applied, errors: errors, exit: status))
            }
            return status
        }
        do {
            let prepared = try Pipeline.prepare(planned, onLoopback: session.isLoopback(account), session.effects)
            guard prepared.hasOperations else {
                if format == .text { try session.write("Nothing to apply.\n") }
                return try report(nil, .done)
            }
            guard try autoApprove || session.confirm("Apply this plan? Only yes applies it: ") else {
                session.note("Nothing was applied.")
                return .failed
            }
            let applied = try await session.timed("applied") {
                try await Pipeline.apply(prepared, planned, to: client, session.effects)
            }
            if format == .text { try session.write(AppliedText.render(applied, planned.plan)) }
            return try report(applied, applied.exit)
        } catch let refusal as ApplyRefusal {
            for problem in refusal.problems { session.fail(problem, refusal.remedy) }
            return try report(nil, refusal.exit)
        } catch let failure as AccountFailure {
            session.fail(failure)
            return try report(nil, failure.exit)
        }
    }
}
