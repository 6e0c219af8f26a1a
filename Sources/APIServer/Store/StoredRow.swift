import GRDB
import GRDBSQLite

/// One row, read by place, straight from the statement that stands on it; valid only while it does.
/// https://www.sqlite.org/c3ref/column_blob.html
@safe struct StoredRow {
    private let statement: SQLiteStatement

    init(_ statement: SQLiteStatement) { unsafe self.statement = statement }

    func text(_ index: Int) -> String {
        guard let start = unsafe sqlite3_column_text(statement, CInt(index)) else { return "" }
        let count = unsafe Int(sqlite3_column_bytes(statement, CInt(index)))
        return unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func optionalText(_ index: Int) -> String? { isNull(index) ? nil : text(index) }

    func integer(_ index: Int) -> Int { unsafe Int(sqlite3_column_int64(statement, CInt(index))) }

    func optionalInteger(_ index: Int) -> Int? { isNull(index) ? nil : integer(index) }

    func boolean(_ index: Int) -> Bool { integer(index) != 0 }

    func bytes(_ index: Int) -> [UInt8] {
        guard let start = unsafe sqlite3_column_blob(statement, CInt(index)) else { return [] }
        let count = unsafe Int(sqlite3_column_bytes(statement, CInt(index)))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    private func isNull(_ index: Int) -> Bool { unsafe sqlite3_column_type(statement, CInt(index)) == SQLITE_NULL }
}
