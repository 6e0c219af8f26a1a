import EmailConnect

/// The DNS records that a domain needs: one that brings its mail here, and one by which the account that has it is known.
enum DomainNeeds {
    /// Where the second record stands: below the domain, so that it is in nobody's way.
    private static let label = "_emailconnect"
    /// What it says before the token.
    private static let prefix = "emailconnect-verification="

    /// The records, sorted by name and type.
    /// - Parameter mailHost: where the server's mail comes in.
    static func records(of name: String, account: String, mailHost: String) throws(Rejection) -> [DNSRecord] {
        [
            try DNSRecord(name: name, .mx(preference: 10, exchange: try DomainName(mailHost))),
            try DNSRecord(name: place(name), .txt(prefix + token(name, account))),
        ]
    }

    /// The longest names have no room below them.
    private static func place(_ name: String) -> String {
        let below = "\(label).\(name)"
        return below.utf8.count <= 253 ? below : name
    }

    /// The same whenever the account has the domain, and another one for every other account: whoever can publish it has the domain. It is
    /// no secret. 128 bits.
    private static func token(_ name: String, _ account: String) -> String {
        String(Hex.sha256("emailconnect domain \(account) \(name)").prefix(32))
    }
}
