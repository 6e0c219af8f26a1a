import EmailConnect
import FoundationEssentials
import Mail

/// What a webhook gets of a message, as JSON. It is made of what was stored when the message came, so every attempt has the same bytes.
struct Payload: Sendable {
    let id: String
    let receivedAt: String
    let domainID: String
    let aliasID: String?
    let aliasName: String?
    let sender: String?
    let recipient: String
    let includesEnvelope: Bool
    let allowsAttachments: Bool

    /// The body for a message.
    /// - Complexity: linear in the message's size.
    func json(of raw: [UInt8]) throws(MailFailure) -> [UInt8] {
        let message = try MailMessage(parsing: raw)
        var json = JSONWriter(reserving: raw.count * 2)
        json.object { json in
            json.member("type", "email.received")
            json.member("id", id)
            json.member("received_at", receivedAt)
            json.object("domain") { json in
                json.member("id", domainID)
                json.member("name", domain)
            }
            if let aliasID, let aliasName {
                json.object("alias") { json in
                    json.member("id", aliasID)
                    json.member("name", aliasName)
                    json.member("address", "\(aliasName)@\(domain)")
                }
            } else {
                json.null("alias")
            }
            json.member("recipient", recipient)
            if includesEnvelope {
                json.object("envelope") { json in
                    json.member("from", sender)
                    json.member("to", [recipient])
                }
            }
            json.object("message") { write(message, to: &$0) }
        }
        return json.bytes
    }

    private var domain: String { recipient.lastIndex(of: "@").map { String(recipient[recipient.index(after: $0)...]) } ?? "" }

    private func write(_ message: MailMessage, to json: inout JSONWriter) {
        json.member("message_id", message.messageID)
        json.member("date", message.date.flatMap { (0...253_402_300_799).contains($0) ? Timestamp(seconds: $0).text : nil })
        json.member("subject", message.subject)
        for (name, list) in [("from", message.from), ("reply_to", message.replyTo), ("to", message.to), ("cc", message.cc)] {
            json.array(name) { json in for address in list { json.object { Self.write(address, to: &$0) } } }
        }
        if let sender = message.sender { json.object("sender") { Self.write(sender, to: &$0) } } else { json.null("sender") }
        json.member("in_reply_to", message.inReplyTo)
        json.member("references", message.references)
        json.array("headers") { json in
            for header in message.headers {
                json.object { json in
                    json.member("name", header.name)
                    json.member("value", header.value)
                }
            }
        }
        json.member("text", message.text)
        json.member("html", message.html)
        if allowsAttachments {
            json.array("attachments") { json in for attachment in message.attachments { json.object { Self.write(attachment, to: &$0) } } }
        }
        json.member("problems", message.problems)
    }

    private static func write(_ address: MailAddress, to json: inout JSONWriter) {
        json.member("name", address.name)
        json.member("address", address.address.description)
    }

    private static func write(_ attachment: MailAttachment, to json: inout JSONWriter) {
        json.member("name", attachment.name)
        json.member("content_type", attachment.contentType)
        json.member("content_id", attachment.contentID)
        json.member("disposition", attachment.disposition.rawValue)
        json.member("size", attachment.bytes.count)
        json.member("content", Data(attachment.bytes).base64EncodedString())
    }
}
