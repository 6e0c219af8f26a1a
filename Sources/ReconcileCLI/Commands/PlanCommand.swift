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

    @Option(
        help: """
            text, json, markdown (for a comment on a pull request), html (one page, nothing else needed), github (annotations \
            at the manifest's lines, in a log) or gitlab (the same, as a code quality report).
            """)
    var format = PlanFormat.text

    @Flag(help: "Exit with 2 when there are changes, or secrets that could not be compared.")
    var detailedExitcode = false

    @Flag(help: "Show, and count, only what somebody changed in the account since the last apply.")
    var driftOnly = false

    @Option(
        help: ArgumentHelp(
            "Show where each field of a resource stands, and what the plan does with it: an address, a domain, webhook:KEY or api_key:KEY.",
            valueName: "resource"))
    var explain: [String] = []

    @OptionGroup var policy: PolicyOptions

    @Flag(help: "Refuse, with 4, what nobody manages in the account.")
    var failOnUnmanaged = false

    @OptionGroup var variables: VariableOptions
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
        if !explain.isEmpty {
            guard format == .text || format == .json else { throw ValidationError("--explain goes with --format text or json") }
            do throws(Rejection) { _ = try explained } catch { throw ValidationError("--explain: \(error.sentence)") }
        }
        if state != nil, account.local || account.caFile != nil { throw ValidationError("--state needs no account") }
    }

    private var explained: [ResourceName] {
        get throws(Rejection) {
            var names: [ResourceName] = []
            for name in explain { names.append(try ResourceName(name)) }
            return names
        }
    }

    func run() async throws {
        let session = Session(output)
        try await session.run("plan", format.output) { try await plan(session) }
    }

    private func plan(_ session: Session) async throws {
        var (desired, loaded) = try session.loadOrExit(argument.manifest, policies: policy.policy, isTraced: !explain.isEmpty)
        desired.consent = desired.consent.adding(try consent.consent)
        if failOnUnmanaged { desired.policy = desired.policy.forbiddingUnmanaged }
        if let state {
            do {
                let saved = try SavedState(state, session.effects)
                return try session.exit(await plan(desired, loaded, saved, "the state in \(Escaped.line(state))", session))
            } catch let failure as FileFailure {
                session.fail(failure.problem, "save it with: reconcile state --out FILE")
            } catch let failure as AccountFailure { session.fail(failure) }
            throw ExitCode(ExitStatus.failed.rawValue)
        }
        let (wanted, source) = (desired, loaded)
        let status = try await session.withAccount(account, desired, beside: loaded.file, writes: false) { client, name in
            try await plan(wanted, source, client, name, session)
        }
        try session.exit(status)
    }

    private func plan(
        _ desired: DesiredState, _ loaded: Pipeline.Loaded, _ reader: some AccountReader, _ name: String, _ session: Session
    ) async throws -> ExitStatus {
        let run = Run(context: Run.context(session.effects.environment), variables: variables.patterns)
        let planned = try await session.timed("planned") {
            try await Pipeline.plan(desired, file: loaded.file, run: run, from: reader, session.effects)
        }
        session.show(planned.diagnostics, [:])
        if let out { try session.save(SavedPlan(planned.plan, server: name).bytes, to: out) }
        let status = planned.exit(detailed: detailedExitcode, driftOnly: driftOnly)
        let explanations: [Explanation]
        do throws(Rejection) {
            var made: [Explanation] = []
            for name in try explained { made.append(try Explanation(name, loaded, planned)) }
            explanations = made
        } catch {
            session.fail(error.problem, error.remedy)
            return .failed
        }
        switch format {
        case .text where !explanations.isEmpty:
            try session.write(explanations.map { $0.text(session.style) }.joined(separator: "\n"))
            if status == .refused || status == .conflict {
                session.note("The plan as a whole cannot be applied as it stands; without --explain it says why.")
            }
        case .text:
            try session.write(PlanText(session.style, width: session.width).render(planned.plan, server: name, driftOnly: driftOnly))
        case .json:
            try session.writeJSON(
                PlanJSON.render(
                    planned.plan, server: name, command: "plan", driftOnly: driftOnly, explanations: explanations, exit: status))
        case .markdown: try session.write(PlanMarkdown(planned.plan, server: name, driftOnly: driftOnly).text)
        case .html: try session.write(PlanHTML(planned.plan, server: name, driftOnly: driftOnly).text)
        case .github: try session.write(Findings.github(session.inCheckout(planned.findings(driftOnly: driftOnly))))
        case .gitlab: try session.write(Findings.gitlab(session.inCheckout(planned.findings(driftOnly: driftOnly)), check: "plan"))
        }
        return status
    }
}
