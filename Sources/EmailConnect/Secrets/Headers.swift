/// A header's name; two spellings in other case are one name. https://www.rfc-editor.org/rfc/rfc9110#section-5.1
public struct HeaderName: Hashable, Comparable, Sendable {
    /// As written.
    public let text: String
    private let folded: String

    /// Reads a name.
    /// - Throws: when it is no token, or one that only the sender may set.
    public init(_ written: String) throws(Rejection) {
        guard (1...128).contains(written.utf8.count), written.utf8.allSatisfy(Self.isToken) else {
            throw Rejection("not a header's name", "use letters, digits and hyphens")
        }
        text = written
        folded = written.lowercased()
        guard !Self.reserved.contains(folded), !folded.hasPrefix("x-emailconnect-"), !folded.hasPrefix("webhook-") else {
            throw Rejection("the header \(folded) is set by the sender", "remove it")
        }
    }

    /// Whether a header of this name carries a credential, so that the account never returns its value.
    public var isSecret: Bool {
        ["authorization", "proxy-authorization", "cookie", "token", "secret", "password", "apikey"].contains(folded)
            || ["-token", "-key", "-secret", "-password", "-apikey", "-auth"].contains { folded.hasSuffix($0) }
    }

    /// Whether both are the same.
    public static func == (left: HeaderName, right: HeaderName) -> Bool { left.folded == right.folded }
    /// Feeds the hash.
    public func hash(into hasher: inout Hasher) { hasher.combine(folded) }
    /// The sorted order.
    public static func < (left: HeaderName, right: HeaderName) -> Bool { left.folded < right.folded }

    private static let reserved: Set<String> = [
        "host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade", "te", "trailer", "keep-alive",
        "expect", "user-agent",
    ]

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// The headers that a webhook sends; each is a field of its own.
public struct Headers: Equatable, Sendable {
    /// One header's value.
    public enum Value: Equatable, Sendable {
        case plain(String)
        case secret(Sensitive)
        /// Only in a patch, or over inherited headers: take the header away.
        case removed
    }

    /// The headers by name.
    public var values: [HeaderName: Value] = [:]

    /// Only in a request: headers that are not named here go. Otherwise they stay.
    public var replacesAll = false

    /// No headers.
    public init() {}

    /// These headers and no others.
    public var replacing: Headers {
        var copy = self
        copy.replacesAll = true
        return copy
    }

    /// The headers that a manifest takes away though nothing is inherited.
    public var removedNames: [HeaderName] { sorted.filter { $0.value == .removed }.map(\.name) }

    /// By name.
    public var sorted: [(name: HeaderName, value: Value)] {
        values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    static func plain(_ node: Node) throws(Rejection) -> String {
        let text = try node.text("a header's value")
        guard text.unicodeScalars.count <= 4096, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw Rejection("a header's value has at most 4,096 characters and no control characters", at: node.position).hidingValue()
        }
        return text
    }
}

extension Headers: FieldValue {
    /// What it looks like.
    public static var shape: Shape { .headers }

    /// Reads the value as a manifest has it.
    public init(_ node: Node) throws(Rejection) {
        var rejections: [Rejection] = []
        for member in try node.members("headers") {
            do throws(Rejection) {
                let name = try Self.name(member, isNew: values)
                values[name] = try Self.value(member, of: name)
            } catch { rejections.append(error) }
        }
        if let rejection = Rejection.all(rejections) { throw rejection }
        guard values.count <= Self.limit else { throw Rejection("a webhook has at most \(Self.limit) headers", at: node.position) }
    }

    /// How many a webhook may have.
    static var limit: Int { 32 }

    private static func value(_ member: Node.Member, of name: HeaderName) throws(Rejection) -> Value {
        if member.value.isNull { return .removed }
        if case .mapping = member.value { return .secret(.reference(try SecretReference(member.value))) }
        if name.isSecret {
            throw Rejection(
                "the header \(name.text) carries a secret", "give it by reference: { env: NAME } or { file: PATH }",
                at: member.key.position)
        }
        return .plain(try plain(member.value))
    }

