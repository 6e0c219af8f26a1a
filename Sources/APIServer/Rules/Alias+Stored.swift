import EmailConnect

extension Alias: StoredResource {
    static let query = RecordQuery<Alias>()
    static func any(_ operation: Operation<Alias>) -> AnyOperation { .alias(operation) }
    static var nameColumns: [String] { ["name", "domain"] }
    static var required: [String] { ["domain", "name"] }

    static func find(_ name: String, account: String, owner: Owner?) throws -> (condition: String, values: [RowValue]) {
        let address = try Address(name)
        return (
            "t.domain_id = (SELECT id FROM domains WHERE account_id = ? AND name = ?) AND t.name = ?",
            [.text(account), .text(address.domain.text), .text(address.local.text)]
        )
    }

    static func named(_ value: Alias, seenBy owner: Owner?, in transaction: Transaction) throws -> Alias {
        var copy = value
        copy.webhook = try Drift.reference(value.webhook, seenBy: owner, in: transaction)
        return copy
    }

    private static let rows = (webhook: row(wire: "webhook") ?? 0, domain: row(wire: "domain") ?? 0)

    static func references(_ stated: Stated<Alias>, in ledger: inout LedgerTransaction) throws -> [(column: String, value: RowValue)] {
        var columns: [(column: String, value: RowValue)] = []
        if stated.states(rows.webhook) { columns.append(("webhook_id", RowValue(try ledger.webhookID(stated.value.webhook)))) }
        if stated.states(rows.domain), let domain = stated.value.domain {
            columns.append(("domain_id", .text(try ledger.domainID(domain))))
        }
        return columns
    }
}
