import ArgumentParser
import EmailConnect
import EmailConnectClient
import Reconciler

/// What apply and destroy have in common: plan, hold it to its review, ask, write, report.
struct Applying {
    var command: String
    var account: AccountOptions
    var format: OutputFormat
    var autoApprove: Bool
    var review: Review?
    var run: Run
    let session: Session

    /// Plans what is wanted and makes it so.
    func apply(_ desired: DesiredState, file: String) async throws {
        try await apply(desired, file: file) { client in
            try await Pipeline.plan(desired, file: file, run: run, from: client, session.effects)
        }
    }

    /// Makes a plan and does what it says.
    func apply(
        _ desired: DesiredState, file: String, _ plan: (any AccountReader & AccountWriter) async throws -> Pipeline.Planned
    ) async throws {
        let status = try await session.withAccount(account, desired, beside: file, writes: true) { client, name in
            let planned = try await session.timed("planned") { try await plan(client) }
            session.show(planned.diagnostics, [:])
            if format == .text { try session.write(PlanText(session.style, width: session.width).render(planned.plan, server: name)) }
            return try await apply(planned, client, name)
        }
        try session.exit(status)
    }

    private func apply(_ planned: Pipeline.Planned, _ client: any AccountReader & AccountWriter, _ name: String) async throws -> ExitStatus
    {
        func report(_ applied: Applied?, _ status: ExitStatus, already: ApplyRecord? = nil) throws -> ExitStatus {
            if format == .json {
                do {
                    try session.writeJSON(
                        PlanJSON.render(
                            planned.plan, server: name, command: command, applied: applied, already: already, errors: session.errors,
                            exit: status))
                } catch {
                    if let applied { session.fail("and yet it was applied as revision \(applied.revision)", "") }
                    throw error
                }
            }
            return status
        }
        do {
            var planned = planned
            if let review, case .alreadyApplied(let record) = try await Pipeline.check(planned, against: review, client) {
                if format == .text { try session.write("Already applied as revision \(record.revision).\n") }
                // The approval that made a key holds until its token is where it belongs.
                planned = planned.deliveriesOnly
                if planned.plan.isEmpty { return try report(nil, .done, already: record) }
            }
            let isLoopback = session.isLoopback(account)
            let prepared = try Pipeline.prepare(planned, onLoopback: isLoopback, session.effects)
            if !prepared.hasOperations, format == .text { try session.write("Nothing to apply.\n") }
            guard prepared.isWorthSending else { return try report(nil, .done) }
            if let estimate = await Pipeline.estimate(prepared, for: client) {
                session.note("\(estimate.text). Each is a call of its own: stopped half-way, apply goes on with the rest.")
            }
            let isApproved = autoApprove || review != nil || !prepared.hasOperations
            guard try isApproved || session.confirm("Apply this plan? Only yes applies it: ") else {
                session.note("Nothing was applied.")
                return .failed
            }
            let applied = try await session.timed("applied") {
                try await session.interruption.whileWriting {
                    try await Pipeline.apply(prepared, planned, to: client, onLoopback: isLoopback, session.effects)
                }
            }
            if !prepared.hasOperations { return try report(nil, .done) }
            if format == .text { try session.write(AppliedText.render(applied, planned.plan)) }
            if let rest = applied.rest { session.fail(rest.problem, rest.remedy) }
            return try report(applied, applied.exit)
        } catch let refusal as ApplyRefusal {
            for problem in refusal.problems.dropLast() { session.fail(problem, "") }
            if let last = refusal.problems.last { session.fail(last, refusal.remedy) }
            return try report(nil, refusal.exit)
        } catch let failure as AccountFailure {
            session.fail(failure)
            let isKnown = failure.kind != .unknown
            return try report(nil, session.interruption.isRequested && isKnown ? .interrupted : failure.exit)
        } catch is CancellationError {
            return try report(nil, .interrupted)
        }
    }
}
