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
        /// The file's bytes, for the lines that diagnostics show.
        public var source: [UInt8]
    }

    /// Reads a manifest.
    public static func load(_ file: String, _ effects: Effects) -> Loaded {
        do throws(FileFailure) {
            let bytes = try effects.readFile(file)
            let (state, diagnostics) = ManifestDecoder.decode(bytes, file: file)
            return Loaded(file: file, desired: state, diagnostics: diagnostics, source: bytes)
        } catch {
            let remedy = "name the manifest, or run where reconcile.yaml is"
            let diagnostic = Diagnostic(.error, file, at: nil, "the manifest cannot be read: \(error.problem)", remedy)
            return Loaded(file: file, desired: nil, diagnostics: [diagnostic], source: [])
        }
    }

    /// What a plan was made from, for the apply that may follow.
    public struct Planned: Sendable {
        /// What apply would do.
        public var plan: Plan
        /// What to tell the reader beside the plan.
        public var diagnostics: [Diagnostic]
        let secrets: Secrets
        let sinks: [Slug: Sink]
        let folder: String

        /// How `plan` ends.
        /// - Parameter detailed: whether pending changes have a status of their own.
        public func exit(detailed: Bool) -> ExitStatus {
            if !plan.conflicts.isEmpty { return .conflict }
            return detailed && !plan.isEmpty ? .changesPending : .done
        }
    }

    /// Compares a manifest with an account: one request, nothing written.
    /// - Throws: when the account could not be read.
    public static func plan(
        _ desired: DesiredState, file: String, from reader: some AccountReader, _ effects: Effects
    ) async throws(AccountFailure) -> Planned {
        let (secrets, diagnostics) = SecretResolver.resolve(desired.secretReferences, manifest: file, effects)
        let state = try await reader.state(of: Kind.allCases, seenBy: desired.owner)
        return Planned(
            plan: Planner.plan(desired, state, secrets), diagnostics: diagnostics, secrets: secrets, sinks: desired.sinks,
            folder: Paths.folder(of: file))
    }

    /// What has to hold before a plan may be applied: no conflict, every secret at hand, every key with a place to stay.
    /// - Throws: ``ApplyRefusal``.
    public static func prepare(
        _ planned: Planned, onLoopback: Bool, _ effects: Effects
    ) throws(ApplyRefusal) -> PreparedApply {
        guard planned.plan.conflicts.isEmpty else {
            throw ApplyRefusal(
                exit: .conflict, problems: ["the plan cannot be applied as it stands"],
                remedy: "each line under \"In the way\" names a way out; nothing was sent")
        }
        var maker = BatchMaker(planned.secrets, planned.sinks, Effects.Generator(random: effects.random))
        let prepared = try maker.make(planned.plan)
        if !onLoopback, effects.environment("CI") == "true", let lost = prepared.deliveries.first {
            throw ApplyRefusal(
                exit: .failed, problems: ["api key \(lost.key.text) would go to a \(lost.sink.label) on a CI runner, and be lost with it"],
                remedy: "apply from a machine that stays; nothing was sent")
        }
        return PreparedApply(batch: prepared)
    }

    /// A plan that may be applied, with its new tokens.
    public struct PreparedApply: Sendable {
        let batch: PreparedBatch

        /// Whether there is anything to send.
        public var hasOperations: Bool { !batch.batch.operations.isEmpty }
    }

    /// Does what was planned: one batch, all or nothing; then new keys go to their sinks and are acknowledged.
    /// - Throws: when the batch was refused, or nobody knows whether it was done.
    public static func apply(
        _ prepared: PreparedApply, _ planned: Planned, to writer: some AccountWriter, _ effects: Effects
    ) async throws(AccountFailure) -> Applied {
        try await Applier(writer: writer, effects: effects, folder: planned.folder).apply(prepared.batch, basedOn: planned.plan)
    }
}
