import ArgumentParser
import EmailConnect
import Reconciler

/// `reconcile apply`: plans, asks, writes in one batch.
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Makes the account equal to the manifest, in one transaction: all or nothing.",
        discussion: """
            Shows the plan first, and asks on a terminal. Without a terminal it needs --expect, --plan or --auto-approve. \
            Ctrl-C ends it after what is being sent; a second one at once.
            """)

    @OptionGroup var argument: ManifestArgument
    @OptionGroup var account: AccountOptions

    @Option(help: ArgumentHelp("Apply only if the plan has this digest, as plan prints it.", valueName: "digest"))
    var expect: String?

    @Option(help: ArgumentHelp("Apply only if the plan is the one in this file of plan --out.", valueName: "file"), completion: .file())
    var plan: String?

    @Flag(help: "Apply without asking.")
    var autoApprove = false

    @OptionGroup var policy: PolicyOptions
    @Flag(help: "Refuse, with 4, what nobody manages in the account.")
    var failOnUnmanaged = false

    @OptionGroup(title: "Consent") var consent: ConsentOptions
    @OptionGroup var variables: VariableOptions
    @OptionGroup(title: "History") var run: RunOptions

    @Option(help: "text or json; json asks nothing and needs --expect, --plan or --auto-approve.")
    var format = OutputFormat.text

    @OptionGroup var output: OutputOptions

    private var isReviewed: Bool { autoApprove || expect != nil || plan != nil }

    func validate() throws {
        if expect != nil, plan != nil { throw ValidationError("--expect and --plan say the same; give one") }
        if format == .json, !isReviewed { throw ValidationError("--format json needs --expect, --plan or --auto-approve") }
        if let expect {
            do { _ = try Review.digest(written: expect) } catch { throw ValidationError("--expect: \(error.sentence)") }
        }
    }

    func run() async throws {
        let session = Session(output)
        guard isReviewed || session.isInteractive else {
            session.fail("there is no terminal to ask on", "add --expect DIGEST, --plan FILE or --auto-approve")
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        try await session.run("apply", format) {
            let review = try plan.map { try session.savedPlan($0, else: .stale) }.map(Review.plan)
            let loaded = try session.loadOrExit(argument.manifest, policies: policy.policy)
            var desired = loaded.desired
            desired.consent = desired.consent.adding(try consent.consent)
            if failOnUnmanaged { desired.policy = desired.policy.forbiddingUnmanaged }
            let applying = Applying(
                command: "apply", account: account, format: format, autoApprove: autoApprove,
                review: try review ?? expect.map { try Review.digest(written: $0) },
                run: try run.run(session.effects, variables: variables.patterns),
                session: session)
            try await applying.apply(desired, file: loaded.loaded.file)
        }
    }
}
