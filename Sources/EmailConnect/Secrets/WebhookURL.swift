/// A webhook's target: a URL, or a secret whose value is one.
public enum WebhookURL: Equatable, Sendable {
    case plain(HTTPURL)
    case secret(Sensitive)
}

extension WebhookURL: FieldValue {
    /// What it looks like.
    public static var shape: Shape { .secret }

    /// Reads the value as a manifest has it.
    public init(_ node: Node) throws(Rejection) {
        if case .mapping = node {
            self = .secret(.reference(try SecretReference(node)))
        } else {
            // What is no URL may be a secret in the wrong place.
            do throws(Rejection) { self = .plain(try HTTPURL(node)) } catch { throw error.hidingValue() }
        }
    }

    /// Reads the value as the wire has it under one of its names.
    public init(_ node: Node, wire name: String) throws(Rejection) {
        guard name == "secret_url" else {
            self = .plain(try HTTPURL(node))
            return
        }
        let sensitive = try Sensitive(node, wire: name)
        if case .value(let value) = sensitive {
            self = .secret(try Self.checked(value.secret, at: node.position))
        } else {
            self = .secret(sensitive)
        }
    }

    /// Writes the member as the wire has it.
    public func write(_ name: String, to json: inout JSONWriter) {
        switch self {
        case .plain(let url): json.member(name, url.text)
        case .secret(let sensitive): sensitive.write("secret_\(name)", to: &json)
        }
    }

    /// How it may be shown.
    public var shown: Shown {
        switch self {
        case .plain(let url): .text(url.text)
        case .secret(let sensitive): sensitive.shown
        }
    }

    /// How `old` differs from this value; empty when it does not.
    public func differences(from old: Self, named name: String, with secrets: Secrets) -> [Difference] {
        if case .secret(let new) = self, case .secret(let old) = old {
            // What is stored is canonical, so that is what is compared.
            guard let reference = new.reference, let secret = secrets[reference],
                case .secret(.value(let value)) = try? WebhookURL.secret(Self.checked(secret, at: nil))
            else { return new.differences(from: old, named: name, with: secrets) }
            return new.differences(from: old, named: name, with: Secrets([reference: value.secret]))
        }
        if self == old { return [] }
        return [Difference(name, from: old.shown, to: shown)]
    }

    /// The secret, if it is one.
    public var sensitive: Sensitive? {
        if case .secret(let sensitive) = self { sensitive } else { nil }
    }

    /// A secret's text as a canonical URL.
    /// - Throws: when it is no URL; the message does not repeat it.
    public static func checked(_ secret: Secret, at position: Position?) throws(Rejection) -> Sensitive {
        do throws(Rejection) { return .value(Sensitive.SecretValue(try HTTPURL(secret.reveal()).text)) } catch {
            throw Rejection(error.problem, error.remedy, at: position)
        }
    }
}
