public import EmailConnect

/// What a manifest wants: values with their references checked, regrouped by kind.
public struct DesiredState: Equatable, Sendable {
    /// Who the manifest is, on the server.
    public var owner: Owner
    /// What must answer; a mismatch is an error before anything is sent.
    public var pins = ServerPins()
    /// The webhooks.
    public var webhooks: [Desired<Webhook>] = []
    /// The domains.
    public var domains: [Desired<Domain>] = []
    /// The aliases.
    public var aliases: [Desired<Alias>] = []
    /// The API keys.
    public var apiKeys: [Desired<APIKey>] = []
    /// Webhooks of others that are pointed at.
    public var externalWebhooks: [ExternalWebhook] = []
    /// Domains of others that hold aliases of ours.
    public var externalDomains: [ExternalDomain] = []
    /// The keys of the domains whose key is not their name.
    public var domainKeys: [DomainName: String] = [:]
    /// Where each new API key's token goes.
    public var sinks: [Slug: Sink] = [:]
    /// What few entries state beside their fields.
    public var options: [ResourceName: EntryOptions] = [:]
    /// What the manifest agrees to.
    public var consent = Consent()
    /// What it may not do.
    public var policy = Policy()
    /// The files that it was read from, as people name them; the first is the manifest itself.
    public var files: [String] = []
    /// Whether everything shall go, whatever the manifest says.
    public var isDestroyed = false
    /// What is written down to go.
    public var removals: [Removal] = []
    /// The owner's name until now.
    public var movedFrom: Owner?
    /// The repository that it was used from until now.
    public var repositoryMovedFrom: String?

    /// Nothing wanted.
    public init(owner: Owner) { self.owner = owner }

    /// Whose eyes the account is read through.
    public var viewer: Viewer { Viewer(owner, formerly: movedFrom) }

    /// What it declares against its policy, at the entries that do.
    public var violations: [Diagnostic] { PolicyCheck.violations(self) }

    /// The same owner, and nothing wanted any more.
    public var emptied: DesiredState {
        var empty = DesiredState(owner: owner)
        empty.pins = pins
        empty.movedFrom = movedFrom
        empty.repositoryMovedFrom = repositoryMovedFrom
        empty.policy = policy
        empty.isDestroyed = true
        return empty
    }

    /// Every reference to a secret, sorted, each once.
    public var secretReferences: [SecretReference] {
        var found: Set<SecretReference> = []
        for webhook in webhooks { found.formUnion(webhook.value.secretFields.map(\.reference)) }
        return found.sorted()
    }
}

/// One resource as a manifest wants it: every field, stated or default.
public struct Desired<R: Resource>: Equatable, Sendable {
    /// The fields, and which of them are stated.
    var entry: Stated<R>
    /// Where its entry stands.
    public var position: Position
    /// Where its webhook is named.
    public var webhookPosition: Position?

    /// Every field.
    public var value: R { entry.value }
    /// Whether its entry says anything of its protection; removing the line does not remove the protection.
    public var statesProtection: Bool { entry.states("protected") }

    /// One resource as a manifest wants it.
    public init(_ value: R, at position: Position) {
        self.init(Stated(value, rows: R.fields.indices), at: position)
    }

    init(_ entry: Stated<R>, at position: Position, webhook: Position? = nil) {
        self.entry = entry
        self.position = position
        webhookPosition = webhook
    }
}

/// What a manifest says of the server.
public struct ServerPins: Equatable, Sendable {
    /// The API's base URL.
    public var url: HTTPURL?
    /// The account's id.
    public var account: String?
    /// How it is spoken to; found out if nil.
    public var dialect: ServerDialect?
    /// Where the pins stand.
    public var position: Position?

    /// No pins.
    public init() {}
}

/// A webhook that must exist and is never written.
public struct ExternalWebhook: Equatable, Sendable {
    /// The entry's key.
    public var key: Slug
    /// `OWNER#key`, or an id.
    public var reference: WebhookReference
    /// The id, if that is how it is named.
    public var id: String?
    /// Where its entry stands.
    public var position: Position
}

/// A domain that must exist and is never written.
public struct ExternalDomain: Equatable, Sendable {
    /// The domain.
    public var name: DomainName
    /// Where its entry stands.
    public var position: Position
}

/// Where a new token goes.
public enum Sink: Equatable, Sendable {
    /// A file, relative to the manifest's folder.
    case file(String)
    /// A program that gets it on its standard input, with its arguments; run in the manifest's folder.
    case command([String])
    /// A file, encrypted for who has a key to it.
    case ageFile(String, recipients: [AgeRecipient])

    /// For people.
    public var label: String {
        switch self {
        case .file(let path): "file \(path)"
        case .command(let words): "command \(SecretReference.shown(words))"
        case .ageFile(let path, let recipients): "age file \(path) for \(recipients.map(\.text).joined(separator: ", "))"
        }
    }

    /// What a reviewer approves: as the label, but no two places have the same.
    var identity: String {
        switch self {
        case .file: label
        case .command(let words): "command \(SecretReference.list(words))"
        case .ageFile(let path, let recipients): "age file \(path) \(SecretReference.list(recipients.map(\.text).sorted()))"
        }
    }

    /// What a batch says of the places that its tokens go to, so that a later run with the same approval can tell that they are the same.
    static let contextName = "sinks"

    /// `KEY=HASH` each; what does not fit into an entry of the history counts as unknown.
    static func context(_ places: [(key: Slug, sink: Sink)]) -> String {
        var text = ""
        for place in places.sorted(by: { $0.key < $1.key }) {
            let entry = "\(place.key.text)=\(Hex.sha256(place.sink.identity).prefix(16))"
            guard text.utf8.count + entry.utf8.count < 1024 else { break }
            text += text.isEmpty ? entry : ",\(entry)"
        }
        return text
    }

    /// The file, if it is one.
    var path: String? {
        switch self {
        case .file(let path), .ageFile(let path, _): path
        case .command: nil
        }
    }

    /// The same in another folder, if it is a file.
    func relocated(_ move: (String) -> String) -> Sink {
        switch self {
        case .file(let path): .file(move(path))
        case .ageFile(let path, let recipients): .ageFile(move(path), recipients: recipients)
        case .command: self
        }
    }
}

extension Webhook {
    /// The fields whose values are given by reference, in the order of the table.
    public var secretFields: [(field: String, reference: SecretReference)] {
        var found: [(field: String, reference: SecretReference)] = []
        if let reference = url?.sensitive?.reference { found.append(("url", reference)) }
        for (name, value) in headers.sorted {
            if case .secret(.reference(let reference)) = value { found.append(("headers.\(name.text)", reference)) }
        }
        if let reference = signingSecret?.reference { found.append(("signing_secret", reference)) }
        return found
    }
}

extension DesiredState {
    /// How much is wanted, in words.
    public var summary: String {
        let counts = [(Kind.domain, domains.count), (.alias, aliases.count), (.webhook, webhooks.count), (.apiKey, apiKeys.count)]
        return counts.map { "\($1) \($1 == 1 ? $0.word : $0.words)" }.joined(separator: ", ")
    }
}
