public import EmailConnect

/// The pipeline, read from top to bottom: bytes become the wanted state, the wanted state and the account become a plan,
/// a plan becomes a batch. Values between the stages; effects only where a stage is given them.
public enum Pipeline {
    /// A manifest that was read.
    public struct Loaded: Sendable {
        /// The file, as it was named.
        public var file: String
        /// The state that it wants; nil when it has an error.
        public var desired: DesiredState?
        /// Everything that is wrong with it, sorted.
        public var diagnostics: [Diagnostic]
        /// All its files, as they are named.
        var files: [String] = []
        /// The bytes of those that cannot be read again, or that have a mistake.
        var bytes: [String: [UInt8]] = [:]
        /// The files that it includes, as they are named: they are no manifests by themselves.
        public var parts: [String] = []
        /// Where the fields of each resource stand, nearest first; only when somebody asked.
        var marks: [ResourceName: [Marked<String>]] = [:]

        /// The bytes of its files, for the lines that diagnostics show.
        public func sources(_ effects: Effects) -> [String: [UInt8]] {
            var sources = bytes
            for file in files where sources[file] == nil { sources[file] = try? effects.readFile(file) }
            return sources
        }

        /// The same without what only diagnostics need.
        public var withoutSources: Loaded {
            var copy = self
            copy.bytes = [:]
            copy.files = []
            return copy
        }
    }

    /// Reads a manifest with all that it extends and includes.
    /// - Parameter isTraced: whether the place of each field is kept.
    public static func load(_ file: String, _ effects: Effects, isTraced: Bool = false) -> Loaded {
        do throws(FileFailure) {
            let read = try ManifestLoader.load(file, effects, isTraced: isTraced)
            let (state, marks, diagnostics) = StateBuilder.build(read.layer, read.files)
            let all = (read.diagnostics + diagnostics + (state?.untoldByPin ?? [])).sorted()
            return Loaded(
                file: file, desired: all.contains { $0.severity == .error } ? nil : state, diagnostics: all,
                files: read.files.map(\.name),
                bytes: Dictionary(read.files.filter { !$0.bytes.isEmpty }.map { ($0.name, $0.bytes) }) { first, _ in first },
                parts: read.files.filter(\.isPart).map(\.name), marks: marks)
        } catch {
            let remedy = "name the manifest, or run where reconcile.yaml is"
            let diagnostic = Diagnostic(.error, file, at: nil, "the manifest cannot be read: \(error.problem)", remedy)
            return Loaded(file: file, desired: nil, diagnostics: [diagnostic])
        }
    }

    /// Reads a policy that stands in a file of its own: `version: 1` and `policy:`.
    /// - Returns: nil when the file has an error.
    public static func policy(_ file: String, _ effects: Effects) -> (policy: Policy?, diagnostics: [Diagnostic], source: [UInt8]) {
        do throws(FileFailure) {
            let bytes = try effects.readFile(file)
            let (layer, found) = ManifestDecoder.decode(SourceFile(number: 0, name: file, path: file, bytes: bytes))
            var diagnostics = found
            if found.isEmpty, !layer.hasOnlyPolicy || layer.policy == Policy() {
                diagnostics.append(
                    Diagnostic(
                        .error, file, at: nil, "a file of a policy has version: 1 and policy:, and nothing else",
                        "as in policy: { forbid_scopes: [full] }"))
            }
            return (diagnostics.contains { $0.severity == .error } ? nil : layer.policy, diagnostics.sorted(), bytes)
        } catch {
            let diagnostic = Diagnostic(.error, file, at: nil, "the policy cannot be read: \(error.problem)", "name a file of a policy")
            return (nil, [diagnostic], [])
        }
    }

    /// What a plan was made from, for the apply that may follow.
    public struct Planned: Sendable {
        /// What apply would do.
        public var plan: Plan
        /// What to tell the reader beside the plan.
        public var diagnostics: [Diagnostic]
        let desired: DesiredState
        let secrets: Secrets
        let run: Run
        let folder: String
        /// The same for another state of the account.
        let remake: @Sendable (AccountState) -> Plan

