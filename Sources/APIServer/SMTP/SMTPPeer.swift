import EmailConnect

/// Who is at the other end, as far as the server knows.
struct SMTPPeer: Sendable {
    /// How a client has greeted.
    struct Greeting: Sendable {
        /// What it calls itself; anything.
        var name: String
        /// By EHLO.
        var isExtended: Bool
    }

    /// Its address.
    let address: String
    /// Whether it may turn to TLS now.
    var offersTLS: Bool
    /// Whether TLS is spoken.
    var isSecure = false

    /// The same one, after it has turned to TLS.
    var secured: SMTPPeer {
        var peer = self
        (peer.offersTLS, peer.isSecure) = (false, true)
        return peer
    }

    /// What ``trace(_:isUTF8:at:)`` has at most, in bytes.
    static let traceLimit = 1024

    /// The line that a message gets on top: who has brought it, how, and when. There is no `for`: it would tell one recipient of the others.
    /// https://www.rfc-editor.org/rfc/rfc5321#section-4.4 and https://www.rfc-editor.org/rfc/rfc3848
    func trace(_ greeting: Greeting, isUTF8: Bool, at time: Timestamp) -> String {
        let name = Self.isName(greeting.name) ? greeting.name : "unknown"
        let host = address.contains(":") ? "IPv6:\(address)" : address
        let with = (isUTF8 ? "UTF8SMTP" : greeting.isExtended ? "ESMTP" : "SMTP") + (isSecure ? "S" : "")
        return "Received: from \(name) ([\(host)]) by reconcile with \(with);\r\n\t\(Self.date(time))\r\n"
    }

    /// A domain's name or an address in brackets, which can do nothing in a header.
    private static func isName(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-.:[]_".utf8.contains(byte)
                }
            }
    }

    /// As in `Thu, 24 Nov 2026 08:00:00 +0000`. https://www.rfc-editor.org/rfc/rfc5322#section-3.3
    private static func date(_ time: Timestamp) -> String {
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = time.text.split { "-T:Z".contains($0) }
        guard parts.count == 6, let month = Int(parts[1]), months.indices.contains(month - 1) else { return time.text }
        let day = days[(time.seconds / 86_400 % 7 + 7) % 7]
        return "\(day), \(parts[2]) \(months[month - 1]) \(parts[0]) \(parts[3]):\(parts[4]):\(parts[5]) +0000"
    }
}
