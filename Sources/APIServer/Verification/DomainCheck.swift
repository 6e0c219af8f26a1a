import DNS
import EmailConnect

/// What the domain name system says of the records that a domain needs.
struct DomainCheck: Sendable {
    let records: [DomainVerification.Record]

    /// How many records of others are kept.
    private static let foundLimit = 10
    /// How much of each, in bytes: it is printable ASCII by then.
    private static let lengthLimit = 300

    /// Looks for each of them, all at once.
    init(_ needed: [DNSRecord], _ lookUp: @escaping @Sendable (DNSName, RecordType) async -> [RecordData]?) async {
        records = await withTaskGroup(of: (Int, DomainVerification.Record).self) { group in
            for (index, record) in needed.enumerated() {
                group.addTask {
                    let found: [RecordData]? = if let name = DNSName(record.name) { await lookUp(name, record.lookedFor) } else { [] }
                    return (index, Self.result(record, found))
                }
            }
            var results: [Int: DomainVerification.Record] = [:]
            for await (index, result) in group { results[index] = result }
            return needed.indices.compactMap { results[$0] }
        }
    }

    /// What is known now.
    /// - Parameter before: what was known; it stays so while nobody answers.
    func status(before: DomainVerification.Status) -> DomainVerification.Status {
        if records.contains(where: { $0.result == .missing || $0.result == .different }) { return .failed }
        return records.allSatisfy { $0.result == .found } ? .verified : before
    }

    private static func result(_ record: DNSRecord, _ found: [RecordData]?) -> DomainVerification.Record {
        let shown = (found ?? []).map(\.description).sorted().prefix(foundLimit).map { String($0.prefix(lengthLimit)) }
        let result: DomainVerification.Record.Result =
            if let found { found.isEmpty ? .missing : record.isMet(by: found) ? .found : .different } else { .unanswered }
        return DomainVerification.Record(type: record.type, name: record.name, expected: record.value, found: shown, result: result)
    }
}

extension DNSRecord {
    fileprivate var lookedFor: RecordType {
        switch data {
        case .mx: .mx
        case .txt: .txt
        }
    }

    /// Whether it is there. Mail goes to the hosts that are preferred: the server has to be one of those, whatever the numbers are.
    /// https://www.rfc-editor.org/rfc/rfc5321#section-5.1
    fileprivate func isMet(by found: [RecordData]) -> Bool {
        switch data {
        case .mx(_, let exchange):
            let hosts = found.compactMap { if case .mx(let preference, let host) = $0 { (preference, host) } else { nil } }
            let best = hosts.map(\.0).min()
            return hosts.contains { $0.0 == best && $0.1 == DNSName(exchange.text) }
        case .txt(let text): return found.contains(.txt(Array(text.utf8)))
        }
    }
}
