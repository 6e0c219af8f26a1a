/// Reads a state as it streams in: a header line, a line a record, an end line with their number.
public struct StateDecoder {
    private let viewer: Owner?
    private var buffer: [UInt8] = []
    private var state: AccountState?
    private var count = 0
    private var isComplete = false
    private var webhooks: [String: WebhookReference] = [:]
    private var lastOwner: Owner?
    private var lastDomain: DomainReference?

    /// A decoder for one state, with references as `viewer` sees them.
    public init(seenBy viewer: Owner?) { self.viewer = viewer }

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
            throw Rejection("the account's state ends early", "nothing was planned; run the command again")
        }
        return state
    }

    private mutating func line(_ range: Range<Int>) throws(Rejection) {
        guard !isComplete else { throw Rejection("something follows the end of the account's state") }
        var json = JSONReader(buffer, range)
        guard state != nil else {
            state = AccountState(try Self.header(&json))
            return
        }
        var kind: Kind?
        var draft = Draft()
        // The kind comes first in each record, so that the rest is read straight into its type.
        var webhook = Stated<Webhook>()
        var domain = Stated<Domain>()
        var alias = Stated<Alias>()
        var apiKey = Stated<APIKey>()
        var end: (records: Int?, revision: Int?)?
        try json.object { json, name throws(Rejection) in
            let node = try json.node()
            if name == "kind" {
                kind = Kind(rawValue: try node.text())
                guard kind != nil else { throw Rejection("the state holds a kind that this version does not know") }
                return
            }
            if name == "end" { end = (nil, nil); return }
            if end != nil {
                if name == "records" { end?.records = try node.integer() }
                if name == "revision" { end?.revision = try node.integer() }
                return
            }
            if try draft.take(name, node) { return }
            switch kind {
            case .webhook: try webhook.takeRecord(name, node)
            case .domain: try domain.takeRecord(name, node)
            case .alias: try alias.takeRecord(name, node)
            case .apiKey: try apiKey.takeRecord(name, node)
            case nil: throw Rejection("a line of the account's state does not begin with its kind")
            }
        }
        try json.finish()
        if let end {
            guard end.records == count, end.revision == state?.header.revision else {
                throw Rejection("the account's state is incomplete", "nothing was planned; run the command again")
            }
            isComplete = true
            return
        }
        guard let id = draft.id, let version = draft.version, let kind else {
            throw Rejection("a record of the account's state has no id or version")
        }
        count += 1
        let owner = try intern(draft.owner)
        switch kind {
        case .webhook:
            webhooks[id] = WebhookReference(id: id, key: webhook.value.key, owner: owner, seenBy: viewer)
            state?.webhooks.append(Record(id: id, version: version, owner: owner, value: webhook.value))
        case .domain:
            domain.value.webhook = resolved(domain.value.webhook)
            state?.domains.append(Record(id: id, version: version, owner: owner, value: domain.value))
        case .alias:
            alias.value.webhook = resolved(alias.value.webhook)
            if alias.value.domain == lastDomain { alias.value.domain = lastDomain } else { lastDomain = alias.value.domain }
            state?.aliases.append(Record(id: id, version: version, owner: owner, value: alias.value))
        case .apiKey:
            state?.tokens[id] = draft.tokens
            state?.apiKeys.append(Record(id: id, version: version, owner: owner, value: apiKey.value))
        }
    }

    /// One owner's text is held once, not once a record.
    private mutating func intern(_ text: String?) throws(Rejection) -> Owner? {
        guard let text else { return nil }
        if lastOwner?.text != text { lastOwner = try Owner(text) }
        return lastOwner
    }

    private func resolved(_ reference: WebhookReference?) -> WebhookReference? {
        guard case .id(let id) = reference else { return reference }
        return webhooks[id] ?? reference
    }

    private static func header(_ json: inout JSONReader) throws(Rejection) -> StateHeader {
        var texts: [String: String] = [:]
        var numbers: [String: Int] = [:]
        var kinds: [Kind] = []
        var ownKeys: [String] = []
        try json.object { json, name throws(Rejection) in
            let node = try json.node()
            switch name {
            case "format", "revision": numbers[name] = try node.integer()
            case "server_id", "account_id", "epoch", "time": texts[name] = try node.text()
            case "own_keys": for item in try node.items("ids") { ownKeys.append(try item.text()) }
            case "kinds":
                for item in try node.items("kinds") {
                    let name = try item.text()
                    if let kind = Kind.allCases.first(where: { $0.plural == name }) { kinds.append(kind) }
                }
            default: break
            }
        }
        try json.finish()
        guard let format = numbers["format"] else { throw Rejection("this is no account's state") }
        guard format == StateHeader.format else {
            throw Rejection("the server writes states of format \(format); this version reads 1", "install a newer reconcile")
        }
        guard let serverID = texts["server_id"], let accountID = texts["account_id"], let epoch = texts["epoch"],
            let revision = numbers["revision"], let time = texts["time"]
        else { throw Rejection("the account's state has an incomplete first line") }
        return StateHeader(
            serverID: serverID, accountID: accountID, epoch: epoch, revision: revision, kinds: kinds,
            time: try Timestamp(time), ownKeys: ownKeys)
    }
}

/// What every record has beside its kind's fields.
private struct Draft {
    var id: String?
    var version: Int?
    var owner: String?
    var tokens: [TokenRecord] = []

    mutating func take(_ name: String, _ node: Node) throws(Rejection) -> Bool {
        switch name {
        case "id": id = try node.text()
        case "version": version = try node.integer()
        case "managed_by": owner = node.isNull ? nil : try node.text()
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

extension Stated {
    /// A member that this version does not know is left alone: a newer server may say more.
    fileprivate mutating func takeRecord(_ name: String, _ node: Node) throws(Rejection) {
        guard let row = R.row(wire: name) else { return }
        // null in one of a field's alternative names says nothing about the other.
        if node.isNull, R.fields[row].wireNames.count > 1 { return }
        try take(row, node, wire: name)
    }
}

extension Node {
    /// A whole number.
    /// - Throws: when it is none.
    public func integer() throws(Rejection) -> Int {
        guard case .scalar(let scalar) = self, scalar.style != .quoted, let number = Int(scalar.text) else {
            throw Rejection("expected a whole number, found a \(word)", at: position)
        }
        return number
    }
}
