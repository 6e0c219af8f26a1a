/// A range of addresses, CIDR, in canonical text: `203.0.113.0/24`, `2001:db8::/32`; one address is a range of one.
/// https://www.rfc-editor.org/rfc/rfc4632 and https://www.rfc-editor.org/rfc/rfc5952
public struct IPRange: Hashable, Sendable, Comparable {
    /// The network's bytes, 4 or 16, with all host bits zero.
    public let network: [UInt8]
    /// Bits of the network.
    public let prefix: Int

    /// Reads `address` or `address/bits`.
    /// - Throws: when it is no range, or has host bits set.
    public init(_ written: String) throws(Rejection) {
        let parts = written.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), var address = IPAddress.bytes(parts[0]) else {
            throw Rejection("not an address range", "write 203.0.113.0/24 or 2001:db8::/32")
        }
        var bits = address.count * 8
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(parts[1]), number <= bits
            else { throw Rejection("the number of bits must be 0 to \(bits)") }
            bits = number
        }
        // An IPv4 address inside IPv6 is an IPv4 address, and callers are compared as such.
        let plain = IPAddress.unmapped(address)
        if plain.count < address.count, bits >= 96 {
            address = plain
            bits -= 96
        }
        network = Self.masked(address, bits)
        prefix = bits
        guard network == address else {
            throw Rejection("the address has bits set beyond /\(bits)", "write \(IPAddress.text(network))/\(bits)")
        }
    }

    /// Whether an address, 4 or 16 bytes, lies in the range; an IPv4 address inside IPv6 counts as IPv4.
    public func contains(_ address: [UInt8]) -> Bool {
        let address = IPAddress.unmapped(address)
        return address.count == network.count && Self.masked(address, prefix) == network
    }

    /// Canonical text.
    public var text: String { "\(IPAddress.text(network))/\(prefix)" }

    /// IPv4 first, then by network and prefix.
    public static func < (left: IPRange, right: IPRange) -> Bool {
        if left.network.count != right.network.count { return left.network.count < right.network.count }
        if left.network == right.network { return left.prefix < right.prefix }
        return left.network.lexicographicallyPrecedes(right.network)
    }

    private static func masked(_ bytes: [UInt8], _ bits: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let kept = min(max(bits - index * 8, 0), 8)
            return kept == 0 ? 0 : byte & (0xFF << UInt8(8 - kept))
        }
    }
}

/// IP addresses as text and as bytes.
public enum IPAddress {
    /// 4 or 16 bytes; nil when the text is no address.
    public static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        text.contains(":") ? bytes6(text) : bytes4(text)
    }

    /// An IPv4 address inside IPv6 (`::ffff:a.b.c.d`) as four bytes.
    public static func unmapped(_ bytes: [UInt8]) -> [UInt8] {
        let isMapped = bytes.count == 16 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMapped ? Array(bytes[12...]) : bytes
    }

    /// The text of 4 or 16 bytes; the longest run of zero groups is `::`.
    public static func text(_ bytes: [UInt8]) -> String {
        if bytes.count == 4 { return bytes.map(String.init).joined(separator: ".") }
        let groups = stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        var longest = 0..<0
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start > max(longest.count, 1) { longest = start..<end }
            start = max(end, start + 1)
        }
        let hex = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
        return longest.isEmpty
            ? hex(groups[...]) : hex(groups[..<longest.lowerBound]) + "::" + hex(groups[longest.upperBound...])
    }

    private static func bytes4(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                part.count == 1 || part.first != "0", let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func bytes6(_ text: some StringProtocol) -> [UInt8]? {
        var halves: [[UInt8]] = [[]]
        let groups = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (3...9).contains(groups.count) else { return nil }
        for (index, group) in groups.enumerated() {
            if group.isEmpty {
                // "::" in the middle is one empty group, at an end it is two.
                if index == 0 { if groups[1].isEmpty { continue } else { return nil } }
                if index == groups.count - 1 { if groups[index - 1].isEmpty { continue } else { return nil } }
                guard halves.count == 1 else { return nil }
                halves.append([])
            } else if group.contains(".") {
                guard index == groups.count - 1, let tail = bytes4(group) else { return nil }
                halves[halves.count - 1] += tail
            } else {
                guard group.count <= 4, group.utf8.allSatisfy(isHex), let value = UInt16(group, radix: 16) else { return nil }
                halves[halves.count - 1] += [UInt8(value >> 8), UInt8(value & 0xFF)]
            }
        }
        let count = halves.reduce(0) { $0 + $1.count }
        if halves.count == 1 { return count == 16 ? halves[0] : nil }
        return count < 16 ? halves[0] + Array(repeating: 0, count: 16 - count) + halves[1] : nil
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}

/// Where a key may be used from; an empty list is anywhere.
public struct IPRanges: FieldValue, Hashable {
    /// Sorted, without repetition.
    public let list: [IPRange]

    /// Anywhere.
    public static let anywhere = IPRanges([])

    /// The canonical form of any list.
    public init(_ ranges: some Sequence<IPRange>) { list = Set(ranges).sorted() }

    /// Whether it is anywhere after all: no range, or one that has every address of a family.
    public var includesAll: Bool { list.isEmpty || list.contains { $0.text.hasSuffix("/0") } }

    /// Whether an address may use the key.
    public func allow(_ address: [UInt8]) -> Bool { list.isEmpty || list.contains { $0.contains(address) } }

    /// Reads the value as a manifest has it.
    public init(_ node: Node) throws(Rejection) {
        var ranges: [IPRange] = []
        var rejections: [Rejection] = []
        for (index, item) in try node.items("a list of address ranges").enumerated() {
            let text = try item.text("an address range")
            do throws(Rejection) { ranges.append(try IPRange(text)) } catch {
                rejections.append(Rejection(error.problem, error.remedy, at: item.position, pointer: "/\(index)"))
            }
        }
        if let rejection = Rejection.all(rejections) { throw rejection }
        self.init(ranges)
    }

    /// What it looks like.
    public static var shape: Shape { .list(of: nil) }
    /// Writes the member as the wire has it.
    public func write(_ name: String, to json: inout JSONWriter) { json.member(name, list.map(\.text)) }
    /// How it may be shown.
    public var shown: Shown { .list(list.map(\.text)) }
    /// What a row holds of it.
    public var column: RowValue? { Self.listColumn(list.map(\.text)) }
}
