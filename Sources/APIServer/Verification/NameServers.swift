import FoundationEssentials
import NIOCore

/// The name servers that this machine asks. https://man7.org/linux/man-pages/man5/resolv.conf.5.html
enum NameServers {
    /// As the resolver's more are not used.
    private static let limit = 3

    /// Those of `/etc/resolv.conf`; this machine itself if it names none.
    static var system: [SocketAddress] {
        let bytes = try? Data(contentsOf: URL(filePath: "/etc/resolv.conf"))
        return read(String(decoding: bytes ?? Data(), as: UTF8.self))
    }

    static func read(_ text: String) -> [SocketAddress] {
        let named = text.split(whereSeparator: \.isNewline).compactMap { line -> SocketAddress? in
            let words = line.split { $0 == " " || $0 == "\t" }
            guard words.count >= 2, words[0] == "nameserver" else { return nil }
            return try? SocketAddress(ipAddress: String(words[1]), port: 53)
        }
        guard named.isEmpty else { return Array(named.prefix(limit)) }
        return (try? SocketAddress(ipAddress: "127.0.0.1", port: 53)).map { [$0] } ?? []
    }
}
