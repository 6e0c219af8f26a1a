/// How an API key was used, as `GET /v1/activity` has it.
public struct KeyUse: Equatable, Sendable {
    /// The key's id.
    public var id: String
    /// How many requests it made.
    public var requests: Int
    /// When it was used last.
    public var lastUsedAt: Timestamp?
    /// The scopes that its requests needed, each with the last time.
    public var scopes: [String: Timestamp] = [:]
    /// The addresses that it was used from, each with the last time.
    public var addresses: [String: Timestamp] = [:]

    /// How an API key was used.
    public init(id: String, requests: Int = 0, lastUsedAt: Timestamp? = nil) {
        self.id = id
        self.requests = requests
        self.lastUsedAt = lastUsedAt
    }

    /// Reads one page of the list.
    /// - Throws: when it is none.
    public static func page(_ node: Node) throws(Rejection) -> (uses: [KeyUse], next: String?) {
        var uses: [KeyUse] = []
        var next: String?
        for member in try node.members("a list") {
            if member.key.text == "data" { for item in try member.value.items("a list") { uses.append(try KeyUse(item)) } }
            if member.key.text == "next_cursor", !member.value.isNull { next = try member.value.text() }
        }
        return (uses, next)
    }

    private init(_ node: Node) throws(Rejection) {
        var id: String?
        self.init(id: "")
        for member in try node.members("the use of a key") where !member.value.isNull {
            switch member.key.text {
            case "id": id = try member.value.text()
            case "requests": requests = try member.value.integer()
            case "last_used_at": lastUsedAt = try Timestamp(member.value)
            case "scopes": scopes = try Self.times(member.value)
            case "addresses": addresses = try Self.times(member.value)
            default: break
            }
        }
        guard let id else { throw Rejection("the use of a key has no id") }
        self.id = id
    }

    private static func times(_ node: Node) throws(Rejection) -> [String: Timestamp] {
        var times: [String: Timestamp] = [:]
        for member in try node.members("times by name") { times[member.key.text] = try Timestamp(member.value) }
        return times
    }
}
