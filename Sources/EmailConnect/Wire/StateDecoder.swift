/// Reads a state as it streams in: a header line, a line a record, an end line with their number.
public struct StateDecoder {
    private let viewer: Viewer
    private var buffer: [UInt8] = []
    private var state: AccountState?
    private var count = 0
    private var isComplete = false
    private var webhooks: [String: WebhookReference] = [:]
    private var lastOwner: (text: String, owner: Owner)?
    private var renamed: (from: Owner, to: Owner)?
    private var lastDomain: DomainReference?

    /// What is wrong with a state whose last line is missing: it may be whole the next time.
    public static let endsEarly = "the account's state ends early"

    /// A decoder for one state, with references as `viewer` sees them.
    public init(seenBy viewer: Viewer) { self.viewer = viewer }

    /// A decoder for one state, with references as an owner sees them.
    public init(seenBy owner: Owner?) { self.init(seenBy: Viewer(owner)) }

    /// Takes the next bytes.
    /// - Throws: when a line is no part of a state.
    /// - Complexity: O(bytes)
    public mutating func feed(_ bytes: some Sequence<UInt8>) throws(Rejection) {
        buffer.append(contentsOf: bytes)
        var start = 0
        while let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
            try line(start..<end)
            start = end + 1
        }
        buffer.removeFirst(start)
    }

    /// The state, once its last line has been read.
    /// - Throws: when the end line is missing or counts other records.
    public consuming func finish() throws(Rejection) -> AccountState {
        guard let state, isComplete, buffer.isEmpty else {
            throw Rejection(Self.endsEarly, "nothing was planned; run the command again")
        }
        return state
    }

    private mutating func line(_ range: Range<Int>) throws(Rejection) {
        guard !isComplete else { throw Rejection("something follows the end of the account's state") }
        var json = JSONReader(buffer, range)
        guard state != nil else {
            let header = try StateHeader(&json)
            if let formerly = viewer.formerly, let owner = viewer.owner {
                let known = Set(header.owners.map(\.name))
                if known.contains(formerly), !known.contains(owner) { renamed = (formerly, owner) }
            }
            state = AccountState(header)
            state?.movedFrom = renamed?.from
            return
        }
        let (first, value) = try json.firstMember()
        if first == "end" { return try end(range) }
        if first == "error" { throw Rejection(try value.text(), "nothing was planned") }
        let word = first == "kind" ? try value.text() : ""
        count += 1
        if word == LostRecord.word {
            let record = try lost(range)
            state?.lost.append(record)
            return
        }
        guard let kind = Kind(rawValue: word) else {
            throw Rejection("a line of the account's state has no kind that this version knows")
        }
        // The kind comes first, so that the rest is read straight into its type.
        switch kind {
        case .webhook:
            let (record, _) = try record(Webhook.self, range)
            webhooks[record.id] = WebhookReference(id: record.id, key: record.value.key, owner: record.owner, seenBy: viewer.owner)
            state?.webhooks.append(record)
        case .domain:
            var (record, _) = try record(Domain.self, range)
            record.value.webhook = resolved(record.value.webhook)
            state?.domains.append(record)
        case .alias:
            var (record, _) = try record(Alias.self, range)
            record.value.webhook = resolved(record.value.webhook)
            if record.value.domain == lastDomain { record.value.domain = lastDomain } else { lastDomain = record.value.domain }
            state?.aliases.append(record)
        case .apiKey:
            let (record, draft) = try record(APIKey.self, range)
            state?.tokens[record.id] = draft.tokens
            state?.revoked[record.id] = draft.revoked
            state?.apiKeys.append(record)
        }
    }

    private mutating func end(_ range: Range<Int>) throws(Rejection) {
        var numbers: [String: Int] = [:]
        var json = JSONReader(buffer, range)
        try json.object { json, name throws(Rejection) in
            let node = try json.node()
            if name == "records" || name == "revision" { numbers[name] = try node.integer() }
        }
        try json.finish()
        guard numbers["records"] == count, numbers["revision"] == state?.header.revision else {
            throw Rejection("the account's state is incomplete", "nothing was planned; run the command again")
        }
        isComplete = true
    }

    private mutating func record<R: Resource>(_: R.Type, _ range: Range<Int>) throws(Rejection) -> (Record<R>, RecordDraft) {
        let (draft, value) = try RecordDraft.read(R.self, buffer, range)
        guard let id = draft.id, let version = draft.version else {
            throw Rejection("a record of the account's state has no id or version")
        }
        return (
            Record(id: id, version: version, owner: try intern(draft.owner), value: value, applied: draft.applied), draft
        )
    }

    private mutating func lost(_ range: Range<Int>) throws(Rejection) -> LostRecord {
        var texts: [String: String] = [:]
        var json = JSONReader(buffer, range)
        try json.object { json, name throws(Rejection) in texts[name] = try json.node().text() }
        try json.finish()
        guard let kind = texts["of"].flatMap(Kind.init), let id = texts["id"], let name = texts["name"],
            let owner = try intern(texts["managed_by"]), let applied = texts["applied"]
        else { throw Rejection("a line of the account's state says of something lost not what it was") }
        return LostRecord(kind: kind, id: id, name: name, owner: owner, applied: applied)
    }

    /// One owner's text is held once, not once a record.
    private mutating func intern(_ text: String?) throws(Rejection) -> Owner? {
        guard let text else { return nil }
        if let lastOwner, lastOwner.text == text { return lastOwner.owner }
        let written = try Owner(text)
        let owner = renamed?.from == written ? renamed?.to ?? written : written
        lastOwner = (text, owner)
        return owner
    }

    private func resolved(_ reference: WebhookReference?) -> WebhookReference? {
        guard case .id(let id) = reference else { return reference }
        return webhooks[id] ?? reference
    }
}

