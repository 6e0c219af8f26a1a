import EmailConnect

/// What became of an apply.
public struct Applied: Equatable, Sendable {
    /// The account's revision now.
    public var revision: Int
    /// Keys whose tokens reached their sinks.
    public var delivered: [String]
    /// Keys whose tokens did not, and why; the next run issues them again.
    public var undelivered: [Undelivered]

    /// A token that did not reach its sink, or whose delivery was not acknowledged.
    public struct Undelivered: Equatable, Sendable {
        /// The key in the manifest.
        public var key: String
        /// What went wrong.
        public var problem: String
    }

    /// How the command ends.
    public var exit: ExitStatus { undelivered.isEmpty ? .done : .partly }
}

/// Does what a plan says: one batch, then the sinks, then the acknowledgements.
struct Applier {
    let writer: any AccountWriter
    let effects: Effects
    let folder: String

    /// - Throws: when the batch was refused, or nobody knows whether it was done.
    func apply(_ prepared: PreparedBatch, basedOn plan: Plan) async throws(AccountFailure) -> Applied {
        let digest = plan.digest.text
        let basis = "\(plan.header.accountID) \(plan.header.epoch) \(plan.header.revision) \(digest)"
        let answer = try await writer.commit(prepared.batch, idempotencyKey: Hex.sha256(basis))
        var applied = Applied(revision: answer.revision, delivered: [], undelivered: [])
        for delivery in prepared.deliveries {
            let key = delivery.key.text
            guard let id = answer.results.first(where: { $0.index == delivery.index })?.id else {
                applied.undelivered.append(.init(key: key, problem: "the server did not name it"))
                continue
            }
            do {
                switch delivery.sink {
                case .file(let path): try effects.writeSecret(Paths.join(folder, path), delivery.token.secret)
                }
                try await writer.acknowledge(key: id, prefix: delivery.token.hash.prefix)
                applied.delivered.append("api key \(key) to \(Escaped.line(delivery.sink.label))")
            } catch let failure as FileFailure {
                applied.undelivered.append(.init(key: key, problem: failure.problem))
            } catch let failure as AccountFailure {
                applied.undelivered.append(
                    .init(key: key, problem: "it is in its \(delivery.sink.label), but was not acknowledged: \(failure.problem)"))
            } catch {
                applied.undelivered.append(.init(key: key, problem: "it could not be delivered"))
            }
        }
        return applied
    }
}
