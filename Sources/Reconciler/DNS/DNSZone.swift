public import EmailConnect

/// The records that go into one zone: names relative to it, as its file has them.
public struct DNSZone: Equatable, Sendable {
    /// How long resolvers may keep a record, in seconds.
    static let timeToLive = 3600

    /// The zone.
    public let name: DomainName
    /// Each name below it with its records, in the order in which people count; "" is the zone itself.
    let nodes: [(name: String, records: [DNSRecord])]

    /// The zones of some domains, by name. A domain is its own zone unless one of `cuts` has it; the longest of several does.
    /// - Complexity: O(n log n)
    public static func zones(of domains: [DomainStatus], cuts: [DomainName]) -> [DNSZone] {
        let cuts = Set(cuts.map(\.text))
        var records: [DomainName: [DNSRecord]] = [:]
        for domain in domains { records[zone(of: domain.name, cuts), default: []] += domain.records }
        return records.map { DNSZone($0.key, $0.value) }.sorted { $0.name < $1.name }
    }

    /// Whether two zones have the same records.
    public static func == (left: DNSZone, right: DNSZone) -> Bool {
        left.name == right.name && left.nodes.elementsEqual(right.nodes) { $0.name == $1.name && $0.records == $1.records }
    }

    private init(_ name: DomainName, _ records: [DNSRecord]) {
        self.name = name
        let end = ".\(name.text)"
        let nodes = Dictionary(grouping: records) { $0.name == name.text ? "" : String($0.name.dropLast(end.utf8.count)) }
        self.nodes = nodes.map { node in
            (key: NaturalOrder(node.key), name: node.key, records: node.value.sorted { ($0.type, $0.value) < ($1.type, $1.value) })
        }.sorted { $0.key < $1.key }.map { ($0.name, $0.records) }
    }

    private static func zone(of domain: DomainName, _ cuts: Set<String>) -> DomainName {
        guard !cuts.isEmpty else { return domain }
        var rest = domain.text[...]
        while true {
            if cuts.contains(String(rest)), let zone = try? DomainName(String(rest)) { return zone }
            guard let dot = rest.firstIndex(of: ".") else { return domain }
            rest = rest[rest.index(after: dot)...]
        }
    }
}

/// Texts in the order in which people count, and octoDNS reads: a9 before a10. https://pypi.org/project/natsort/
struct NaturalOrder: Comparable {
    private let parts: [(text: String, number: Int)]

    init(_ text: String) {
        var parts: [(text: String, number: Int)] = []
        var rest = text[...]
        while !rest.isEmpty {
            let word = rest.prefix { !$0.isNumber }
            rest = rest.dropFirst(word.count)
            let digits = rest.prefix { $0.isNumber }
            rest = rest.dropFirst(digits.count)
            parts.append((String(word), digits.isEmpty ? -1 : Int(digits) ?? .max))
        }
        self.parts = parts
    }

    static func == (left: NaturalOrder, right: NaturalOrder) -> Bool { left.parts.elementsEqual(right.parts) { $0 == $1 } }

    static func < (left: NaturalOrder, right: NaturalOrder) -> Bool { left.parts.lexicographicallyPrecedes(right.parts) { $0 < $1 } }
}
