import EmailConnect

/// What the ledger needs to know of a kind beyond its field table.
protocol StoredResource: Resource {
    /// An operation among those of other kinds.
    static func any(_ operation: Operation<Self>) -> AnyOperation
    /// The kind's rows as JSON.
    static var query: RecordQuery<Self> { get }
    /// The columns of its natural key; the first is free text that a row may be parked under.
    static var nameColumns: [String] { get }
    /// The fields that a create has to state.
    static var required: [String] { get }
    /// Finds a row by its natural key, as an owner says it.
    /// - Throws: `Rejection` when the text is no natural key of the kind.
    static func find(_ name: String, account: String, owner: Owner?) throws -> (condition: String, values: [RowValue])
    /// The columns for what does not stand in the field table's columns: references.
    static func references(_ stated: Stated<Self>, in ledger: inout LedgerTransaction) throws -> [(column: String, value: RowValue)]
    /// The value with references as an owner reads them.
    static func named(_ value: Self, seenBy owner: Owner?, in transaction: Transaction) throws -> Self
    /// Rules over what a request states.
    /// - Throws: `Problem`.
    static func check(_ stated: Stated<Self>, isNew: Bool, in ledger: LedgerTransaction) throws(Problem)
    /// Rules over what a request states of a row that is there.
    /// - Throws: `Problem`.
    static func checkUpdate(_ stated: Stated<Self>, of id: String, _ transfer: Transfer?, in ledger: LedgerTransaction) throws
    /// Writes what stands in other tables, once the row is there.
    /// - Returns: whether that changed anything.
    static func writeDependents(_ stated: Stated<Self>, of id: String, isNew: Bool, in ledger: LedgerTransaction) throws -> Bool
}

extension StoredResource {
    static func named(_ value: Self, seenBy owner: Owner?, in transaction: Transaction) throws -> Self { value }
    static func checkUpdate(_ stated: Stated<Self>, of id: String, _ transfer: Transfer?, in ledger: LedgerTransaction) throws {}
    static func check(_ stated: Stated<Self>, isNew: Bool, in ledger: LedgerTransaction) throws(Problem) {}
    static func references(_ stated: Stated<Self>, in ledger: inout LedgerTransaction) throws -> [(column: String, value: RowValue)] { [] }
    static func writeDependents(_ stated: Stated<Self>, of id: String, isNew: Bool, in ledger: LedgerTransaction) throws -> Bool {
        false
    }

    /// A problem with one field of the request.
    static func invalid(_ field: String, _ detail: String) -> Problem {
        Problem(.invalid, detail, items: [.init(pointer: "/\(field)", code: .invalid, detail: detail)])
    }
}

/// Natural keys that are a slug of an owner.
protocol SlugNamed: StoredResource {}

extension SlugNamed {
    static var nameColumns: [String] { ["key"] }

    static func find(_ name: String, account: String, owner: Owner?) throws -> (condition: String, values: [RowValue]) {
        let parts = name.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let owner = parts.count == 2 ? try Owner(parts[0]) : owner
        guard let owner else {
            throw Rejection("a name without an owner", "a plain request names it by id, or as OWNER#key")
        }
        return (
            "t.key = ? AND t.owner_id = (SELECT id FROM owners WHERE account_id = ? AND name = ?)",
            [.text(try Slug(parts[parts.count - 1]).text), .text(account), .text(owner.text)]
        )
    }
}
