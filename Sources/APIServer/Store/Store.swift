import EmailConnect
import FoundationEssentials
import GRDB

/// The database: one file, write-ahead log, every commit on disk before it is answered.
/// https://www.sqlite.org/wal.html and https://www.sqlite.org/pragma.html#pragma_synchronous
struct Store: Sendable {
    /// Where the database is.
    let path: String
    private let pool: DatabasePool
    private let isReadOnly: Bool

    /// Opens or makes the database and brings its schema up to date.
    /// - Throws: ``StoreFailure``.
    init(path: String, random: Randomness) throws(StoreFailure) {
        self.path = path
        isReadOnly = false
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            // Opening a pool sets NORMAL, which syncs at checkpoints only: a power cut would take back what was answered.
            try pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
                // Room for what a large batch touches, in KiB; what does not fit is written out before its time, and read again.
                try db.execute(sql: "PRAGMA cache_size = -32768")
            }
            let migrator = Migrations.all
            let isForeign = try pool.read { db in
                let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
                return !tables.isEmpty && !tables.contains("grdb_migrations")
            }
            guard !isForeign else { throw StoreFailure.foreign(path) }
            guard try pool.read({ try !migrator.hasBeenSuperseded($0) }) else { throw StoreFailure.tooNew }
            try migrator.migrate(pool)
            try pool.write { db in
                if try Int.fetchOne(db, sql: "SELECT count(*) FROM server") == 0 {
                    try db.execute(sql: "INSERT INTO server (id) VALUES (?)", arguments: ["srv_" + random.identifier(16)])
                }
            }
        } catch {
            throw StoreFailure(error, path: path)
        }
    }

    /// Opens a database of this version for reading only; not a byte of it changes.
    /// - Throws: ``StoreFailure``.
    init(reading path: String) throws(StoreFailure) {
        self.path = path
        isReadOnly = true
        do { pool = try DatabasePool(path: path, configuration: Self.reading) } catch { throw StoreFailure(error, path: path) }
    }

    private static var reading: Configuration {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        return configuration
    }

    /// What can be done with a database, found out without changing it.
    enum Condition {
        /// Its schema is the one of this version.
        case current
        /// It has an older schema.
        case older
        /// Nobody has got as far as to make an account in it.
        case empty
    }

    /// What can be done with a database, found out without changing it.
    /// - Throws: ``StoreFailure``.
    static func condition(path: String) throws(StoreFailure) -> Condition {
        do {
            return try DatabaseQueue(path: path, configuration: reading).read { db in
                let migrator = Migrations.all
                let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
                guard tables.isEmpty || tables.contains("grdb_migrations") else { throw StoreFailure.foreign(path) }
                guard try !migrator.hasBeenSuperseded(db) else { throw StoreFailure.tooNew }
                guard tables.contains("server"), tables.contains("accounts") else { return .empty }
                let isMade = try Int.fetchOne(db, sql: "SELECT min((SELECT count(*) FROM server), (SELECT count(*) FROM accounts))")
                guard isMade ?? 0 > 0 else { return .empty }
                return try migrator.hasCompletedMigrations(db) ? .current : .older
            }
        } catch { throw StoreFailure(error, path: path) }
    }

    /// Copies a database as it is now, also while others write to it. https://www.sqlite.org/backup.html
    /// - Throws: ``StoreFailure``.
    static func copy(_ path: String, to copy: String) throws(StoreFailure) {
        let target: DatabaseQueue
        do { target = try DatabaseQueue(path: copy) } catch { throw StoreFailure(error, path: copy) }
        do { try DatabaseQueue(path: path, configuration: reading).backup(to: target) } catch {
            // Which of the two it was, SQLite does not say: what can be read is not at fault.
            let isReadable = (try? DatabaseQueue(path: path, configuration: reading)) != nil
            throw StoreFailure(error, path: isReadable ? copy : path)
        }
    }

    /// Changes a copy that nobody else uses, and makes it one file, without a log beside it, on disk.
    /// - Throws: ``StoreFailure``.
    static func finish(copy path: String, _ body: @escaping (Transaction) throws -> Void) throws(StoreFailure) {
        do {
            let queue = try DatabaseQueue(path: path)
            try queue.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
                try db.inTransaction {
                    try body(Transaction(db))
                    return .commit
                }
                try db.execute(sql: "PRAGMA journal_mode = DELETE")
            }
            try queue.close()
        } catch { throw StoreFailure(error, path: path) }
    }

    /// One transaction that writes; what `body` throws takes everything back.
    func write<T: Sendable>(_ body: @Sendable @escaping (Transaction) throws -> T) async throws -> T {
        try await pool.write { db in try body(Transaction(db)) }
    }

    /// One consistent read.
    func read<T: Sendable>(_ body: @Sendable @escaping (Transaction) throws -> T) async throws -> T {
        try await pool.read { db in try body(Transaction(db)) }
    }

    /// A view of the database as it is now, for a read in several steps.
    func snapshot() throws -> Snapshot { Snapshot(try pool.makeSnapshot()) }

    /// Writes what is in the log into the file; nothing is lost if it cannot be done.
    func close() async {
        if !isReadOnly { try? await pool.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) } }
        try? pool.close()
    }
}

