public import EmailConnect

/// Writes the manifest that an account would have come from: what nobody manages, and what the owner manages already. Planned right
/// after, it shows adoptions and no changed field.
public struct Exporter {
    /// What is wanted.
    public struct Options: Sendable {
        /// Who shall manage it.
        public var owner: Owner
        /// A manifest that is there already: only what it lacks is written.
        public var into: DesiredState?
        /// How that manifest is named.
        public var manifest = ""
        /// Only these domains, with what they use; all when there are none.
        public var domains: [DomainName] = []
        /// Whether the account's id becomes a pin.
        public var pinsAccount = true

        /// Everything that an account holds.
        public init(owner: Owner) { self.owner = owner }
    }

    let state: AccountState
    let options: Options
    var manifest = ExportedManifest()
    /// What other manifests manage, and so is not written.
    var foreign: [Kind: Int] = [:]
    var names = ExportedNames()
    /// The domains that have a webhook of their own: their aliases need none.
    private var routed: Set<DomainName> = []

    private init(_ state: AccountState, _ options: Options) {
        self.state = state
        self.options = options
    }

    /// The manifest's text; without resources when there is nothing to write.
    /// - Throws: when a wanted domain is not there.
    /// - Complexity: O(held · log held)
    public static func export(_ state: AccountState, _ options: Options) throws(Rejection) -> (text: String, isEmpty: Bool) {
        let held = Set(state.domains.compactMap(\.value.name))
        if let missing = options.domains.first(where: { !held.contains($0) }) {
            let guess = Spelling.nearest(to: missing.text, in: held.map(\.text).sorted()).map { "did you mean \($0)?" }
            throw Rejection(
                "the account has no domain \(missing.text)", guess ?? "reconcile export without --domain writes all that is there")
        }
        if options.into == nil, !options.domains.isEmpty, let more = rest(state, options) {
            throw Rejection(
                "\(options.owner.text) manages more than that: \(more), and a manifest without it would delete it",
                "leave out --domain, or write only what a manifest lacks: --into MANIFEST")
        }
        var exporter = Exporter(state, options)
        exporter.nameWebhooks()
        exporter.domains()
        exporter.webhooks()
        if options.domains.isEmpty { exporter.apiKeys() }
        exporter.finish()
        return (exporter.manifest.text, exporter.manifest.isEmpty)
    }

    /// Something that the owner manages and that stands outside the wanted domains.
    private static func rest(_ state: AccountState, _ options: Options) -> String? {
        let owner = options.owner
        let wanted = Set(options.domains)
        if let domain = state.domains.first(where: { $0.owner == owner && $0.value.name.map { !wanted.contains($0) } ?? true }) {
            return "domain \(domain.value.name?.text ?? domain.id)"
        }
        if let alias = state.aliases.first(where: { $0.owner == owner && $0.value.naturalKey.map { !wanted.contains($0.domain) } ?? true })
        {
            return "alias \(alias.value.naturalKey?.description ?? alias.id)"
        }
        if let key = state.apiKeys.first(where: { $0.owner == owner }) { return "api key \(key.value.key?.text ?? key.id)" }
        let used = Set(
            state.domains.filter { $0.value.name.map(wanted.contains) ?? false }.compactMap { $0.value.webhook?.text }
                + state.aliases.filter { $0.value.naturalKey.map { wanted.contains($0.domain) } ?? false }.compactMap {
                    $0.value.webhook?.text
                })
        let unused = state.webhooks.first { $0.owner == owner && $0.value.key.map { !used.contains($0.text) } ?? true }
        return unused.map { "webhook \($0.value.key?.text ?? $0.id)" }
    }

    /// Whether a record is to be written, as far as its owner tells.
    func isWanted<R: Resource>(_ record: Record<R>) -> Bool { record.owner == nil || record.owner == options.owner }

    private mutating func domains() {
        var declared: Set<DomainName> = []
        var declaredAliases: Set<Address> = []
        if let into = options.into {
            declared = Set(into.domains.compactMap(\.value.name) + into.externalDomains.map(\.name))
            declaredAliases = Set(into.aliases.compactMap(\.value.naturalKey))
        }
        for domain in state.domains where domain.value.webhook != nil { if let name = domain.value.name { routed.insert(name) } }
        var aliases: [DomainName: [Record<Alias>]] = [:]
        for alias in state.aliases {
            guard let address = alias.value.naturalKey, !declaredAliases.contains(address) else { continue }
            guard isWanted(alias) else {
                foreign[.alias, default: 0] += 1
                continue
            }
            aliases[address.domain, default: []].append(alias)
        }
        for domain in state.domains {
            guard let name = domain.value.name, options.domains.isEmpty || options.domains.contains(name) else { continue }
            let list = aliases[name, default: []]
            var entry = ExportedManifest.Entry(key: options.into?.domainKeys[name] ?? name.text)
            if declared.contains(name) {
                guard !list.isEmpty else { continue }
            } else if isWanted(domain) {
                if domain.owner == nil { manifest.adoptsAll = true }
                (entry.fields, _) = fields(domain.value)
            } else {
                foreign[.domain, default: 0] += 1
                guard !list.isEmpty else { continue }
                entry.notes.append("managed by \(domain.owner?.text ?? "somebody else")")
                entry.fields.append(.init(name: "manage", value: "false"))
            }
            entry.aliases = list.map { alias($0, on: name) }
            manifest.domains.append(entry)
        }
    }

