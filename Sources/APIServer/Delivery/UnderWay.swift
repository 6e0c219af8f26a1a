import Synchronization

/// The deliveries that are being made.
final class UnderWay: Sendable {
    /// Attempts at a time.
    private static let width = 8
    /// Attempts at a time for one webhook: a slow one keeps nobody else waiting.
    private static let webhookWidth = 2
    /// Bytes of messages at a time; each is in memory several times over.
    private static let byteLimit = 32 << 20

    private let jobs = Mutex<[Int: DeliveryJob]>([:])

    func add(_ job: DeliveryJob) { jobs.withLock { $0[job.place] = job } }
    func remove(_ job: DeliveryJob) { jobs.withLock { _ = $0.removeValue(forKey: job.place) } }

    /// How much more may be made at the same time.
    var room: DeliveryQueue.Room {
        let jobs = jobs.withLock { Array($0.values) }
        var counts: [String: Int] = [:]
        for job in jobs { counts[job.webhookID, default: 0] += 1 }
        return DeliveryQueue.Room(
            jobs: Self.width - jobs.count, bytes: Self.byteLimit - jobs.reduce(0) { $0 + $1.size }, isIdle: jobs.isEmpty,
            perWebhook: Self.webhookWidth, counts: counts)
    }
}
