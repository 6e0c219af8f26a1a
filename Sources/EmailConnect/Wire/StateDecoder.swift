/// Reads a state as it streams in: a header line, a line a record, an end line with their number.
public struct StateDecoder {
    private let viewer: Viewer
    private var buffer = LineBuffer()
    private var state: AccountState?
    private var hasHeader = false
    private var count = 0
    private var isComplete = false
    private var webhooks: [String: WebhookReference] = [:]
    private var lastKind: Kind?
    private var lastStart: [UInt8] = []
    private var renamed: (from: Owner, to: Owner)?
    private var webhookReader = RecordReader<Webhook>()
    private var domainReader = RecordReader<Domain>()
    private var aliasReader = RecordReader<Alias>()
    private var apiKeyReader = RecordReader<APIKey>()

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
        buffer.append(bytes)
        while let range = buffer.next() { try line(range) }
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
        guard hasHeader else {
            hasHeader = true
            var json = JSONReader(buffer.bytes, range)
            let header = try StateHeader(&json)
            if let formerly = viewer.formerly, let owner = viewer.owner {
                let known = Set(header.owners.map(\.name))
                if known.contains(formerly), !known.contains(owner) { renamed = (formerly, owner) }
            }
            state = AccountState(header)
            state?.movedFrom = renamed?.from
            return
        }
        // Most lines begin as the one before.
        if lastKind == nil || !buffer.bytes.span.holds(lastStart.span, at: range.lowerBound) {
            var json = JSONReader(buffer.bytes, range)
            let (first, value) = try json.firstMember()
            if first == "end" { return try end(range) }
            if first == "error" { throw Rejection(try value.text(), "nothing was planned") }
            let word = first == "kind" ? try value.text() : ""
            if word == LostRecord.word {
                count += 1
                let record = try lost(range)
                state?.lost.append(record)
                return
            }
            guard let kind = Kind(rawValue: word) else {
                throw Rejection("a line of the account's state has no kind that this version knows")
            }
            lastKind = kind
            lastStart = Array("{\"kind\":\"\(word)\",".utf8)
        }
        guard let kind = lastKind else { return }
        count += 1
        // The kind comes first, so that the rest is read straight into its type.
        switch kind {
        case .webhook:
            var record = try webhookReader.record(buffer.bytes, range).record
            rename(&record.owner)
            webhooks[record.id] = WebhookReference(id: record.id, key: record.value.key, owner: record.owner, seenBy: viewer.owner)
            state?.webhooks.append(record)
        case .domain:
            var record = try domainReader.record(buffer.bytes, range).record
            rename(&record.owner)
            record.value.webhook = resolved(record.value.webhook)
            state?.domains.append(record)
        case .alias:
            var record = try aliasReader.record(buffer.bytes, range).record
            rename(&record.owner)
            record.value.webhook = resolved(record.value.webhook)
            state?.aliases.append(record)
        case .apiKey:
            var (record, draft) = try apiKeyReader.record(buffer.bytes, range)
            rename(&record.owner)
            state?.tokens[record.id] = draft.tokens
            state?.revoked[record.id] = draft.revoked
            state?.apiKeys.append(record)
        }
    }

    private mutating func end(_ range: Range<Int>) throws(Rejection) {
        var numbers: [String: Int] = [:]
        var json = JSONReader(buffer.bytes, range)
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

    private mutating func lost(_ range: Range<Int>) throws(Rejection) -> LostRecord {
        var texts: [String: String] = [:]
        var json = JSONReader(buffer.bytes, range)
        try json.object { json, name throws(Rejection) in texts[name] = try json.node().text() }
        try json.finish()
        guard let kind = texts["of"].flatMap(Kind.init), let id = texts["id"], let name = texts["name"],
            let written = texts["managed_by"], let applied = texts["applied"]
        else { throw Rejection("a line of the account's state says of something lost not what it was") }
        let owner = try Owner(written)
        return LostRecord(kind: kind, id: id, name: name, owner: renamed?.from == owner ? renamed?.to ?? owner : owner, applied: applied)
    }

    /// What is the viewer's under its former name is the viewer's already.
    private func rename(_ owner: inout Owner?) {
        if let renamed, owner == renamed.from { owner = renamed.to }
    }

    private func resolved(_ reference: WebhookReference?) -> WebhookReference? {
        guard case .id(let id) = reference else { return reference }
        return webhooks[id] ?? reference
    }
}