        /// The same with nothing but tokens that were not delivered.
        public var deliveriesOnly: Planned {
            var copy = self
            copy.plan.webhooks = []
            copy.plan.domains = []
            copy.plan.aliases = []
            copy.plan.apiKeys = plan.apiKeys.filter { !$0.isReviewed && $0.makesToken }
            copy.plan.digest = PlanDigest(of: copy.plan)
            return copy
        }

        /// How `plan` ends.
        /// - Parameters:
        ///   - detailed: whether pending changes have a status of their own.
        ///   - driftOnly: whether only drift counts as a change.
        public func exit(detailed: Bool, driftOnly: Bool = false) -> ExitStatus {
            if !plan.conflicts.isEmpty { return .conflict }
            if !plan.refusals.isEmpty { return .refused }
            return detailed && !(driftOnly ? !plan.hasDrift : plan.isEmpty) ? .changesPending : .done
        }
    }

    /// Compares a manifest with an account: one request, nothing written.
    /// - Throws: when the account could not be read.
    public static func plan(
        _ desired: DesiredState, file: String, run: Run = Run(), from reader: some AccountReader, _ effects: Effects
    ) async throws(AccountFailure) -> Planned {
        let (secrets, diagnostics) = SecretResolver.resolve(desired.secretReferences, manifest: file, effects, run: run)
        let state = try await read(reader, for: desired)
        let make: @Sendable (AccountState) -> Plan = { Planner.plan(desired, $0, secrets, repository: run.repository) }
        return Planned(
            plan: make(state), diagnostics: diagnostics, desired: desired, secrets: secrets, run: run, folder: Paths.folder(of: file),
            remake: make)
    }

    /// Gives some of a manifest's API keys another token, and does nothing else.
    /// - Throws: when the account could not be read.
    public static func rotation(
        _ desired: DesiredState, of keys: Rotation, file: String, run: Run = Run(), from reader: some AccountReader
    ) async throws(AccountFailure) -> Planned {
        let state = try await read(reader, for: desired)
        let make: @Sendable (AccountState) -> Plan = { keys.plan(desired, $0) }
        return Planned(
            plan: make(state), diagnostics: [], desired: desired, secrets: Secrets(), run: run, folder: Paths.folder(of: file),
            remake: make)
    }

    /// The account, if it has a place for what is wanted.
    private static func read(_ reader: some AccountReader, for desired: DesiredState) async throws(AccountFailure) -> AccountState {
        let state = try await reader.state(of: Kind.allCases, seenBy: desired.viewer)
        if let failure = desired.untold(by: state.header) { throw failure }
        return state
    }

    /// A plan that may be applied, with its new tokens.
    public struct PreparedApply: Sendable {
        let batch: PreparedBatch
        /// Whether there is anything to do.
        public let hasOperations: Bool
        /// Whether there is something to send: a run that changes nothing still says which run it was.
        public let isWorthSending: Bool
    }

    /// What has to hold before a plan may be applied: no conflict, no guard against it, every secret at hand, every key with a
    /// place to stay.
    /// - Throws: ``ApplyRefusal``.
    public static func prepare(
        _ planned: Planned, onLoopback: Bool, _ effects: Effects
    ) throws(ApplyRefusal) -> PreparedApply {
        guard planned.plan.conflicts.isEmpty else {
            throw ApplyRefusal(
                exit: .conflict, problems: ["the plan cannot be applied as it stands"],
                remedy: "each line under \"In the way\" names a way out; nothing was sent")
        }
        guard planned.plan.refusals.isEmpty else {
            throw ApplyRefusal(
                exit: .refused, problems: planned.plan.refusals.map { "\($0.problem); \($0.remedy)" }, remedy: "nothing was sent")
        }
        let broken = planned.diagnostics.filter { $0.severity == .error }
        guard broken.isEmpty else {
            throw ApplyRefusal(
                exit: .failed, problems: broken.map(\.problem),
                remedy: "mend what the secret comes from, and run apply again; nothing was sent")
        }
        var maker = BatchMaker(planned.secrets, planned.desired, planned.run, Effects.Generator(random: effects.random))
        let prepared = try maker.make(planned.plan)
        try check(prepared.deliveries, planned.run, onLoopback: onLoopback, effects)
        let hasOperations = !prepared.batch.operations.isEmpty || planned.plan.movedFrom != nil || planned.plan.repositoryMovedFrom != nil
        return PreparedApply(
            batch: prepared, hasOperations: hasOperations, isWorthSending: hasOperations || isNews(planned.run, planned.plan))
    }

