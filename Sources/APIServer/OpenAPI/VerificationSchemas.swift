import EmailConnect

/// The document's schemas of what the server finds out about domains and webhooks.
extension Components {
    static var verification: [(name: String, schema: Schema, about: String)] {
        [
            ("DnsRecord", .object(dnsRecord), "A record that a domain needs in the DNS."),
            ("DomainVerification", domain, "Whether a domain has its records, as far as the server has looked."),
            ("WebhookVerification", webhook, "What came of a call to a webhook's endpoint."),
        ]
    }

    /// The members of a record.
    static var dnsRecord: [Schema.Member] {
        [
            .init("type", .values(["MX", "TXT"]), "Its type."), .init("name", .text(), "Whose it is, without a dot at the end."),
            .init("priority", .nullable(.integer(0...65535)), "Which of several is preferred, the lowest first; null for TXT."),
            .init("value", .text(), "The host, or the text."),
        ]
    }

    private static var domain: Schema {
        let looked = Schema.object([
            .init("type", .values(["MX", "TXT"]), "Its type."), .init("name", .text(), "Whose it is."),
            .init("expected", .text(), "What it has to say."),
            .init("found", .list(.text()), "What those of its type say, the first ten of them."),
            .init("result", .values(DomainVerification.Record.Result.allCases.map(\.rawValue)), "What came of it."),
        ])
        return .object([
            .init(
                "status", .values(DomainVerification.Status.allCases.map(\.rawValue)),
                "verified when all records are there, failed when one is not; pending while nobody has looked, or nobody answered."),
            .init("checked_at", .nullable(.time), "When the server looked last."),
            .init("records", .list(looked), "Each record as it was then."),
        ])
    }

    private static var webhook: Schema {
        .object([
            .init("verified", .boolean, "Whether the endpoint has answered: now, or before."),
            .init("verified_at", .nullable(.time), "When it did."),
            .init("response_code", .nullable(.integer(100...599)), "The status that it answered."),
            .init("failure", .nullable(.values(DeliveryFailure.allCases.map(\.rawValue))), "Why there was no answer."),
            .init(
                "code_until", .nullable(.time),
                "Until when the code may be sent; null when the endpoint has repeated it, or was not reached."),
        ])
    }
}
