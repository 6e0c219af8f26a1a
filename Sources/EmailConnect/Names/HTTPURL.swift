/// A webhook's target: http or https, at most 2,048 bytes, no user info, no fragment; scheme and host in lower case.
/// https://www.rfc-editor.org/rfc/rfc3986
public struct HTTPURL: TextValue, Hashable {
    /// The whole URL.
    public let text: String
    /// The host alone, without brackets.
    public let host: String
    /// Whether the scheme is https.
    public let isSecure: Bool

    /// Reads a URL.
    /// - Throws: when it is no http(s) URL; the message never repeats it, since a URL may be a secret.
    public init(_ written: String) throws(Rejection) {
        guard written.utf8.count <= 2048 else { throw Rejection("the URL is longer than 2,048 bytes") }
        guard let colon = written.firstRange(of: "://") else { throw Rejection("not a URL", "write https://host/path") }
        let scheme = written[..<colon.lowerBound].lowercased()
        guard scheme == "https" || scheme == "http" else { throw Rejection("the URL is neither https nor http") }
        let rest = written[colon.upperBound...]
        let end = rest.firstIndex { "/?#\\".contains($0) } ?? rest.endIndex
        let authority = rest[..<end]
        let path = rest[end...]
        guard !authority.contains("@") else {
            throw Rejection("the URL has user info", "give credentials as a header, by reference")
        }
        guard !path.contains("#") else { throw Rejection("the URL has a fragment", "remove # and what follows") }
        guard Self.isPath(path.utf8) else {
            throw Rejection("the URL has a space, a stray % or another character that is not allowed", "percent-encode it")
        }
        let (written, port) = try Self.split(authority)
        let name = try Self.host(written)
        host = name.contains(":") ? String(name.dropFirst().dropLast()) : name
        isSecure = scheme == "https"
        text = "\(scheme)://\(name)\(port)\(path)"
    }

    /// Whether a path and a query hold what they may. https://www.rfc-editor.org/rfc/rfc3986#section-3.3
    private static func isPath(_ bytes: Substring.UTF8View) -> Bool {
        var bytes = bytes
        while let byte = bytes.popFirst() {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: continue
            case UInt8(ascii: "%"):
                guard bytes.count >= 2, bytes.prefix(2).allSatisfy(isHex) else { return false }
                bytes.removeFirst(2)
            default: guard "-._~!$&'()*+,;=:@/?".utf8.contains(byte) else { return false }
            }
        }
        return true
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }

    /// Whether the host is written as this machine or as a private, link-local or loopback address.
    public var isPrivateTarget: Bool {
        if host == "localhost" || host.hasSuffix(".localhost") { return true }
        guard let bytes = IPAddress.bytes(host) else { return false }
        return Self.privateRanges.contains { $0.contains(bytes) }
    }

    /// Whether the host is this machine.
    public var isLoopback: Bool {
        if host == "localhost" { return true }
        guard let bytes = IPAddress.bytes(host).map(IPAddress.unmapped) else { return false }
        return bytes.count == 4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
    }

    /// What it looks like.
    public static var shape: Shape { .text(format: "uri", pattern: "^https?://", length: 9...2048) }

    /// https://www.iana.org/assignments/iana-ipv4-special-registry and its sister for IPv6.
    private static let privateRanges: [IPRange] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "192.0.0.0/24",
        "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4", "::/96", "2002::/16", "ff00::/8",
        "::/128", "::1/128", "64:ff9b::/96", "fc00::/7", "fe80::/10",
    ].compactMap { try? IPRange($0) }

    private static func split(_ authority: Substring) throws(Rejection) -> (host: Substring, port: String) {
        let hostEnd = authority.hasPrefix("[") ? authority.firstIndex(of: "]").map(authority.index(after:)) : nil
        let from = hostEnd ?? authority.startIndex
        guard let colon = authority[from...].firstIndex(of: ":") else { return (authority, "") }
        let digits = authority[authority.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits), port > 0 else {
            throw Rejection("the URL's port is not 1 to 65535")
        }
        return (authority[..<colon], ":\(port)")
    }

    private static func host(_ written: Substring) throws(Rejection) -> String {
        if written.hasPrefix("["), written.hasSuffix("]"), let bytes = IPAddress.bytes(written.dropFirst().dropLast()),
            bytes.count == 16
        {
            return "[\(IPAddress.text(bytes))]"
        }
        if let bytes = IPAddress.bytes(written), bytes.count == 4 { return IPAddress.text(bytes) }
        if written.lowercased() == "localhost" { return "localhost" }
        do throws(Rejection) { return try DomainName(String(written)).text } catch {
            throw Rejection("the URL's host is no domain name", "write https://host/path")
        }
    }
}
