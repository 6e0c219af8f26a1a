/// Which webhook a domain or an alias points at.
public enum WebhookReference: Hashable, Sendable {
    /// A key of the owner in question, or `OWNER#key` for another owner's.
    case key(String)
    /// The server's id; the only way to name a webhook without a key.
    case id(String)

    /// What a person reads: the key, or the id.
    public var text: String {
        switch self {
        case .key(let text), .id(let text): text
        }
    }

    /// The reference to a webhook as one owner sees it.
    public init(id: String, key: Slug?, owner: Owner?, seenBy viewer: Owner?) {
        guard let key, let owner else {
            self = .id(id)
            return
        }
        self = .key(owner == viewer ? key.text : "\(owner.text)#\(key.text)")
    }
}

extension WebhookReference: FieldValue {
    /// What it looks like.
    public static var shape: Shape { .text(format: nil, pattern: nil) }

    /// A key, as a manifest and `webhook` on the wire have it.
    public init(_ node: Node) throws(Rejection) {
        self = .key(try node.text("a webhook's key"))
    }

    /// Reads the value as the wire has it under one of its names.
    public init(_ node: Node, wire name: String) throws(Rejection) {
        let text = try node.text("a webhook")
        self = name.hasSuffix("_id") ? .id(text) : .key(text)
    }

    /// Writes the member as the wire has it.
    public func write(_ name: String, to json: inout JSONWriter) {
        switch self {
        case .key(let key): json.member(name, key)
        case .id(let id): json.member("\(name)_id", id)
        }
    }

    /// How it may be shown.
    public var shown: Shown { .word(text) }
}
