import EmailConnect
import EmailConnectClient
import Reconciler

/// What a world has shown to be wrong.
public struct WorldFailure: Error, Sendable, CustomStringConvertible {
    /// The property that does not hold, in a few words; two failures of one property have the same.
    public var property: String
    /// The step, from 1.
    public var step: Int
    /// What was seen.
    public var detail: String

    /// For people.
    public var description: String { "step \(step): \(property)\n\(detail)" }
}

/// One walk through the steps of a world, on an account of its own, with every property checked at every step.
struct WorldRun {
    let client: AccountClient
    let server: TestServer
    var shuffle: SeededGenerator
    /// The step, from 1.
    var step = 0
    /// What each owner applied last, and what was done since.
    var known: [String: Known] = [:]

    /// What an owner applied last.
    struct Known {
        var manifest: WorldManifest
        var secrets: Int
        /// Whether somebody has edited anything by hand.
        var isEdited = false
        /// Whether a domain or an owner has got another name, so that names have changed which nobody touched, or another owner
        /// has taken something over. The account does not note these as drift; a plan then says that the manifest changed.
        var isUnsure = false
    }

    /// A plan with everything that it needs to be applied.
    struct Ready {
        var planned: Pipeline.Planned
        var desired: DesiredState
        var effects: Effects
        var plan: Plan { planned.plan }
    }

    init(_ client: AccountClient, _ server: TestServer, seed: UInt64) {
        self.client = client
        self.server = server
        shuffle = SeededGenerator(seed: seed)
    }

    func fail(_ property: String, _ detail: String = "") -> WorldFailure { WorldFailure(property: property, step: step, detail: detail) }

    func expect(_ holds: Bool, _ property: String, _ detail: @autoclosure () -> String = "") throws(WorldFailure) {
        guard holds else { throw fail(property, detail()) }
    }

    func state() async throws -> AccountState { try await client.state(of: Kind.allCases, seenBy: Viewer(nil)) }

    // MARK: plans

    /// The values behind the references; each has the word "canary" in it.
    static func environment(_ generation: Int) -> [String: String] {
        var values: [String: String] = [:]
        for number in 0..<3 {
            values["URL\(number)"] = "https://secret\(number).example/canary\(generation)"
            values["TOKEN\(number)"] = "canary-token\(number)-\(generation)"
            values["SIGN\(number)"] = "canary-sign\(number)-\(generation)"
        }
        return values
    }

    func plan(_ yaml: String, secrets: Int?, sink: TestSink? = nil, agrees: Bool = true) async throws -> Ready {
        let text = try await state().expanding(yaml)
        let effects = Effects.test(files: ["m.yaml": text], environment: secrets.map(Self.environment) ?? [:], sink: sink)
        let loaded = Pipeline.load("m.yaml", effects)
        guard var desired = loaded.desired else { throw fail("the generator makes valid manifests", "\(loaded.diagnostics)") }
        let planned = try await Pipeline.plan(desired, file: "m.yaml", from: client, effects)
        guard agrees, !planned.plan.refusals.isEmpty else { return Ready(planned: planned, desired: desired, effects: effects) }
        do {
            _ = try Pipeline.prepare(planned, onLoopback: true, effects)
            throw fail("a plan that a guard refuses is not prepared")
        } catch let refusal as ApplyRefusal {
            let exit: ExitStatus = planned.plan.conflicts.isEmpty ? .refused : .conflict
            try expect(refusal.exit == exit, "a plan that a guard refuses is not prepared", "\(refusal)")
        }
        for refusal in planned.plan.refusals {
            if refusal.guarded == "deletes" { desired.consent.deletes = refusal.count } else { desired.consent.mailMoves = refusal.count }
        }
        let agreed = try await Pipeline.plan(desired, file: "m.yaml", from: client, effects)
        try expect(agreed.plan.refusals.isEmpty, "a guard takes the number that it names", "\(agreed.plan.refusals)")
        try expect(agreed.plan.digest == planned.plan.digest, "consent is not in the digest")
        return Ready(planned: agreed, desired: desired, effects: effects)
    }

    static func text(_ plan: Plan) -> String { PlanText(.plain).render(plan, server: "s") }

    static func render(_ plan: Plan) -> String { text(plan) + PlanJSON.render(plan, server: "s", command: "plan", exit: .done) }

    // MARK: steps

