import EmailConnect

/// What the server knows by itself of the mail of its resources.
enum MailCounters {
    /// Writes how much a domain or an alias has taken, and when last.
    static func write(of id: String, in kind: String, _ transaction: Transaction, to json: inout JSONWriter) throws {
        let found = try transaction.first(
            "SELECT received, last_received_at FROM \(kind)_mail WHERE \(kind)_id = ?", [.text(id)]
        ) { ($0.integer(0), $0.text(1)) }
        json.member("received", found?.0 ?? 0)
        json.member("last_received_at", found?.1)
    }

    /// Writes how a webhook has done.
    static func writeHealth(of id: String, _ transaction: Transaction, to json: inout JSONWriter) throws {
        let found = try transaction.first(
            "SELECT failures, last_delivered_at, last_failed_at FROM webhook_health WHERE webhook_id = ?", [.text(id)]
        ) { ($0.integer(0), $0.optionalText(1), $0.optionalText(2)) }
        json.member("failures", found?.0 ?? 0)
        json.member("last_delivered_at", found?.1)
        json.member("last_failed_at", found?.2)
    }
}
