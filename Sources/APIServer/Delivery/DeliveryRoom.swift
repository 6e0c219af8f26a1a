/// How much may be delivered at the same time, and whose: nobody who is slow keeps others waiting.
struct DeliveryRoom: Sendable {
    /// Attempts at a time.
    static let width = 32
    /// Attempts at a time for one account: a quarter.
    static let accountWidth = width / 4
    /// Attempts at a time for one webhook.
    static let webhookWidth = 2
    /// Bytes of messages at a time; each is in memory several times over.
    static let byteLimit = 64 << 20
    /// Bytes of one account's messages at a time; one message is taken anyway.
    static let accountByteLimit = byteLimit / 2

    /// What an account has under way.
    private struct Share {
        var jobs = 0
        var bytes = 0
    }

    private var jobs = 0
    private var bytes = 0
    private var accounts: [String: Share] = [:]
    private var webhooks: [String: Int] = [:]
    /// Accounts whose next message is too large for now.
    private var waiting: Set<String> = []

    /// What is left beside what is under way.
    init(beside underWay: some Collection<DeliveryJob> = []) { for job in underWay { add(job) } }

    /// Whether nothing is under way.
    var isIdle: Bool { jobs == 0 }
    /// Whether nothing more is taken, of whoever.
    var isFull: Bool { jobs >= Self.width }
    /// Webhooks that have enough to do.
    var busyWebhooks: [String] { webhooks.filter { $0.value >= Self.webhookWidth }.keys.sorted() }
    /// Accounts that have enough to do.
    var busyAccounts: [String] { waiting.union(accounts.filter { hasEnough($0.value) }.keys).sorted() }

    /// An account has no more than is left for others: the places that are left last are for those who have none.
    private func hasEnough(_ share: Share) -> Bool { share.jobs >= min(Self.accountWidth, Self.width - jobs) }

    /// Takes a job in, if there is room for it.
    mutating func enter(_ job: DeliveryJob) -> Bool {
        let share = accounts[job.accountID] ?? Share()
        guard webhooks[job.webhookID, default: 0] < Self.webhookWidth, !waiting.contains(job.accountID), !hasEnough(share) else {
            return false
        }
        guard isIdle || bytes + job.size <= Self.byteLimit, share.jobs == 0 || share.bytes + job.size <= Self.accountByteLimit else {
            waiting.insert(job.accountID)
            return false
        }
        add(job)
        return true
    }

    private mutating func add(_ job: DeliveryJob) {
        jobs += 1
        bytes += job.size
        accounts[job.accountID, default: Share()].jobs += 1
        accounts[job.accountID, default: Share()].bytes += job.size
        webhooks[job.webhookID, default: 0] += 1
    }
}
