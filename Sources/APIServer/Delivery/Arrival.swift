import EmailConnect
import Mail

/// A message on its way in, with its envelope.
struct Arrival: Sendable {
    let raw: [UInt8]
    /// What is read from it.
    let message: MailMessage
    /// The envelope's sender; nil for a message about another message.
    let sender: String?
    /// Each once.
    let recipients: [MailRecipient]
    /// Whether somebody said for whom it is; else its header did, and may name others too.
    let isEnvelope: Bool

    /// The most bytes of an address that are kept. https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1
    static let addressLimit = 320

    /// Reads a message.
    /// - Parameters:
    ///   - from: the envelope's sender; nil for whoever sent it by its header, `<>` for nobody.
    ///   - to: the envelope's recipients, with commas between; nil for those of its header.
    /// - Throws: ``Problem`` when it is too large, or an address is none.
    init(_ raw: [UInt8], from: String?, to: String?) throws(Problem) {
        do throws(MailFailure) { message = try MailMessage(parsing: raw) } catch { throw Problem(.tooLarge, error.description) }
        self.raw = raw
        let sender =
            try from == "<>"
            ? nil : from.map { (text) throws(Problem) in try Self.address(text, "from") } ?? (message.sender ?? message.from.first)?.address
        self.sender = sender.map { $0.description.beginning(bytes: Self.addressLimit) }
        isEnvelope = to != nil
        var seen: Set<MailRecipient> = []
        var recipients: [MailRecipient] = []
        for address in try to.map(Self.addresses) ?? (message.to + message.cc).map(\.address) {
            if let recipient = MailRecipient(address) {
                if seen.insert(recipient).inserted { recipients.append(recipient) }
            } else if to != nil {
                throw Problem(.notFound, "no account has the domain of \(address.description.beginning(bytes: Self.addressLimit))")
            }
        }
        self.recipients = recipients
    }

    /// A message with the envelope that SMTP has told.
    /// - Throws: ``Problem`` when it is too large.
    init(_ raw: [UInt8], sender: String?, recipients: [MailRecipient]) throws(Problem) {
        do throws(MailFailure) { message = try MailMessage(parsing: raw) } catch { throw Problem(.tooLarge, error.description) }
        self.raw = raw
        self.sender = sender.map { $0.beginning(bytes: Self.addressLimit) }
        var seen: Set<MailRecipient> = []
        self.recipients = recipients.filter { seen.insert($0).inserted }
        isEnvelope = true
    }

    private static func addresses(_ list: String) throws(Problem) -> [AddrSpec] {
        var addresses: [AddrSpec] = []
        for text in list.split(separator: ",", omittingEmptySubsequences: false) { addresses.append(try address(String(text), "to")) }
        return addresses
    }

    /// An address as SMTP has it, without the angle brackets. https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2
    private static func address(_ text: String, _ parameter: String) throws(Problem) -> AddrSpec {
        do throws(SMTPPath.Failure) {
            let path = try SMTPPath(parsing: Array("<\(text)>".utf8)[...], allowsUTF8: true)
            if let address = path.address, path.parameters.isEmpty, !address.domain.isEmpty { return address }
        } catch {}
        throw Problem(
            .invalid, "\(parameter) takes an address as in support@acme.example\(parameter == "to" ? ", several with commas between" : "")")
    }
}
