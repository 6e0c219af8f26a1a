import EmailConnect

extension Domain: StoredResource {
    static let query = RecordQuery<Domain>()
    static func any(_ operation: Operation<Domain>) -> AnyOperation { .domain(operation) }
    static var nameColumns: [String] { ["name"] }
    static var required: [String] { ["name"] }

    static func find(_ name: String, account: String, owner: Owner?) throws -> (condition: String, values: [RowValue]) {
        ("t.name = ?", [.text(try DomainName(name).text)])
    }

    static func named(_ value: Domain, seenBy owner: Owner?, in transaction: Transaction) throws -> Domain {
        var copy = value
        copy.webhook = try Drift.reference(value.webhook, seenBy: owner, in: transaction)
        return copy
    }

    static func references(_ stated: Stated<Domain>, in ledger: inout LedgerTransaction) throws -> [(column: String, value: RowValue)] {
        stated.states("webhook") ? [("webhook_id", RowValue(try ledger.webhookID(stated.value.webhook)))] : []
    }
}
