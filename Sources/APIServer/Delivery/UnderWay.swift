import Synchronization

/// The deliveries that are being made.
final class UnderWay: Sendable {
    private let jobs = Mutex<[Int: DeliveryJob]>([:])

    func add(_ job: DeliveryJob) { jobs.withLock { $0[job.place] = job } }
    func remove(_ job: DeliveryJob) { jobs.withLock { _ = $0.removeValue(forKey: job.place) } }

    /// How much more may be made at the same time.
    var room: DeliveryRoom { DeliveryRoom(beside: jobs.withLock { Array($0.values) }) }
}