    private mutating func alias(_ record: Record<Alias>, on domain: DomainName) -> ExportedManifest.Alias {
        if record.owner == nil { manifest.adoptsAll = true }
        var alias = ExportedManifest.Alias(name: record.value.name?.text ?? "")
        (alias.fields, _) = fields(record.value)
        if record.value.webhook == nil, record.value.enabled, !routed.contains(domain) {
            alias.note = "decide: no webhook gets its mail"
        }
        return alias
    }

    /// The fields that are not at their defaults, in the table's order, and a webhook's headers.
    mutating func fields<R: Resource>(_ value: R) -> (fields: [ExportedManifest.Field], headers: [ExportedManifest.Field]) {
        var fields: [ExportedManifest.Field] = []
        var headers: [ExportedManifest.Field] = []
        for (row, difference) in value.differences(from: R(), with: Secrets()) where R.fields[row].isInManifest {
            let name = difference.field
            if name == "name" { continue }
            if name == "webhook" {
                if let key = names.key(of: difference.to.bare ?? "") { fields.append(.init(name: name, value: YAMLText.scalar(key))) }
            } else if name.hasPrefix("headers.") {
                let header = String(name.dropFirst("headers.".count))
                headers.append(field(YAMLText.scalar(header), header, difference.to, of: value))
            } else {
                fields.append(field(name, name, difference.to, of: value))
            }
        }
        return (fields, headers)
    }

    private mutating func field<R: Resource>(_ written: String, _ name: String, _ shown: Shown, of value: R) -> ExportedManifest.Field {
        switch shown {
        case .text(let text), .word(let text):
            let isSecret = SecretLook.isLikely(text) || SecretLook.isLikely(inURL: text)
            return .init(
                name: written, value: YAMLText.scalar(text),
                note: isSecret ? "decide: it looks like a secret, which Git should not have; { env: NAME } takes it from elsewhere" : nil)
        case .boolean(let flag): return .init(name: written, value: flag ? "true" : "false")
        case .list(let items): return .init(name: written, value: YAMLText.list(items))
        case .none: return .init(name: written, value: "null")
        case .secret:
            let variable = names.variable(for: "\(value.naturalKey?.description ?? "") \(name)")
            return .init(
                name: written, value: "{ env: \(variable) }", note: "decide: where its value comes from; until then it stays as it is")
        }
    }

    private mutating func finish() {
        let account = state.header.dialect == .v1 ? state.header.accountID : state.header.serverID
        manifest.head = ["Exported from the account \(account), revision \(state.header.revision), \(state.header.time.text)."]
        let counts = Kind.allCases.compactMap { kind in
            foreign[kind].map { "\($0) \($0 == 1 ? kind.word : kind.words)" }
        }
        if !counts.isEmpty { manifest.head.append("Not here, since other manifests manage them: \(counts.joined(separator: ", ")).") }
        guard let into = options.into else {
            manifest.head += [
                "Where it says \"decide:\", decide. reconcile plan then shows what is adopted, and no other change."
            ]
            let owner = options.owner.text.split(separator: "/").map(String.init)
            manifest.top = [
                .init(name: "version", value: "1"),
                .init(
                    name: "manifest", value: YAMLText.scalar(owner[0]),
                    note: "decide: with environment it is the owner's name in the account"),
                .init(name: "environment", value: YAMLText.scalar(owner[1])),
            ]
            if options.pinsAccount, state.header.dialect == .v1 { manifest.account = account }
            return
        }
        manifest.head.append(
            "What \(Escaped.line(options.manifest)) lacks. Add this file to its include:; where it says \"decide:\", decide.")
        if into.consent.adoptsAll {
            manifest.adoptsAll = false
        } else if into.consent.position != nil, manifest.adoptsAll {
            manifest.adoptsAll = false
            manifest.head.append("Add adopt: all to its allow:, and remove it after the first apply.")
        }
    }
}
