/// What an API key may do.
public enum Scope: String, CaseIterable, Hashable, Sendable, Comparable {
    case full
    case domainsRead = "domains:read"
    case domainsWrite = "domains:write"
    case aliasesRead = "aliases:read"
    case aliasesWrite = "aliases:write"
    case webhooksRead = "webhooks:read"
    case webhooksWrite = "webhooks:write"
    case webhooksCompare = "webhooks:compare"
    case emailsRead = "emails:read"
    case emailsWrite = "emails:write"
    case statisticsRead = "statistics:read"
    case statisticsWrite = "statistics:write"
    case apiKeysRead = "api_keys:read"
    case apiKeysWrite = "api_keys:write"
    case apiKeysGrant = "api_keys:grant"

    /// By the text's bytes.
    public static func < (left: Scope, right: Scope) -> Bool { left.rawValue < right.rawValue }
}

/// A set of scopes in its one canonical form: sorted, `X` written out as `X:read` and `X:write`, `full` alone.
public struct Scopes: FieldValue, Hashable {
    /// Sorted, without repetition.
    public let list: [Scope]

    /// The canonical form of any list.
    public init(_ scopes: some Sequence<Scope>) {
        let set = Set(scopes)
        list = set.contains(.full) ? [.full] : set.sorted()
    }

    /// No scope: what a resource has before its required field is read.
    public static let none = Scopes([])
    /// Everything.
    public static let full = Scopes([.full])

    /// Whether a key with these scopes may do what `scope` names.
    public func allows(_ scope: Scope) -> Bool {
        if list == [.full] || list.contains(scope) { return true }
        // Who may replace a secret may compare it.
        return scope == .webhooksCompare && list.contains(.webhooksWrite)
    }

    /// Reads a list of scopes; a bare `aliases` means both `aliases:read` and `aliases:write`.
    public init(_ node: Node) throws(Rejection) {
        var scopes: [Scope] = []
        var rejections: [Rejection] = []
        for (index, item) in try node.items("a list of scopes").enumerated() {
            do throws(Rejection) { scopes += try Self.named(item) } catch {
                rejections.append(Rejection(error.problem, error.remedy, at: error.position, pointer: "/\(index)"))
            }
        }
        if let rejection = Rejection.all(rejections) { throw rejection }
        guard !scopes.isEmpty else {
            throw Rejection("a key without a scope can do nothing", "list at least one scope", at: node.position)
        }
        if scopes.contains(.full), Set(scopes).count > 1 {
            throw Rejection("full includes every other scope", "write [full] alone, or leave it out", at: node.position)
        }
        self.init(scopes)
    }

    /// The scopes that one word of a list stands for.
    /// - Throws: when it stands for none.
    public static func named(_ item: Node) throws(Rejection) -> [Scope] {
        let text = try item.text("a scope")
        if let scope = Scope(rawValue: text) { return [scope] }
        if let read = Scope(rawValue: "\(text):read"), let write = Scope(rawValue: "\(text):write") { return [read, write] }
        let known = Scope.allCases.map(\.rawValue)
        let guess = Spelling.nearest(to: text, in: known).map { "did you mean \($0)?" }
        throw Rejection("no such scope", guess ?? "the scopes are \(known.joined(separator: ", "))", at: item.position)
    }

    /// Reads the canonical form, as a row has it.
    /// - Throws: when it is none.
    public init(stored json: String) throws(Rejection) {
        var reader = JSONReader(Array(json.utf8))
        try self.init(reader.node())
    }

    /// What it looks like.
    public static var shape: Shape { .list(of: Scope.allCases.map(\.rawValue)) }
    /// Writes the member as the wire has it.
    public func write(_ name: String, to json: inout JSONWriter) { json.member(name, list.map(\.rawValue)) }
    /// How it may be shown.
    public var shown: Shown { .list(list.map(\.rawValue)) }
    /// What a row holds of it.
    public var column: RowValue? { Self.listColumn(list.map(\.rawValue)) }
}
