import EmailConnect

extension DomainVerification {
    /// What is known of a domain with this name, on a server with this mail host; nothing of what it was called before.
    static func find(_ id: String, name: String, mailHost: String, in transaction: Transaction) throws -> DomainVerification {
        try transaction.first(
            "SELECT status, checked_at, records FROM domain_verification WHERE domain_id = ? AND name = ? AND mail_host = ?",
            [.text(id), .text(name), .text(mailHost)]
        ) { try DomainVerification(status: $0.text(0), checkedAt: $0.text(1), records: $0.text(2)) } ?? DomainVerification()
    }

    /// A row's three columns.
    init(status: String, checkedAt: String, records: String) throws {
        var json = JSONReader(Array(records.utf8))
        self.init(
            status: Status(rawValue: status) ?? .pending, checkedAt: try Timestamp(checkedAt), records: try Record.list(json.node()))
    }

    /// Writes down what was found, if the domain is still there under the name that was looked for.
    static func note(
        _ check: DomainCheck, of id: String, name: String, mailHost: String, at time: Timestamp, in transaction: Transaction
    ) throws {
        let before = try find(id, name: name, mailHost: mailHost, in: transaction).status
        var json = JSONWriter()
        json.array { json in for record in check.records { record.write(to: &json) } }
        try transaction.run(
            """
            INSERT OR REPLACE INTO domain_verification (domain_id, account_id, name, mail_host, status, checked_at, records)
            SELECT id, account_id, name, ?, ?, ?, ? FROM domains WHERE id = ? AND name = ?
            """,
            [
                .text(mailHost), .text(check.status(before: before).rawValue), .text(time.text), .text(json.text), .text(id), .text(name),
            ])
    }
}

extension DomainStatus {
    /// Writes what is the server's own of a domain into its record.
    static func write(
        _ id: String, name: String, account: String, mailHost: String, in transaction: Transaction, to json: inout JSONWriter
    ) throws {
        let status = DomainStatus(
            id: id, name: try DomainName(name), owner: nil,
            verification: try DomainVerification.find(id, name: name, mailHost: mailHost, in: transaction),
            records: try DomainNeeds.records(of: name, account: account, mailHost: mailHost))
        status.writeMembers(to: &json)
    }
}
