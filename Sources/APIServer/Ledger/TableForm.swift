import EmailConnect

/// What a kind's rows and rules look like, worked out once for all operations of a batch.
struct TableForm<R: StoredResource> {
    /// A field by its row in the table and its name.
    typealias Named = (row: Int, name: String)

    /// The fields that a create has to state.
    let required: [Named]
    /// The fields that are never empty.
    let kept: [Named]
    /// The row of the slug, where that is the name.
    let keyRow: Int?
    /// The fields that stand in the kind's own table under their own name.
    private let ownRows: [Int]
    private var inserts: [[String]: Insert] = [:]

    /// How a row is made.
    struct Insert {
        var sql: String
        /// The fields whose columns follow the common ones.
        var rows: [Int]
    }

    private static var common: [String] { ["id", "account_id", "owner_id", "created_at", "updated_at"] }

    init() {
        let defaults = R()
        let rows: ([String]) -> [Named] = { names in
            names.compactMap { name in R.fields.firstIndex { $0.name == name }.map { (row: $0, name: name) } }
        }
        required = rows(R.required)
        kept = rows((R.required + R.nameColumns).filter { $0 != "token" })
        keyRow = R.nameColumns == ["key"] ? rows(["key"]).first?.row : nil
        ownRows = R.fields.indices.filter { R.hasColumn(R.fields[$0]) && R.fields[$0].column(defaults) != nil }
    }

    /// How a row is made that has these columns for its references, which come last.
    mutating func insert(references: [String]) -> Insert {
        if let known = inserts[references] { return known }
        let rows = ownRows.filter { !references.contains(R.fields[$0].name) }
        let columns = Self.common + rows.map { R.fields[$0].name } + references
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        let made = Insert(sql: "INSERT INTO \(R.kind.table) (\(columns.joined(separator: ", "))) VALUES (\(marks))", rows: rows)
        inserts[references] = made
        return made
    }
}
