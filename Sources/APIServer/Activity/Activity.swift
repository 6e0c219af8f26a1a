import EmailConnect
import Synchronization

/// What was used of which key, and how often an account asked: gathered in memory, written in batches, apart from any configuration.
final class Activity: Sendable {
    /// One token's use since the last time it was written.
    struct Use: Sendable {
        var requests = 0
        var first: Timestamp
        var last: Timestamp
        /// The address of the last request; nil over a Unix socket.
        var address: String?
        var addresses: [String: Timestamp] = [:]
        var scopes: [Scope: Timestamp] = [:]
    }

    struct Token: Hashable, Sendable {
        var keyID: String
        var prefix: String
    }

    private let uses = Mutex<[Token: Use]>([:])
    private let store: Store
    private let limiter: RateLimiter?
    private let clock: Clock
    /// Addresses that are remembered of a key; the oldest ones go.
    private static let addressLimit = 50

    init(store: Store, limiter: RateLimiter?, clock: Clock) {
        self.store = store
        self.limiter = limiter
        self.clock = clock
    }

    /// Notes a request of a key.
    func note(_ caller: Caller, from address: [UInt8]?) {
        guard let keyID = caller.keyID, let prefix = caller.tokenPrefix else { return }
        let now = clock.now()
        let address = address.map { IPAddress.text($0) }
        uses.withLock { uses in
            var use = uses[Token(keyID: keyID, prefix: prefix)] ?? Use(first: now, last: now)
            use.requests += 1
            use.last = max(use.last, now)
            use.address = address
            if let address { use.addresses[address] = now }
            uses[Token(keyID: keyID, prefix: prefix)] = use
        }
    }

    /// Notes that a request needed some scopes.
    func note(_ caller: Caller, used scopes: some Sequence<Scope>) {
        guard let keyID = caller.keyID, let prefix = caller.tokenPrefix else { return }
        let now = clock.now()
        uses.withLock { uses in
            for scope in scopes { uses[Token(keyID: keyID, prefix: prefix)]?.scopes[scope] = now }
        }
    }

    /// How many tokens have a use that is not written yet.
    var pending: Int { uses.withLock { $0.count } }

    /// Writes what was gathered; what cannot be written is kept for the next time.
    func flush() async {
        let taken = uses.withLock { uses in
            defer { uses = [:] }
            return uses
        }
        let counts = limiter?.takeChanges() ?? [:]
        guard !taken.isEmpty || !counts.isEmpty else { return }
        do {
            try await store.write { transaction in
                for (token, use) in taken.sorted(by: { ($0.key.keyID, $0.key.prefix) < ($1.key.keyID, $1.key.prefix) }) {
                    try Self.write(token, use, in: transaction)
                }
                for (account, count) in counts.sorted(by: { $0.key < $1.key }) { try Self.write(account, count, in: transaction) }
            }
        } catch {
            limiter?.giveBack(counts.keys)
            uses.withLock { uses in for (token, use) in taken { uses[token] = uses[token].map { use.adding($0) } ?? use } }
        }
    }

    private static func write(_ token: Token, _ use: Use, in transaction: Transaction) throws {
        let isThere = try transaction.first("SELECT 1 FROM api_keys WHERE id = ?", [.text(token.keyID)]) { $0.integer(0) } != nil
        guard isThere else { return }
        try transaction.run(
            """
            INSERT INTO key_use (key_id, prefix, requests, first_at, last_at, last_ip) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT DO UPDATE SET requests = requests + ?3, last_at = max(last_at, ?5), last_ip = ?6
            """,
            [
                .text(token.keyID), .text(token.prefix), .integer(use.requests), .text(use.first.text), .text(use.last.text),
                RowValue(use.address),
            ])
        for (table, column, seen) in [
            ("key_scopes", "scope", use.scopes.map { ($0.key.rawValue, $0.value) }),
            ("key_addresses", "address", use.addresses.map { ($0.key, $0.value) }),
        ] {
            for (name, time) in seen.sorted(by: { $0.0 < $1.0 }) {
                try transaction.run(
                    "INSERT INTO \(table) (key_id, \(column), last_at) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET last_at = max(last_at, ?3)",
                    [.text(token.keyID), .text(name), .text(time.text)])
            }
        }
        try transaction.run(
            """
            DELETE FROM key_addresses WHERE key_id = ?1 AND address NOT IN
            (SELECT address FROM key_addresses WHERE key_id = ?1 ORDER BY last_at DESC, address LIMIT \(addressLimit))
            """, [.text(token.keyID)])
    }

    private static func write(_ account: String, _ count: RateLimiter.Count, in transaction: Transaction) throws {
        for window in RequestWindow.allCases {
            try transaction.run(
                """
                INSERT INTO requests (account_id, seconds, started, number) SELECT id, ?2, ?3, ?4 FROM accounts WHERE id = ?1
                ON CONFLICT DO UPDATE SET started = ?3, number = ?4
                """,
                [
                    .text(account), .integer(window.seconds), .integer(count.started[window, default: 0]),
                    .integer(count.number[window, default: 0]),
                ])
        }
    }

    /// How much of their windows the accounts had used when it was written last.
    static func counts(in transaction: Transaction) throws -> [String: RateLimiter.Count] {
        var counts: [String: RateLimiter.Count] = [:]
        try transaction.each("SELECT account_id, seconds, started, number FROM requests") { row in
            if let window = RequestWindow.allCases.first(where: { $0.seconds == row.integer(1) }) {
                counts[row.text(0), default: .init()].started[window] = row.integer(2)
                counts[row.text(0), default: .init()].number[window] = row.integer(3)
            }
            return true
        }
        return counts
    }
}

extension Activity.Use {
    /// This use and a later one.
    fileprivate func adding(_ later: Activity.Use) -> Activity.Use {
        var sum = later
        sum.requests += requests
        sum.first = first
        sum.addresses.merge(addresses) { max($0, $1) }
        sum.scopes.merge(scopes) { max($0, $1) }
        return sum
    }
}
