import EmailConnect
import FoundationEssentials
import GRDB

/// The database inside one transaction: statements are prepared once and their values bound by place.
struct Transaction {
    private let db: Database

    init(_ db: Database) { self.db = db }

    /// Does a statement.
    /// - Returns: how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: [RowValue] = []) throws -> Int {
        let statement = try statement(sql, values)
        do {
            try statement.execute()
        } catch let error as DatabaseError
            where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE
            || error.extendedResultCode == .SQLITE_CONSTRAINT_PRIMARYKEY
        {
            throw NotUnique()
        }
        return db.changesCount
    }

    /// The id of the row that was inserted last.
    var lastInsertedID: Int { Int(db.lastInsertedRowID) }

    /// The first row, as `body` reads it.
    func first<T>(_ sql: String, _ values: [RowValue] = [], _ body: (StoredRow) throws -> T) throws -> T? {
        var found: T?
        try each(sql, values) { row in
            found = try body(row)
            return false
        }
        return found
    }

    /// Every row, as `body` takes it; false from `body` stops.
    func each(_ sql: String, _ values: [RowValue] = [], _ body: (StoredRow) throws -> Bool) throws {
        let statement = try statement(sql, values)
        defer { statement.restart() }
        while try statement.step() {
            guard unsafe try body(StoredRow(statement.sqliteStatement)) else { return }
        }
    }

    /// Every row, as `body` reads it.
    func all<T>(_ sql: String, _ values: [RowValue] = [], _ body: (StoredRow) throws -> T) throws -> [T] {
        var found: [T] = []
        try each(sql, values) { row in
            found.append(try body(row))
            return true
        }
        return found
    }

    /// A statement with its values; prepared once.
    private func statement(_ sql: String, _ values: [RowValue]) throws -> Statement {
        let statement = try db.cachedStatement(sql: sql)
        try statement.bind(values)
        return statement
    }
}

/// A statement that would make two resources of one name.
struct NotUnique: Error {}

extension RowValue {
    /// A text, or null.
    init(_ text: String?) { self = text.map(RowValue.text) ?? .null }
}
