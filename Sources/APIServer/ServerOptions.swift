public import EmailConnect

/// How a server behaves, beside where its data is and who may call.
public struct ServerOptions: Sendable {
    /// Where webhooks may lead.
    public var webhookTargets = WebhookTargets()
    /// Whether accounts and addresses may ask only so often.
    public var limitsRequests = true
    /// Whose word for a client's address is taken, in `X-Forwarded-For`; nobody's if empty.
    public var trustedProxies = IPRanges.anywhere
    /// The names under which it has web pages.
    public var hosts = WebHosts()
    /// The certificate and its key, as PEM files; without them it speaks plain HTTP.
    public var certificate: Certificate?
    /// Where Swagger UI's files are; without them the reference is a plain page.
    public var swaggerFolder: String?
    /// Whether browsers reach it by https.
    public var isSecure = false

    /// A certificate chain and its private key, as PEM files.
    public struct Certificate: Sendable {
        /// The chain, the server's own first.
        public var chain: String
        /// The private key.
        public var key: String

        /// A certificate chain and its private key.
        public init(chain: String, key: String) {
            self.chain = chain
            self.key = key
        }
    }

    /// Where domains' mail has to go, as their DNS says it; the database keeps the last one that was named.
    public var mailHost: DomainName?
    /// A file that answers in place of the domain name system, as ``DNSFile`` reads it.
    public var dnsFile: String?

    /// Where it listens for mail, by SMTP; nowhere if nil.
    public var mailAddress: MailAddress?

    /// An address to listen at.
    public struct MailAddress: Sendable {
        /// The host, as a name or an address.
        public var host: String
        /// The port; 0 lets the system choose.
        public var port: Int

        /// An address to listen at.
        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    /// The certificate with which it offers STARTTLS for mail; without one it does not.
    public var mailCertificate: Certificate?
    /// When a delivery that failed is tried again.
    public var retries = RetrySchedule.standard

    /// The defaults.
    public init() {}
}

/// The names under which a server has web pages. An address is always one: only a name can be made to point elsewhere later.
/// https://en.wikipedia.org/wiki/DNS_rebinding
public struct WebHosts: Sendable {
    private var names: Set<String> = ["localhost"]

    /// The machine's own names.
    public init() {}

    /// The name under which browsers find the server, which a proxy may not pass on.
    private var publicName: String?

    /// Adds the name under which browsers find the server.
    public mutating func insert(public name: String) {
        insert(name)
        publicName = name.lowercased()
    }

    /// Whether a form of this origin is the server's own.
    func isPublic(_ host: String) -> Bool { host.lowercased() == publicName }

    /// Adds a name, with or without a port.
    public mutating func insert(_ name: String) { names.insert(name.lowercased()) }

    /// Whether a request's `Host` is one of them.
    func allow(_ authority: String?) -> Bool {
        guard let authority = authority?.lowercased(), !authority.isEmpty else { return false }
        if names.contains(authority) { return true }
        var host = authority
        if let colon = host.lastIndex(of: ":"), host[host.index(after: colon)...].allSatisfy(\.isNumber) { host = String(host[..<colon]) }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        return names.contains(host) || IPAddress.bytes(host) != nil
    }
}