/// What every record has beside its kind's fields.
struct RecordDraft {
    var id: String?
    var version: Int?
    var owner: String?
    var tokens: [TokenRecord] = []
    var applied: String?
    var revoked: Timestamp?

    /// Reads a record's object.
    static func read<R: Resource>(_: R.Type, _ bytes: [UInt8], _ range: Range<Int>) throws(Rejection) -> (RecordDraft, R) {
        var draft = RecordDraft()
        var fields = Stated<R>()
        var hint = 0
        var json = JSONReader(bytes, range)
        try json.object { json, name throws(Rejection) in
            let node = try json.node()
            if try draft.take(name, node) { return }
            try fields.takeRecord(name, node, &hint)
        }
        try json.finish()
        return (draft, fields.value)
    }

    private mutating func take(_ name: String, _ node: Node) throws(Rejection) -> Bool {
        switch name {
        case "kind": break
        case "id": id = try node.text()
        case "version": version = try node.integer()
        case "managed_by": owner = node.isNull ? nil : try node.text()
        case "revoked_at": revoked = node.isNull ? nil : try Timestamp(node.text())
        case "applied": applied = node.isNull ? nil : try node.text()
        case "tokens":
            for item in try node.items("tokens") {
                var texts: [String: String] = [:]
                for member in try item.members("a token") where !member.value.isNull {
                    texts[member.key.text] = try member.value.text()
                }
                guard let prefix = texts["prefix"], let issued = texts["issued_at"] else {
                    throw Rejection("a token in the account's state has no prefix or date")
                }
                var token = TokenRecord(prefix: prefix, issuedAt: try Timestamp(issued))
                if let text = texts["acknowledged_at"] { token.acknowledgedAt = try Timestamp(text) }
                if let text = texts["grace_until"] { token.graceUntil = try Timestamp(text) }
                tokens.append(token)
            }
        default: return false
        }
        return true
    }
}

extension Resource {
    /// Reads a record as a state or the history has it, without what it has beside its kind's fields.
    /// - Throws: when it is none.
    public static func record(_ bytes: [UInt8]) throws(Rejection) -> (owner: Owner?, value: Self) {
        let (draft, value) = try RecordDraft.read(Self.self, bytes, 0..<bytes.count)
        return (owner: try draft.owner.map { (text) throws(Rejection) in try Owner(text) }, value: value)
    }
}

extension Stated {
    /// A member that this version does not know is left alone: a newer server may say more.
    /// - Parameter hint: where the field stands in the table if the record has the table's order, as it nearly always has.
    fileprivate mutating func takeRecord(_ name: String, _ node: Node, _ hint: inout Int) throws(Rejection) {
        let fields = R.fields
        let row: Int
        if hint < fields.count, fields[hint].name == name {
            row = hint
        } else {
            guard let found = R.row(wire: name) else { return }
            row = found
        }
        hint = row + 1
        // null in one of a field's alternative names says nothing about the other.
        if node.isNull, fields[row].wireNames.count > 1 { return }
        try take(row, node, wire: name)
    }
}

extension Node {
    /// A whole number.
    /// - Throws: when it is none.
    public func integer() throws(Rejection) -> Int {
        // 3.0 is a whole number in JSON. https://json-schema.org/draft/2020-12/json-schema-core#section-4.2.2
        guard case .scalar(let scalar) = self, scalar.style != .quoted,
            let number = Int(scalar.text.hasSuffix(".0") ? String(scalar.text.dropLast(2)) : scalar.text)
        else {
            throw Rejection("expected a whole number, found a \(word)", at: position)
        }
        return number
    }
}
