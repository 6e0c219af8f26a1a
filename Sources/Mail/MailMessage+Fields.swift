extension MailMessage {
    /// What a reader has found.
    init(_ reader: borrowing MessageReader) {
        var problems = reader.problems
        var decoder = TextDecoder()
        let fields = reader.fields
        headers = fields.list.map { field in
            MailHeader(
                name: String(decoding: fields.bytes[field.name], as: UTF8.self),
                value: HeaderText.decode(fields.bytes[field.value], &decoder, &problems))
        }
        if let raw = fields.first("from", &problems) { from = AddressReader.addresses(raw, &decoder, &problems) }
        sender = fields.first("sender", &problems).flatMap { AddressReader.addresses($0, &decoder, &problems).first }
        if let raw = fields.first("reply-to", &problems) { replyTo = AddressReader.addresses(raw, &decoder, &problems) }
        // Several fields with recipients are an obsolete form. https://www.rfc-editor.org/rfc/rfc5322#section-4.5.3
        to = fields.all("to").flatMap { AddressReader.addresses($0, &decoder, &problems) }
        cc = fields.all("cc").flatMap { AddressReader.addresses($0, &decoder, &problems) }
        subject = fields.first("subject", &problems).map { HeaderText.decode($0, &decoder, &problems) }
        if let raw = fields.first("date", &problems) {
            date = MailDate.seconds(raw)
            if date == nil { problems.add("a date that cannot be read") }
        }
        messageID = fields.first("message-id", &problems).flatMap { MessageIDs.first(in: $0, &decoder, &problems) }
        if let raw = fields.first("in-reply-to", &problems) { inReplyTo = MessageIDs.all(in: raw, &decoder, &problems) }
        if let raw = fields.first("references", &problems) { references = MessageIDs.all(in: raw, &decoder, &problems) }
        text = reader.content.text
        html = reader.content.html
        attachments = reader.content.attachments
        self.problems = problems.list
    }
}
