import EmailConnect
import Mail

/// Whom a message is for, as the account's names have it.
struct MailRecipient: Hashable, Sendable {
    /// The domain's canonical name.
    let domain: DomainName
    /// The alias's name: in lower case, without what stands behind a `+`.
    /// https://www.rfc-editor.org/rfc/rfc5233
    let name: String
    /// The address as it was written, with the domain's canonical name.
    let address: String

    /// nil for an address that no domain of an account can have.
    init?(_ address: AddrSpec) {
        guard !address.localPart.isEmpty, (1...64).contains(address.localPart.utf8.count),
            let domain = try? DomainName(address.domain)
        else { return nil }
        self.domain = domain
        let local = address.localPart.lowercased()
        name = local.firstIndex(of: "+").map { String(local[..<$0]) } ?? local
        self.address = AddrSpec(localPart: address.localPart, domain: domain.text).description
    }

    /// Two spellings of one address are one recipient.
    static func == (left: MailRecipient, right: MailRecipient) -> Bool { left.folded == right.folded }
    /// Feeds the hash.
    func hash(into hasher: inout Hasher) { hasher.combine(folded) }

    private var folded: String { address.lowercased() }
}
