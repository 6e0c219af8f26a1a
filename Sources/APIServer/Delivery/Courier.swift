import EmailConnect
import Logging

/// Delivers what is due, several at a time, and writes down what came of it.
///
/// At least once: an attempt is taken in the database before it is made, and settled there after it; who is killed in between leaves it to
/// the next start, which makes it after a pause. The webhook tells a repetition by `webhook-id`.
struct Courier: Sendable {
    let store: Store
    let clock: Clock
    let random: Randomness
    let logger: Logger
    var bell: Bell
    let retries: RetrySchedule
    let counts: MailCounts
    /// Makes an attempt.
    let send: @Sendable (Outgoing) async -> Attempt

    /// Delivers until the task is cancelled: what is due by itself, once a second, and what comes in, at once.
    func run() async {
        let (time, retries) = (clock.now(), retries)
        do { try await store.write { try DeliveryQueue.release(at: time, retries, in: $0) } } catch { complain(error) }
        let bell = bell
        await withDiscardingTaskGroup { group in
            group.addTask { await deliver(untilIdle: false) }
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(1))
                bell.ring()
            }
        }
    }

    /// Delivers what is due now, and returns when nothing is any more.
    func deliverDue() async { await deliver(untilIdle: true) }

    private func deliver(untilIdle: Bool) async {
        let underWay = UnderWay()
        var rings = bell.rings().makeAsyncIterator()
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let room = underWay.room
                let taken = await take(room)
                for job in taken.jobs {
                    underWay.add(job)
                    group.addTask {
                        await attempt(job)
                        underWay.remove(job)
                        bell.ring()
                    }
                }
                if taken.isMore { continue }
                // Idle before it looked: what was under way then may have kept more from being taken.
                if untilIdle, room.isIdle, taken.jobs.isEmpty { return }
                await rings.next()
            }
        }
    }

    private func take(_ room: DeliveryRoom) async -> DeliveryQueue.Taken {
        let now = clock.now()
        do {
            guard !room.isFull, try await store.read({ try DeliveryQueue.isDue(at: now, in: $0) }) else { return .init() }
            let taken = try await store.write { try DeliveryQueue.take(room, at: now, in: $0) }
            if taken.givenUp > 0 { counts.note(.failed, taken.givenUp) }
            return taken
        } catch {
            complain(error)
            return .init()
        }
    }

    private func attempt(_ job: DeliveryJob) async {
        let startedAt = clock.now()
        do {
            let content = try await store.read { try job.content(in: $0) }
            guard let content, let outgoing = content.outgoing(at: startedAt) else {
                let time = clock.now()
                try await store.write { try DeliveryQueue.finish(job, .failed, .webhookDeleted, at: time, in: $0) }
                return counts.note(.failed)
            }
            let attempt = await send(outgoing)
            // A server that ends breaks off what is under way: that is no failure of the webhook's.
            if Task.isCancelled, attempt.status == nil {
                let store = store
                return try await Task { try await store.write { try DeliveryQueue.giveBack(job, in: $0) } }.value
            }
            let excerpt =
                if case .success(let answer) = attempt.result { Excerpt.text(answer.body, hiding: content.secrets) } else { nil as String? }
            let settlement = DeliverySettlement(
                job: job, attempt: attempt, excerpt: excerpt, retries: retries, startedAt: startedAt,
                jitter: Double(random.next() >> 11) / 0x1p53,
                id: "dlv_" + random.identifier(16))
            let (store, time) = (store, clock.now())
            // In a task of its own: a cancelled one would not be let into the database, and what was delivered is to be known.
            let end = try await Task { try await store.write { try settlement.write(at: time, in: $0) } }.value
            counts.note(attempt)
            if let end { counts.note(end) }
        } catch { complain(error) }
    }

    /// The delivery stays taken for a while and is due again then.
    private func complain(_ error: any Error) {
        guard !(error is CancellationError) else { return }
        logger.error("a delivery could not be read or written down", metadata: ["error": "\(type(of: error))"])
    }
}