    mutating func take(_ step: WorldStep) async throws {
        self.step += 1
        do {
            switch step {
            case .apply(let manifest, let secrets, let fate): try await apply(manifest.normal, secrets, fate)
            case .edit(let operations):
                try await edit(operations)
                try await checkDrift()
            case .review(let manifest, let secrets, let operations, let fromFile):
                try await review(manifest.normal, secrets, operations, fromFile)
            }
            try await checkCounts()
            try await checkExport()
        } catch let failure as AccountFailure {
            throw fail("an account does what a plan of it says", "\(failure)")
        } catch let refusal as ApplyRefusal { throw fail("a plan without conflicts can be applied", "\(refusal)") }
    }

    private mutating func apply(_ manifest: WorldManifest, _ secrets: Int, _ fate: WorldFate) async throws {
        try await checkPlan(manifest, secrets)
        let sink = TestSink(isBroken: fate == .sinkBroken)
        let ready = try await plan(manifest.yaml, secrets: secrets, sink: sink)
        try checkReasons(ready.plan, manifest)
        guard try await isFree(ready) else { return }
        let before = try await state()
        let prepared = try Pipeline.prepare(ready.planned, onLoopback: true, ready.effects)
        var applied: Applied?
        switch fate {
        case .fine, .sinkBroken:
            if prepared.hasOperations { applied = try await apply(prepared, ready, to: client) }
        case .answerLost, .requestLost, .sentTwice:
            guard prepared.hasOperations else { break }
            do {
                let lossy = LossyAccount(client: client, arrives: fate != .requestLost)
                _ = try await apply(prepared, ready, to: lossy)
                throw fail("an apply whose answer is lost does not end well")
            } catch let failure as AccountFailure { guard failure.kind == .unknown else { throw failure } }
            if fate == .requestLost {
                try expect(await state() == before, "what did not arrive changes nothing")
                return
            }
            let middle = try await state()
            if fate == .sentTwice {
                applied = try await apply(prepared, ready, to: client)
                try expect(applied?.revision == middle.header.revision, "a batch that is sent twice is done once")
            }
        }
        let isWhole = fate == .fine || fate == .sentTwice
        if prepared.hasOperations {
            let revision = applied?.revision ?? before.header.revision + 1
            try await checkApplied(ready.plan, from: before, revision)
            known[manifest.owner] = Known(manifest: manifest, secrets: secrets)
            if let former = ready.plan.movedFrom?.text {
                known[former] = nil
                for owner in known.keys where owner != manifest.owner { known[owner]?.isUnsure = true }
            }
            try await noteTransfers(ready.plan, from: before)
        } else if known[manifest.owner]?.isEdited == false {
            known[manifest.owner]?.manifest = manifest
            known[manifest.owner]?.secrets = secrets
        } else {
            // Nothing was sent, so nothing is settled: what was applied last is another manifest.
            known[manifest.owner] = nil
        }
        if let applied, isWhole { try expect(applied.exit == .done, "what is applied is delivered", "\(applied)") }
        if isWhole { try await checkConverged(manifest, secrets) }
    }

    func apply(_ prepared: Pipeline.PreparedApply, _ ready: Ready, to account: some AccountReader & AccountWriter) async throws -> Applied {
        try await Pipeline.apply(prepared, ready.planned, to: account, onLoopback: true, ready.effects)
    }

    /// Whether nothing stands in a plan's way; what does is refused, and nothing is written.
    func isFree(_ ready: Ready) async throws -> Bool {
        guard !ready.plan.conflicts.isEmpty else { return true }
        let before = try await state()
        do {
            _ = try Pipeline.prepare(ready.planned, onLoopback: true, ready.effects)
            throw fail("a plan with conflicts is not prepared", Self.text(ready.plan))
        } catch let refusal as ApplyRefusal { try expect(refusal.exit == .conflict, "a conflict has its exit status", "\(refusal)") }
        try expect(await state() == before, "a plan with conflicts writes nothing")
        return false
    }

