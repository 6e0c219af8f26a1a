/// An e-mail address: a local part, and a domain unless it is a mailbox of the receiving host alone.
/// https://www.rfc-editor.org/rfc/rfc5322#section-3.4.1
public struct AddrSpec: Hashable, Sendable, CustomStringConvertible {
    /// What stands before the `@`, without the quotes that it may have been written in.
    public var localPart: String
    /// What stands behind the `@`, as it was written: a name, or an address in square brackets; empty when there is none.
    public var domain: String

    /// An address of two parts.
    public init(localPart: String, domain: String) {
        self.localPart = localPart
        self.domain = domain
    }

    /// The address as it is written in mail and SMTP; the local part stands in quotes when it must.
    public var description: String {
        let local = isDotAtom ? localPart : quoted
        return domain.isEmpty ? local : "\(local)@\(domain)"
    }

    /// Atoms with single dots between them. https://www.rfc-editor.org/rfc/rfc5322#section-3.2.3
    private var isDotAtom: Bool {
        var previous = UInt8(ascii: ".")
        for byte in localPart.utf8 {
            guard byte == UInt8(ascii: ".") ? previous != byte : byte.isAtomText else { return false }
            previous = byte
        }
        return previous != UInt8(ascii: ".")
    }

    private var quoted: String {
        var text: [UInt8] = [UInt8(ascii: "\"")]
        for byte in localPart.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { text.append(UInt8(ascii: "\\")) }
            text.append(byte)
        }
        return String(decoding: text + [UInt8(ascii: "\"")], as: UTF8.self)
    }
}

/// An address in a header, with the name that stands beside it. https://www.rfc-editor.org/rfc/rfc5322#section-3.4
public struct MailAddress: Hashable, Sendable {
    /// The display name, decoded; empty when there is none.
    public var name: String
    /// The address.
    public var address: AddrSpec

    /// An address with a name.
    public init(name: String = "", address: AddrSpec) {
        self.name = name
        self.address = address
    }
}
