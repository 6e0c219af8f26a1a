import EmailConnect

/// The document's schemas of mail.
extension Components {
    static var mail: [(name: String, schema: Schema, about: String)] {
        [
            ("Email", .object(emailMembers), "What came in for one recipient, and what became of it."),
            (
                "EmailWithDeliveries",
                .object(emailMembers + [.init("deliveries", .list(.named("Delivery")), "Each attempt, in their order.")]),
                "An email with each attempt to deliver it."
            ),
            ("Delivery", delivery, "One attempt to deliver an email."), ("Statistics", statistics, "How much came in."),
        ]
    }

    /// An id with a prefix.
    private static func id(_ prefix: String) -> Schema { .text(pattern: "^\(prefix)_[A-Za-z0-9]{16}$") }

    private static var emailMembers: [Schema.Member] {
        [
            .init("id", id("email"), "Its id."),
            .init("status", .values(EmailStatus.allCases.map(\.rawValue)), "What became of it."),
            .init("reason", .nullable(.values(EmailReason.allCases.map(\.rawValue))), "Why."),
            .init("domain_id", .id(.domain), "The domain that it came for, also when that is deleted since."),
            .init("alias_id", .nullable(.id(.alias)), "The alias that took it; null when none did."),
            .init("webhook_id", .nullable(.id(.webhook)), "Where it goes."),
            .init("sender", .nullable(.text()), "The envelope's sender; null for a message about another message."),
            .init("recipient", .text(), "The envelope's recipient."), .init("from", .text(), "Who wrote it, by its header."),
            .init("to", .text(), "For whom it is, by its header."), .init("subject", .nullable(.text()), "What it is about."),
            .init("message_id", .nullable(.text()), "The header's identifier."),
            .init("size", .integer(0...Schema.largest), "Its size, in bytes."), .init("received_at", .time, "When it came."),
            .init("attempts", .integer(0...Schema.largest), "How often its delivery was tried; a replay begins anew."),
            .init("next_attempt_at", .nullable(.time), "When the next attempt is due."),
            .init("finished_at", .nullable(.time), "When its status was settled."),
            .init("replayable", .boolean, "Whether its content is still kept, so that it can be delivered again."),
        ]
    }

    private static var delivery: Schema {
        .object([
            .init("id", id("dlv"), "Its id."), .init("webhook_id", .id(.webhook), "Where it went."),
            .init("attempt", .integer(1...Schema.largest), "Which attempt it was."), .init("started_at", .time, "When it began."),
            .init("duration_ms", .integer(0...Schema.largest), "How long it took, in milliseconds."),
            .init("delivered", .boolean, "Whether the webhook has it."),
            .init("response_code", .nullable(.integer(100...599)), "The status that was answered."),
            .init("failure", .nullable(.values(DeliveryFailure.allCases.map(\.rawValue))), "Why there was no answer."),
            .init("excerpt", .nullable(.text()), "How the answer's body begins, at most 2 kB; the webhook's secrets are blotted out."),
            .init("next_attempt_at", .nullable(.time), "When the next attempt was due after it."),
        ])
    }

    private static var statistics: Schema {
        let number = Schema.integer(0...Schema.largest)
        let counts =
            [Schema.Member("total", number, "How many in all.")]
            + EmailStatus.allCases.map { .init($0.rawValue, number, "Of which this became.") }
        return .object([
            .init("since", .nullable(.time), "From when; null for the beginning."),
            .init("until", .nullable(.time), "Until when; null for now."), .init("emails", .object(counts), "In all."),
            .init(
                "attempts",
                .object([.init("total", number, "How many."), .init("delivered", number, "How many were taken.")]),
                "Attempts to deliver them."),
            .init("days", .list(.object([.init("date", .text(format: "date"), "The day, UTC.")] + counts)), "The days with mail."),
            .init(
                "domains",
                .list(.object([.init("domain_id", .id(.domain), "The domain."), .init("name", .text(), "Its name then.")] + counts)),
                "The \(MailStatistics.rowLimit) domains with most of it."),
            .init(
                "aliases",
                .list(
                    .object(
                        [
                            .init("alias_id", .id(.alias), "The alias."), .init("address", .text(), "Its address then."),
                            .init("last_received_at", .time, "When it took the last one."),
                        ] + counts)), "The \(MailStatistics.rowLimit) aliases with most of it."),
        ])
    }
}
