/// What the server knows of an account's domains and webhooks by itself, apart from their configuration.
public struct AccountStatus: Equatable, Sendable {
    /// Each domain, by name.
    public var domains: [DomainStatus] = []
    /// Each webhook.
    public var webhooks: [WebhookStatus] = []

    /// Nothing.
    public init() {}
}

/// What the server knows of a domain, and wants of its DNS.
public struct DomainStatus: Equatable, Sendable {
    /// Its id.
    public var id: String
    /// Its name.
    public var name: DomainName
    /// Who manages it.
    public var owner: Owner?
    /// Whether it has its records.
    public var verification: DomainVerification
    /// The records that it needs.
    public var records: [DNSRecord]

    /// What the server knows of a domain.
    public init(id: String, name: DomainName, owner: Owner?, verification: DomainVerification, records: [DNSRecord]) {
        self.id = id
        self.name = name
        self.owner = owner
        self.verification = verification
        self.records = records
    }

    /// Writes it as a line of the account's status.
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("kind", Kind.domain.rawValue)
            json.member("id", id)
            json.member("name", name.text)
            json.member("managed_by", owner?.text)
            writeMembers(to: &json)
        }
        json.endLine()
    }

    /// Writes what is the server's own as members of an open object.
    public func writeMembers(to json: inout JSONWriter) {
        verification.write(to: &json)
        json.array("dns_records") { json in for record in records { record.write(to: &json) } }
    }

    /// Reads a line of the account's status, or a domain of the API.
    /// - Throws: when it is none.
    public init(_ node: Node) throws(Rejection) {
        var (id, name, owner) = (nil as String?, nil as DomainName?, nil as Owner?)
        var (verification, records) = (DomainVerification(), [DNSRecord]())
        for member in try node.members("a domain") where !member.value.isNull {
            switch member.key.text {
            case "id": id = try member.value.text()
            case "name": name = try DomainName(member.value.text())
            case "managed_by": owner = try Owner(member.value)
            case "verification": verification = try DomainVerification(member.value)
            case "dns_records": for item in try member.value.items("DNS records") { records.append(try DNSRecord(item)) }
            default: break
            }
        }
        guard let id, let name else { throw Rejection("a domain has no name") }
        guard records.allSatisfy({ $0.name == name.text || $0.name.hasSuffix(".\(name.text)") }) else {
            throw Rejection("the server names DNS records for a domain that are not the domain's")
        }
        guard !records.isEmpty else { throw Rejection("the server does not say which DNS records a domain needs") }
        self.init(id: id, name: name, owner: owner, verification: verification, records: records)
    }
}

/// What the server knows of a webhook.
public struct WebhookStatus: Equatable, Sendable {
    /// Its id.
    public var id: String
    /// Whether its endpoint has answered the verification.
    public var isVerified: Bool
    /// When it did.
    public var verifiedAt: Timestamp?
    /// When the server stopped to call it.
    public var suspendedAt: Timestamp?

    /// What the server knows of a webhook.
    public init(id: String, isVerified: Bool, verifiedAt: Timestamp? = nil, suspendedAt: Timestamp? = nil) {
        self.id = id
        self.isVerified = isVerified
        self.verifiedAt = verifiedAt
        self.suspendedAt = suspendedAt
    }

    /// Writes it as a line of the account's status.
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("kind", Kind.webhook.rawValue)
            json.member("id", id)
            json.member("verified", isVerified)
            json.member("verified_at", verifiedAt?.text)
            json.member("suspended_at", suspendedAt?.text)
        }
        json.endLine()
    }

    init(_ node: Node) throws(Rejection) {
        self.init(id: "", isVerified: false)
        for member in try node.members("a webhook") where !member.value.isNull {
            switch member.key.text {
            case "id": id = try member.value.text()
            case "verified": isVerified = try Bool(member.value)
            case "verified_at": verifiedAt = try Timestamp(member.value)
            case "suspended_at": suspendedAt = try Timestamp(member.value)
            default: break
            }
        }
        guard !id.isEmpty else { throw Rejection("a webhook has no id") }
    }
}

/// Reads an account's status as it streams in: a line a resource, and an end line with their number.
public struct AccountStatusDecoder {
    private var buffer = LineBuffer()
    private var status = AccountStatus()
    private var count = 0
    private var isComplete = false

    /// A decoder for one status.
    public init() {}

    /// Takes the next bytes.
    /// - Throws: when a line is no part of a status.
    /// - Complexity: O(bytes)
    public mutating func feed(_ bytes: some Sequence<UInt8>) throws(Rejection) {
        buffer.append(bytes)
        while let range = buffer.next() { try line(range) }
    }

    /// The status, once its last line has been read.
    /// - Throws: when the end line is missing or counts otherwise.
    public consuming func finish() throws(Rejection) -> AccountStatus {
        guard isComplete, buffer.isEmpty else { throw Rejection(StateDecoder.endsEarly, "run the command again") }
        return status
    }

    private mutating func line(_ range: Range<Int>) throws(Rejection) {
        guard !isComplete else { throw Rejection("something follows the end of the account's status") }
        var json = JSONReader(buffer.bytes, range)
        let node = try json.node()
        try json.finish()
        guard let first = try node.members("a line").first else { throw Rejection("a line of the account's status is empty") }
        switch first.key.text {
        case "end":
            let records = try node.members("a line").first { $0.key.text == "records" }
            guard try records?.value.integer() == count else { throw Rejection(StateDecoder.endsEarly, "run the command again") }
            isComplete = true
            return
        case "error": throw Rejection(try first.value.text(), "run the command again")
        default: break
        }
        count += 1
        switch first.key.text == "kind" ? try first.value.text() : "" {
        case Kind.domain.rawValue: status.domains.append(try DomainStatus(node))
        case Kind.webhook.rawValue: status.webhooks.append(try WebhookStatus(node))
        default: throw Rejection("a line of the account's status has no kind that this version knows")
        }
    }
}