    /// No program runs that nobody allowed, and no key goes to a file that is thrown away with its machine.
    private static func check(
        _ deliveries: [PreparedBatch.Delivery], _ run: Run, onLoopback: Bool, _ effects: Effects
    ) throws(ApplyRefusal) {
        let isRunner = !onLoopback && effects.environment("CI") == "true"
        for delivery in deliveries {
            switch delivery.sink {
            case .file where isRunner:
                throw ApplyRefusal(
                    exit: .failed,
                    problems: ["api key \(delivery.key.text) would go to a \(delivery.sink.label) on a CI runner, and be lost with it"],
                    remedy: "deliver it to a command that keeps it, or apply from a machine that stays; nothing was sent")
            case .command where !run.allowsCommands:
                throw ApplyRefusal(
                    exit: .refused, problems: ["api key \(delivery.key.text) would go to the \(Escaped.line(delivery.sink.label))"],
                    remedy: "if that program may run here, add --allow-commands; nothing was sent")
            default: break
            }
        }
    }

    /// No key is made that could not be kept.
    private static func probe(_ deliveries: [PreparedBatch.Delivery], _ folder: String, _ effects: Effects) throws(ApplyRefusal) {
        var problems: [String] = []
        for delivery in deliveries {
            do throws(FileFailure) { try effects.probe(delivery.sink, folder) } catch {
                problems.append(
                    "api key \(delivery.key.text) could not be delivered to \(Escaped.line(delivery.sink.label)): \(error.problem)")
            }
        }
        guard problems.isEmpty else {
            throw ApplyRefusal(exit: .failed, problems: problems, remedy: "make room for it, or deliver it elsewhere; nothing was sent")
        }
    }

    /// Whether the account does not know yet that this run, or this repository, was here.
    private static func isNews(_ run: Run, _ plan: Plan) -> Bool {
        // What it was doing is done, and nobody has noted that.
        if plan.header.unfinished != nil { return true }
        let known = plan.header.owners.first { $0.name == plan.owner }
        if let sequence = run.sequence, sequence > known?.sequence ?? 0 { return true }
        return run.repository != nil && known != nil && known?.repository != run.repository
    }

    /// How long an apply takes, where each operation is a call of its own; nil where it is one request.
    public static func estimate(_ prepared: PreparedApply, for account: some AccountWriter) async -> CallEstimate? {
        guard prepared.hasOperations else { return nil }
        return await account.estimate(prepared.batch.batch)
    }

    /// How often an apply that finds the account moved plans again.
    private static let rebases = 5

    /// Does what was planned: one batch, all or nothing where the account can do that; then new keys go to their sinks and are
    /// acknowledged. If the account moved meanwhile, it is planned again, and sent again only while the plan is the one that was approved.
    /// - Throws: ``ApplyRefusal``, or ``AccountFailure`` when the batch was refused, or nobody knows whether it was done.
    public static func apply(
        _ prepared: PreparedApply, _ planned: Planned, to account: some AccountReader & AccountWriter, onLoopback: Bool, _ effects: Effects
    ) async throws -> Applied {
        var (prepared, planned) = (prepared, planned)
        let approved = planned.plan
        try probe(prepared.batch.deliveries, planned.folder, effects)
        let applier = Applier(
            writer: account, effects: effects, owner: planned.desired.owner, folder: planned.folder,
            withheld: planned.desired.secretReferences.variables)
        for _ in 0..<rebases {
            guard !effects.isInterrupted() else { throw ApplyRefusal.interrupted }
            let stale: AccountFailure
            do throws(AccountFailure) { return try await applier.apply(prepared.batch, basedOn: planned.plan) } catch {
                guard error.isStale else { throw error }
                stale = error
            }
            let state = try await account.state(of: Kind.allCases, seenBy: planned.desired.viewer)
            planned.plan = planned.remake(state)
            guard planned.plan.digest == approved.digest else {
                throw ApplyRefusal.moved(Movement.describe(from: approved, to: planned.plan), stale.problem)
            }
            prepared = try prepare(planned, onLoopback: onLoopback, effects)
        }
        throw ApplyRefusal.moved([], "others change the account all the time")
    }
}
