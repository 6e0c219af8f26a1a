public import EmailConnect

/// What whoever runs a server does to its database, also while the server runs: accounts, limits, login links, backups.
public struct ServerAdministration: Sendable {
    private let store: Store
    private let clock: Clock
    private let random: Randomness

    /// Opens the database of a server; brings its schema up to date.
    /// - Throws: ``StoreFailure``, also when there is none.
    public init(database path: String, clock: Clock = .system, random: Randomness = .system) throws(StoreFailure) {
        guard case .empty = try Store.condition(path: path) else {
            store = try Store(path: path, random: random)
            self.clock = clock
            self.random = random
            return
        }
        throw StoreFailure("\(path) has no account", "start the server first: reconcile serve --db \(path)")
    }

    /// Every account, the oldest first.
    /// - Throws: ``StoreFailure``.
    public func accounts() async throws(StoreFailure) -> [AccountSummary] { try await read { try Accounts.all(in: $0) } }

    /// Makes an account, which has no key yet.
    /// - Returns: it; nil when there is one of that name.
    /// - Throws: ``StoreFailure``.
    public func addAccount(_ name: String, plan: AccountPlan, limits: [String: Int?]) async throws(StoreFailure) -> AccountSummary? {
        let (time, random) = (clock.now(), random)
        return try await write { transaction in
            let id: String
            do { id = try Accounts.add(name, plan, at: time, random, in: transaction) } catch is NotUnique { return nil }
            try Accounts.set(id, plan: nil, own: limits, in: transaction)
            return try Accounts.all(in: transaction).first { $0.id == id }
        }
    }

    /// Takes an account away that nobody was given a key of.
    /// - Throws: ``StoreFailure``.
    public func removeUnused(_ account: String) async throws(StoreFailure) {
        try await write { transaction in
            try transaction.run("DELETE FROM api_keys WHERE account_id = ?", [.text(account)])
            try transaction.run("DELETE FROM counts WHERE account_id = ?", [.text(account)])
            try transaction.run("DELETE FROM accounts WHERE id = ? AND handed_over = 0", [.text(account)])
        }
    }

    /// Changes an account's plan and own limits.
    /// - Parameter limits: by name, as in ``AccountLimits/names``; nil goes back to the plan's.
    /// - Returns: it; nil when there is none of that name or id.
    /// - Throws: ``StoreFailure``.
    public func setAccount(_ name: String, plan: AccountPlan?, limits: [String: Int?]) async throws(StoreFailure) -> AccountSummary? {
        try await write { transaction in
            guard let id = try Accounts.find(name, in: transaction) else { return nil }
            try Accounts.set(id, plan: plan, own: limits, in: transaction)
            return try Accounts.all(in: transaction).first { $0.id == id }
        }
    }

    /// Makes an account's first key, if it has none that was handed over.
    /// - Throws: ``StoreFailure``.
    public func makeFirstKey(of account: String) async throws(StoreFailure) -> Secret? {
        let (time, random) = (clock.now(), random)
        return try await write { try Accounts.firstKey(of: account, at: time, random, in: $0)?.secret }
    }

    /// Notes that an account's first key has reached whoever runs the server.
    /// - Throws: ``StoreFailure``.
    public func handOver(firstKey key: Secret, of account: String) async throws(StoreFailure) {
        guard let token = Token(key.reveal()) else { return }
        let time = clock.now()
        _ = try await write { try Accounts.handOver(token, of: account, at: time, in: $0) }
    }

    /// Makes a link that logs a browser in once, within a quarter of an hour.
    /// - Returns: the secret part of the link; nil when there is no such account.
    /// - Throws: ``StoreFailure``.
    public func makeLoginLink(_ account: String?) async throws(StoreFailure) -> Secret? {
        let (time, random) = (clock.now(), random)
        return try await write { transaction in
            let id = try account.map { try Accounts.find($0, in: transaction) } ?? Accounts.oldest(in: transaction)
            return try id.map { Secret(try WebSession.makeLink(for: $0, at: time, random, in: transaction)) }
        }
    }

    /// Copies the database as it is now. The copy's accounts have new epochs: a server that is started on it is another one, for
    /// which no plan was made yet.
    /// - Throws: ``StoreFailure``.
    public func backUp(to path: String) throws(StoreFailure) {
        try Store.copy(store.path, to: path)
        let random = random
        try Store.finish(copy: path) { transaction in
            let ids = try transaction.all("SELECT id FROM accounts") { $0.text(0) }
            for id in ids {
                try transaction.run("UPDATE accounts SET epoch = ? WHERE id = ?", [.text(random.hexadecimal(16)), .text(id)])
            }
            // Whoever is logged in here is not logged in there.
            try transaction.run("DELETE FROM web_sessions")
            try transaction.run("DELETE FROM web_links")
        }
    }

    /// Ends the use of the database.
    public func close() async { await store.close() }

    private func read<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws(StoreFailure) -> T {
        do { return try await store.read(body) } catch { throw StoreFailure(error, path: store.path) }
    }

    private func write<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws(StoreFailure) -> T {
        do { return try await store.write(body) } catch { throw StoreFailure(error, path: store.path) }
    }
}
