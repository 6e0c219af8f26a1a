import EmailConnect
import FoundationEssentials
import GRDB

/// The database: one file, write-ahead log, every commit on disk before it is answered.
/// https://www.sqlite.org/wal.html and https://www.sqlite.org/pragma.html#pragma_synchronous
struct Store: Sendable {
    /// Where the database is.
    let path: String
    private let pool: DatabasePool

    /// Opens or makes the database and brings its schema up to date.
    /// - Throws: ``StoreFailure``.
    init(path: String, random: Randomness) throws(StoreFailure) {
        self.path = path
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
        }
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            let migrator = Migrations.all
            let isForeign = try pool.read { db in
                let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
                return !tables.isEmpty && !tables.contains("grdb_migrations")
            }
            guard !isForeign else {
                throw StoreFailure("\(path) is a database of something else", "name another file; it was left alone")
            }
            let isTooNew = try pool.read { db in try migrator.hasBeenSuperseded(db) }
            guard !isTooNew else { throw StoreFailure("the database was made by a newer version", "install a newer reconcile") }
            try migrator.migrate(pool)
            try pool.write { db in
                if try Int.fetchOne(db, sql: "SELECT count(*) FROM server") == 0 {
                    try db.execute(sql: "INSERT INTO server VALUES (?)", arguments: ["srv_" + random.identifier(16)])
                }
            }
        } catch {
            throw StoreFailure(error, path: path)
        }
    }

    /// Whether a database's schema is the one of this version, without changing it.
    /// - Throws: ``StoreFailure``.
    static func isCurrent(path: String) throws(StoreFailure) -> Bool {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            return try queue.read { db in
                let migrator = Migrations.all
                // A newer schema is not an older one: opening it says so.
                return try migrator.hasBeenSuperseded(db) || migrator.hasCompletedMigrations(db)
            }
        } catch { throw StoreFailure(error, path: path) }
    }

    /// Copies a database as it is now, also while others write to it. https://www.sqlite.org/backup.html
    /// - Throws: ``StoreFailure``.
    static func copy(_ path: String, to copy: String) throws(StoreFailure) {
        var configuration = Configuration()
        configuration.readonly = true
        do {
            try DatabaseQueue(path: path, configuration: configuration).backup(to: DatabaseQueue(path: copy))
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
        try? await pool.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
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
    /// A database error as the API answers it: what can pass by itself is 503, the rest is the server's fault.
    static func problem(_ error: any Error) -> Problem {
        switch (error as? DatabaseError)?.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED: Problem(.unavailable, "the database is busy", retryAfter: 1)
        case .SQLITE_FULL: Problem(.unavailable, "the server's disk is full; nothing was written", retryAfter: 60)
        case .SQLITE_READONLY: Problem(.unavailable, "the server's database may not be written to", retryAfter: 60)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_IOERR: Problem(.internal, "the server's database is damaged; nothing was written")
        default: Problem(.internal, "the server could not answer; its log has the request's id")
        }
    }
}
