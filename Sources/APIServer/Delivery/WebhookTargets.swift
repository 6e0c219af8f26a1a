public import EmailConnect

/// Where webhooks may lead: anywhere on the Internet, and into the networks that whoever runs the server allows. Held to when a webhook is
/// written, by its host as it is written, and again at each connect, by the addresses that the host has then.
/// https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
public struct WebhookTargets: Equatable, Sendable {
    /// Whether they may lead anywhere at all.
    public var allowsAll = false
    /// Networks that they may lead into beside the Internet.
    public var networks: [IPRange] = []

    /// Anywhere on the Internet, and nowhere else.
    public init() {}

    /// Whether a webhook may be written with this URL.
    func allow(_ url: HTTPURL) -> Bool {
        guard !allowsAll, url.isPrivateTarget else { return true }
        if let bytes = IPAddress.bytes(url.host) { return allow(bytes) }
        // localhost, and names below it.
        return allow([127, 0, 0, 1])
    }

    /// Whether a message may be sent to an address, 4 or 16 bytes.
    func allow(_ address: [UInt8]) -> Bool {
        let address = IPAddress.unmapped(address)
        if allowsAll || networks.contains(where: { $0.contains(address) }) { return true }
        // The eighth of IPv6 that is given out at all. https://www.iana.org/assignments/ipv6-address-space
        guard address.count == 4 || address.first.map({ $0 & 0xE0 == 0x20 }) == true else { return false }
        return !Self.special.contains { $0.contains(address) }
    }

    /// https://www.iana.org/assignments/iana-ipv4-special-registry and its sister for IPv6. What embeds an IPv4 address is no way around.
    static let special: [IPRange] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
        "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    ].compactMap { try? IPRange($0) }
}
