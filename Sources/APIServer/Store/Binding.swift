import EmailConnect
import GRDB
import GRDBSQLite

extension Statement {
    /// Puts values in the places of the statement's marks, by SQLite's own calls: to make GRDB's list of arguments costs more than to
    /// insert a row. There are as many values as marks, which the callers' SQL sees to. https://www.sqlite.org/c3ref/bind_blob.html
    func bind(_ values: [RowValue]) throws {
        // Without arguments it counts as ready, and keeps what is bound from here on.
        setUncheckedArguments(StatementArguments())
        for (place, value) in values.enumerated() {
            let code = unsafe Self.bind(value, at: CInt(place + 1), of: sqliteStatement)
            guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
        }
    }

    private static func bind(_ value: RowValue, at place: CInt, of statement: SQLiteStatement) -> CInt {
        // SQLite copies what it is given: the value may be gone when the statement runs.
        let copies = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch value {
        case .null: return unsafe sqlite3_bind_null(statement, place)
        case .integer(let number): return unsafe sqlite3_bind_int64(statement, place, Int64(number))
        case .text(var text):
            guard !text.isEmpty else { return unsafe sqlite3_bind_text(statement, place, "", 0, copies) }
            return text.withUTF8 { bytes in
                unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                    unsafe sqlite3_bind_text(statement, place, characters.baseAddress, CInt(characters.count), copies)
                }
            }
        case .bytes(let bytes):
            return unsafe bytes.withUnsafeBytes { bytes in
                // No bytes are not null.
                if unsafe bytes.isEmpty { return unsafe sqlite3_bind_zeroblob(statement, place, 0) }
                return unsafe sqlite3_bind_blob(statement, place, bytes.baseAddress, CInt(bytes.count), copies)
            }
        }
    }

    /// Goes to the next row; false when there is none. https://www.sqlite.org/c3ref/step.html
    func step() throws -> Bool {
        switch unsafe sqlite3_step(sqliteStatement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code:
            let message = unsafe sqlite3_errmsg(sqlite3_db_handle(sqliteStatement)).map { unsafe String(cString: $0) }
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message, sql: sql)
        }
    }

    /// Lets go of what it reads.
    func restart() { _ = unsafe sqlite3_reset(sqliteStatement) }
}
