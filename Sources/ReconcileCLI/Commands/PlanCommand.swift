import ArgumentParser
import EmailConnect
import Reconciler

/// `reconcile plan`: reads, never writes.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Shows what apply would change, and the plan's digest. Writes nothing.",
        discussion: """
            A key with the four :read scopes and webhooks:compare is enough. A reviewer approves the digest, and \
            apply --expect DIGEST does exactly that, or nothing.
            """)

    @OptionGroup var argument: ManifestArgument
    @OptionGroup var account: AccountOptions

    @Option(help: ArgumentHelp("Plan against a file of reconcile state instead of a server.", valueName: "file"), completion: .file())
    var state: String?

    @Option(help: ArgumentHelp("Save the plan, for show and for apply --plan.", valueName: "file"), completion: .file())
    var out: String?

    @Option(help: "text, json, markdown (for a comment on a pull request) or html (one page, nothing else needed).")
    var format = PlanFormat.text

    @Flag(help: "Exit with 2 when there are changes, or secrets that could not be compared.")
    var detailedExitcode = false

    @Flag(help: "Show, and count, only what somebody changed in the account since the last apply.")
    var driftOnly = false

    @OptionGroup(title: "Consent") var consent: ConsentOptions

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let out {
            if out.isEmpty { throw ValidationError("--out takes a file") }
            if out == "-", format != .text {
                throw ValidationError("--out - and --format \(format.rawValue) both write to standard output")
            }
            if Paths.isSame(out, argument.manifest) { throw ValidationError("--out would replace the manifest") }
        }
        if state != nil, account.local || account.caFile != nil { throw ValidationError("--state needs no account") }
    }

    func run() async throws {
        let session = Session(output)
        try await session.run("plan", format.output) { try await plan(session) }
    }

    private func plan(_ session: Session) async throws {
        let loaded = try session.loadOrExit(argument.manifest)
        var desired = loaded.desired
        desired.consent = desired.consent.adding(try consent.consent)
        if let state {
            do {
                let saved = try SavedState(state, session.effects)
                return try session.exit(await plan(desired, loaded.file, saved, "the state in \(Escaped.line(state))", session))
            } catch let failure as FileFailure {
                session.fail(failure.problem, "save it with: reconcile state --out FILE")
            } catch let failure as AccountFailure { session.fail(failure) }
            throw ExitCode(ExitStatus.failed.rawValue)
        }
        let wanted = desired
        let status = try await session.withAccount(account, desired.pins, writes: false) { client, name in
            try await plan(wanted, loaded.file, client, name, session)
        }
        try session.exit(status)
    }

    private func plan(
        _ desired: DesiredState, _ file: String, _ reader: some AccountReader, _ name: String, _ session: Session
    ) async throws -> ExitStatus {
        let run = Run(context: Run.context(session.effects.environment))
        let planned = try await session.timed("planned") {
            try await Pipeline.plan(desired, file: file, run: run, from: reader, session.effects)
        }
        session.show(planned.diagnostics, [:])
        if let out { try session.save(SavedPlan(planned.plan, server: name).bytes, to: out) }
        let status = planned.exit(detailed: detailedExitcode, driftOnly: driftOnly)
        switch format {
        case .text: try session.write(PlanText(session.style).render(planned.plan, server: name, driftOnly: driftOnly))
        case .json:
            try session.writeJSON(PlanJSON.render(planned.plan, server: name, command: "plan", driftOnly: driftOnly, exit: status))
        case .markdown: try session.write(PlanMarkdown(planned.plan, server: name, driftOnly: driftOnly).text)
        case .html: try session.write(PlanHTML(planned.plan, server: name, driftOnly: driftOnly).text)
        }
        return status
    }
}