/// A view of the database that does not move.
struct Snapshot: Sendable {
    private let snapshot: DatabaseSnapshot

    init(_ snapshot: DatabaseSnapshot) { self.snapshot = snapshot }

    func read<T: Sendable>(_ body: @Sendable @escaping (Transaction) throws -> T) async throws -> T {
        try await snapshot.read { db in try body(Transaction(db)) }
    }
}

/// Why the database cannot be used.
public struct StoreFailure: Error, Sendable {
    /// What is wrong.
    public let problem: String
    /// What to do about it.
    public let remedy: String

    init(_ problem: String, _ remedy: String) {
        self.problem = problem
        self.remedy = remedy
    }

    static func foreign(_ path: String) -> StoreFailure {
        StoreFailure("\(path) is a database of something else", "name another file; it was left alone")
    }

    static let tooNew = StoreFailure("the database was made by a newer version", "install a newer reconcile")

    init(_ error: any Error, path: String) {
        if let failure = error as? StoreFailure {
            self = failure
            return
        }
        // https://www.sqlite.org/rescode.html
        switch (error as? DatabaseError)?.resultCode {
        case .SQLITE_CANTOPEN: self.init("cannot open \(path)", "check that its folder exists and may be written to")
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            self.init("\(path) is damaged, or no database of the server", "restore a backup, or name another file")
        case .SQLITE_READONLY, .SQLITE_PERM: self.init("\(path) may not be written to", "check its permissions")
        case .SQLITE_FULL, .SQLITE_IOERR: self.init("the disk of \(path) is full or failing", "make room and run again")
        case .SQLITE_BUSY, .SQLITE_LOCKED: self.init("\(path) is in use by another process", "wait for it, or stop it")
        default: self.init("cannot use \(path)", "check that it is a database of the server")
        }
    }
}

extension StoreFailure {
    /// Whether an error is the database's.
    static func isOfDatabase(_ error: any Error) -> Bool { error is DatabaseError }

    /// A database error as the API answers it: what can pass by itself is 503, the rest is the server's fault.
    static func problem(_ error: any Error) -> Problem {
        switch (error as? DatabaseError)?.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED: Problem(.unavailable, "the database is busy", retryAfter: 1)
        case .SQLITE_FULL: Problem(.storage, "the server's disk is full; nothing was written")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN:
            Problem(.storage, "the server's database may not be written to; nothing was written")
        case .SQLITE_IOERR: Problem(.storage, "the server's disk is failing")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: Problem(.damaged, "the server's database is damaged; nothing was written")
        default: Problem(.internal, "the server could not answer; its log has the request's id")
        }
    }
}
