/// A field whose value is secret, as each side knows it: the manifest by reference, a request by value, the account by
/// fingerprint.
public enum Sensitive: Hashable, Sendable {
    case reference(SecretReference)
    /// Only inside a request, on its way to the server's store.
    case value(SecretValue)
    /// Stored; without a fingerprint the caller may not compare.
    case stored(Fingerprint?)

    /// A secret that hashes and compares without showing.
    public struct SecretValue: Hashable, Sendable {
        /// The value.
        public let secret: Secret
        init(_ text: String) { secret = Secret(text) }
        /// Whether both are the same.
        public static func == (left: SecretValue, right: SecretValue) -> Bool { left.secret.isSame(as: right.secret) }
        /// Feeds the hash.
        public func hash(into hasher: inout Hasher) { hasher.combine(secret.reveal()) }
    }
}

extension Sensitive: FieldValue {
    /// What it looks like.
    public static var shape: Shape { .secret }

    /// Reads the value as a manifest has it.
    public init(_ node: Node) throws(Rejection) {
        if case .scalar(let scalar) = node, !scalar.isBlank, !scalar.isNull {
            throw Rejection(
                "a secret is given by reference, never as text", "write { env: NAME } or { file: PATH }", at: node.position
            ).hidingValue()
        }
        self = .reference(try SecretReference(node))
    }

    /// Reads the value as the wire has it under one of its names.
    public init(_ node: Node, wire name: String) throws(Rejection) {
        if case .mapping(let members, _) = node, !members.contains(where: { $0.key.text == "salt" || $0.key.text == "hmac" }) {
            // Only in a saved plan: a server refuses it.
            self = .reference(try SecretReference(node))
        } else if case .mapping(let members, _) = node {
            var parts: [String: String] = [:]
            for member in members { parts[member.key.text] = try member.value.text("hexadecimal digits") }
            guard parts.count == 2, let salt = parts["salt"], let hmac = parts["hmac"] else {
                throw Rejection("expected a secret's text", at: node.position)
            }
            self = .stored(Fingerprint(salt: salt, hmac: hmac))
        } else if case .scalar(let scalar) = node, scalar.style == .literal, scalar.text == "true" {
            self = .stored(nil)
        } else {
            let text = try node.text("a secret's text")
            guard (1...4096).contains(text.unicodeScalars.count), !text.utf8.contains(0) else {
                throw Rejection("a secret has 1 to 4,096 characters and no NUL", at: node.position)
            }
            self = .value(SecretValue(text))
        }
    }

    /// Writes the member as the wire has it.
    public func write(_ name: String, to json: inout JSONWriter) {
        switch self {
        case .reference(let reference): reference.write(name, to: &json)
        case .value(let value): json.member(name, value.secret.reveal())
        case .stored(nil): json.member(name, true)
        case .stored(let fingerprint?):
            json.object(name) { json in
                json.member("salt", fingerprint.salt)
                json.member("hmac", fingerprint.hmac)
            }
        }
    }

    /// How it may be shown.
    public var shown: Shown {
        switch self {
        case .reference(let reference): .secret(reference.label)
        case .value, .stored: .secret("stored")
        }
    }

    /// How `old` differs from this value; empty when it does not.
    public func differences(from old: Self, named name: String, with secrets: Secrets) -> [Difference] {
        guard case .reference(let reference) = self, case .stored(let fingerprint) = old else {
            return self == old ? [] : [Difference(name, from: old.shown, to: shown)]
        }
        guard let secret = secrets[reference] else { return [Difference(name, from: old.shown, to: shown, .unavailable)] }
        guard let fingerprint else { return [Difference(name, from: old.shown, to: shown, .ensure)] }
        return fingerprint.matches(secret) ? [] : [Difference(name, from: old.shown, to: shown)]
    }

    /// The value in place of the reference; the reference itself when the value is not at hand.
    public func resolved(with secrets: Secrets) -> Sensitive {
        guard case .reference(let reference) = self, let secret = secrets[reference] else { return self }
        return .value(SecretValue(secret.reveal()))
    }

    /// The reference, if it is one.
    public var reference: SecretReference? {
        if case .reference(let reference) = self { reference } else { nil }
    }
}