    /// Merges, as RFC 7396 does: null takes a header away. https://www.rfc-editor.org/rfc/rfc7396
    public mutating func take(_ node: Node, wire name: String) throws(Rejection) {
        for member in try node.members("headers") {
            let header = try Self.name(member, isNew: values)
            do throws(Rejection) {
                if member.value.isNull {
                    values[header] = .removed
                } else if name == "secret_headers" {
                    values[header] = .secret(try Self.secret(member.value))
                } else if header.isSecret {
                    values[header] = .secret(.value(Sensitive.SecretValue(try Self.plain(member.value))))
                } else {
                    values[header] = .plain(try Self.plain(member.value))
                }
            } catch { throw Rejection(error.problem, error.remedy, pointer: "/\(member.key.text)") }
        }
        guard values.count <= Self.limit else { throw Rejection("a webhook has at most \(Self.limit) headers") }
    }

    /// Writes the member as the wire has it.
    public func write(_ name: String, to json: inout JSONWriter) {
        let sorted = sorted
        json.object(name) { json in
            for (header, value) in sorted {
                switch value {
                case .plain(let text): json.member(header.text, text)
                case .removed: json.null(header.text)
                case .secret: break
                }
            }
        }
        let secrets = sorted.filter { if case .secret = $0.value { true } else { false } }
        guard !secrets.isEmpty else { return }
        json.object("secret_\(name)") { json in
            for (header, value) in secrets {
                if case .secret(let sensitive) = value { sensitive.write(header.text, to: &json) }
            }
        }
    }

    /// How it may be shown.
    public var shown: Shown { .list(sorted.map(\.name.text)) }

    /// How `old` differs from this value; empty when it does not.
    public func differences(from old: Self, named name: String, with secrets: Secrets) -> [Difference] {
        Set(values.keys).union(old.values.keys).sorted().flatMap { header in
            Self.differences("\(name).\(header.text)", old.values[header], values[header], secrets)
        }
    }

    /// These headers and the inherited ones; one that is removed here and not inherited stays, for a message.
    public func over(_ inherited: Headers) -> Headers {
        var merged = self
        merged.values.merge(inherited.values) { stated, _ in stated }
        for name in inherited.values.keys where values[name] == .removed { merged.values[name] = nil }
        return merged
    }

    /// These headers with `old`'s in place of all, or of one.
    public func keeping(_ part: String?, of old: Self) -> Self? {
        guard let part else { return old }
        guard let name = try? HeaderName(part) else { return nil }
        var copy = self
        copy.values[name] = old.values[name]
        return copy
    }

    /// What to send so that `old` becomes this value.
    public func patch(from old: Self, with secrets: Secrets) -> Headers {
        var patch = Headers()
        for header in Set(values.keys).union(old.values.keys) {
            let differences = Self.differences(header.text, old.values[header], values[header], secrets)
            if differences.contains(where: { $0.certainty != .unavailable }) { patch.values[header] = values[header] ?? .removed }
        }
        return patch
    }

    private static func differences(
        _ name: String, _ old: Value?, _ new: Value?, _ secrets: Secrets
    ) -> [Difference] {
        if case .secret(let new) = new, case .secret(let old) = old {
            return new.differences(from: old, named: name, with: secrets)
        }
        if new == old { return [] }
        // Where no secret stands yet, it is known that one is missing, at hand or not.
        return [Difference(name, from: shown(old), to: shown(new))]
    }

    private static func shown(_ value: Value?) -> Shown {
        switch value {
        case .plain(let text): .text(text)
        case .secret(let sensitive): sensitive.shown
        case .removed, nil: .none
        }
    }

    private static func secret(_ node: Node) throws(Rejection) -> Sensitive {
        if case .scalar(let scalar) = node, scalar.style != .literal { _ = try plain(node) }
        return try Sensitive(node, wire: "secret_headers")
    }

    private static func name(_ member: Node.Member, isNew values: [HeaderName: Value]) throws(Rejection) -> HeaderName {
        let name: HeaderName
        do throws(Rejection) { name = try HeaderName(member.key.text) } catch {
            throw Rejection(error.problem, error.remedy, at: member.key.position)
        }
        guard values[name] == nil else {
            throw Rejection("the header \(name.text) stands here twice", "case does not matter in a header's name", at: member.key.position)
        }
        return name
    }
}