    /// Sends operations one by one; what the server refuses is as good as not sent.
    mutating func edit(_ operations: [String]) async throws {
        for operation in operations {
            let before = try await state()
            let body = #"{"format":1,"operations":[\#(before.expanding(operation))]}"#
            do { _ = try await client.commit(Batch(Array(body.utf8)), idempotencyKey: "hand-\(shuffle.next())") } catch {
                guard case .refused(let problem) = (error as? AccountFailure)?.kind, problem.code.status < 500 else {
                    throw fail("a hand edit is done or refused", "\(operation)\n\(error)")
                }
                try expect(await state() == before, "what is refused changes nothing", operation)
                continue
            }
            let after = try await state()
            for held in before.held.values where held.isProtected {
                try expect(after.held[held.id] != nil, "nobody deletes what is protected", "\(held.title)\n\(operation)")
            }
            guard before.header.revision != after.header.revision else { continue }
            let domains = { (state: AccountState) in Dictionary(uniqueKeysWithValues: state.domains.map { ($0.id, $0.value.name) }) }
            let isRenamed = domains(before).contains { id, name in domains(after)[id].map { $0 != name } ?? false }
            for owner in known.keys {
                known[owner]?.isEdited = true
                // A manifest may leave the protection as it is; then it is part of what the plan takes the manifest to want.
                if isRenamed || operation.contains("protected") { known[owner]?.isUnsure = true }
            }
        }
    }

    private mutating func noteTransfers(_ plan: Plan, from before: AccountState) async throws {
        let after = try await state().held
        for held in before.held.values {
            if let owner = held.owner, owner != plan.owner, after[held.id]?.owner == plan.owner { known[owner.text]?.isUnsure = true }
        }
    }

    // MARK: reviews

    private mutating func review(_ manifest: WorldManifest, _ secrets: Int, _ operations: [String], _ fromFile: Bool) async throws {
        let sink = TestSink()
        let reviewed = try await plan(manifest.yaml, secrets: secrets, sink: sink)
        let free = reviewed.plan.conflicts.isEmpty
        let prepared = free ? try Pipeline.prepare(reviewed.planned, onLoopback: true, reviewed.effects) : nil
        let before = try await state()
        try await edit(operations)
        let between = try await state()
        let touched = Touched(before, between, reviewed.plan, reviewed.desired)
        let now = try await plan(manifest.yaml, secrets: secrets, sink: sink)
        let detail = { "reviewed\n\(Self.text(reviewed.plan))now\n\(Self.text(now.plan))touched \(touched.names.sorted())" }
        guard let prepared, prepared.hasOperations else { return }
        do {
            if fromFile {
                let saved = try SavedPlan(SavedPlan(reviewed.plan, server: "s").bytes)
                if case .alreadyApplied = try await Pipeline.check(now.planned, against: .plan(saved), client) {
                    try expect(await state() == between, "what is applied already is not written again", detail())
                    return
                }
                guard try await isFree(now) else { return }
                let again = try Pipeline.prepare(now.planned, onLoopback: true, now.effects)
                _ = try await apply(again, now, to: client)
            } else {
                _ = try await apply(prepared, reviewed, to: client)
            }
        } catch let refusal as ApplyRefusal {
            try expect(!touched.isUnrelated, "an edit of what a plan does not touch leaves it as it was", "\(refusal)\n\(detail())")
            // What was planned again to the same digest may need more consent than before.
            let isRefused = !now.plan.conflicts.isEmpty && refusal.exit == .conflict || !fromFile && refusal.exit == .refused
            let isStale = refusal.exit == .stale || isRefused
            try expect(isStale, "a plan that has moved is stale", "\(refusal)\n\(detail())")
            try expect(await state() == between, "a stale plan writes nothing", detail())
            return
        } catch let failure as AccountFailure {
            // What was edited may be refused for what it is now, before it is refused for being another version.
            guard !fromFile, !touched.isUnrelated, case .refused = failure.kind else { throw failure }
            try expect(await state() == between, "a refused plan writes nothing", "\(failure)\n\(detail())")
            return
        }
        let isMissed = fromFile ? touched.isRelated : touched.isWritten
        try expect(!isMissed, "a plan that has moved is not applied", detail())
        do { try await checkApplied(fromFile ? now.plan : reviewed.plan, from: between, nil) } catch {
            // What was prepared before the edit may have been planned again, to the same digest.
            guard !fromFile, now.plan.digest == reviewed.plan.digest else { throw error }
            try await checkApplied(now.plan, from: between, nil)
        }
        try await noteTransfers(reviewed.plan, from: between)
        known[manifest.owner] = nil
        if let former = reviewed.plan.movedFrom?.text { known[former] = nil }
        if fromFile || touched.isUnrelated { try await checkConverged(manifest, secrets) }
    }
}
