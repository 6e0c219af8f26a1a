/// Reads the records of one kind, one after the other.
struct RecordReader<R: Resource> {
    /// Where a member goes.
    private enum Target {
        case draft(RecordDraft.Member)
        case field(row: Int, wire: String)
    }

    private var names: MemberNames
    private let targets: [Target]
    private var values: [LastValue]
    private var lastOwner: (text: String, owner: Owner)?

    init() {
        var names = RecordDraft.Member.allCases.map(\.rawValue)
        var targets = RecordDraft.Member.allCases.map(Target.draft)
        for (row, field) in R.fields.enumerated() {
            for name in field.wireNames {
                names.append(name)
                targets.append(.field(row: row, wire: name))
            }
        }
        self.names = MemberNames(names)
        self.targets = targets
        values = Array(repeating: LastValue(), count: names.count)
    }

    /// Reads a record's object, and what it has beside its kind's fields.
    /// - Throws: when it is none, or has no id or version.
    mutating func record(_ bytes: [UInt8], _ range: Range<Int>) throws(Rejection) -> (record: Record<R>, draft: RecordDraft) {
        var fields = Stated<R>()
        let draft = try read(bytes, range, into: &fields)
        guard let id = draft.id, let version = draft.version else {
            throw Rejection("a record of the account's state has no id or version")
        }
        let owner = try owner(draft)
        return (Record(id: id, version: version, owner: owner, value: fields.value, applied: draft.applied), draft)
    }

    /// Reads a record's object. A member that this version does not know is left alone: a newer server may say more.
    mutating func read(_ bytes: [UInt8], _ range: Range<Int>, into fields: inout Stated<R>) throws(Rejection) -> RecordDraft {
        var draft = RecordDraft()
        var json = JSONReader(bytes, range)
        try json.object(&names) { json, name throws(Rejection) in
            guard case .known(let place) = name else {
                _ = try json.node()
                return
            }
            let node = try json.node(&values[place])
            switch targets[place] {
            case .draft(let member): try draft.take(member, node)
            case .field(let row, let wire):
                // null in one of a field's alternative names says nothing about the other.
                if node.isNull, R.fields[row].wireNames.count > 1 { return }
                try fields.take(row, node, wire: wire)
            }
        }
        try json.finish()
        return draft
    }

    /// One owner's text is held once, not once a record.
    mutating func owner(_ draft: RecordDraft) throws(Rejection) -> Owner? {
        guard let text = draft.owner else { return nil }
        if let lastOwner, lastOwner.text == text { return lastOwner.owner }
        let owner = try Owner(text)
        lastOwner = (text, owner)
        return owner
    }
}

/// What every record has beside its kind's fields.
struct RecordDraft {
    /// The names of it.
    enum Member: String, CaseIterable {
        case kind
        case id
        case version
        case owner = "managed_by"
        case applied
        case revoked = "revoked_at"
        case tokens
    }

    var id: String?
    var version: Int?
    var owner: String?
    var tokens: [TokenRecord] = []
    var applied: String?
    var revoked: Timestamp?

    fileprivate mutating func take(_ member: Member, _ node: Node) throws(Rejection) {
        switch member {
        case .kind: break
        case .id: id = try node.text()
        case .version: version = try node.integer()
        case .owner: owner = node.isNull ? nil : try node.text()
        case .revoked: revoked = node.isNull ? nil : try Timestamp(node.text())
        case .applied: applied = node.isNull ? nil : try node.text()
        case .tokens: for item in try node.items("tokens") { tokens.append(try TokenRecord(item)) }
        }
    }
}

extension TokenRecord {
    fileprivate init(_ node: Node) throws(Rejection) {
        var texts: [String: String] = [:]
        for member in try node.members("a token") where !member.value.isNull {
            texts[member.key.text] = try member.value.text()
        }
        guard let prefix = texts["prefix"], let issued = texts["issued_at"] else {
            throw Rejection("a token in the account's state has no prefix or date")
        }
        self.init(prefix: prefix, issuedAt: try Timestamp(issued))
        if let text = texts["acknowledged_at"] { acknowledgedAt = try Timestamp(text) }
        if let text = texts["grace_until"] { graceUntil = try Timestamp(text) }
    }
}

extension Resource {
    /// Reads a record as a state or the history has it, without what it has beside its kind's fields.
    /// - Throws: when it is none.
    public static func record(_ bytes: [UInt8]) throws(Rejection) -> (owner: Owner?, value: Self) {
        var reader = RecordReader<Self>()
        var fields = Stated<Self>()
        let draft = try reader.read(bytes, bytes.indices, into: &fields)
        return (owner: try reader.owner(draft), value: fields.value)
    }
}

extension Node {
    /// A whole number.
    /// - Throws: when it is none.
    public func integer() throws(Rejection) -> Int {
        // 3.0 is a whole number in JSON. https://json-schema.org/draft/2020-12/json-schema-core#section-4.2.2
        guard case .scalar(let scalar) = self, scalar.style != .quoted,
            let number = Int(scalar.text) ?? (scalar.text.hasSuffix(".0") ? Int(scalar.text.dropLast(2)) : nil)
        else {
            throw Rejection("expected a whole number, found a \(word)", at: position)
        }
        return number
    }
}
