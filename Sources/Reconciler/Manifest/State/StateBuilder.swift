import EmailConnect

/// Makes the wanted state of what a manifest's files say together: defaults, names, references, and all checks that need more
/// than one entry.
struct StateBuilder {
    let files: [SourceFile]
    var layer: Layer
    var diagnostics: [Diagnostic] = []
    var state: DesiredState
    /// Where each domain stands first.
    var domainPositions: [DomainName: Position] = [:]
    /// Whether there are more aliases than a manifest may have.
    var isFull = false
    /// References that were reported: an alias set may be used by many domains.
    var unknownReferences: Set<Unknown> = []
    /// Where the fields of what somebody asked for stand.
    private(set) var marks: [ResourceName: [Marked<String>]] = [:]

    /// The state that the files want together; nil when they do not say enough for one.
    /// - Complexity: O(entries)
    static func build(_ layer: Layer, _ files: [SourceFile]) -> (
        state: DesiredState?, marks: [ResourceName: [Marked<String>]], diagnostics: [Diagnostic]
    ) {
        guard layer.isWhole else { return (nil, [:], []) }
        let placeholder = try? Owner("invalid/invalid")
        var owner = placeholder
        if let manifest = layer.manifest?.value, let environment = layer.environment?.value {
            owner = Owner(manifest: manifest, environment: environment)
        }
        guard let owner else { return (nil, [:], []) }
        var builder = StateBuilder(files: files, layer: layer, state: DesiredState(owner: owner))
        builder.build()
        let isComplete = layer.manifest != nil && layer.environment != nil
        return (isComplete ? builder.state : nil, builder.marks, builder.diagnostics)
    }

    /// A webhook that is named at a place and is not there.
    struct Unknown: Hashable {
        var key: String
        var position: Position?
    }

    private mutating func build() {
        for (name, isThere) in [
            ("version: 1", layer.version != nil), ("manifest: NAME", layer.manifest != nil),
            ("environment: NAME", layer.environment != nil),
        ] where !isThere {
            report(Rejection("the line \(name) is missing", "add it at the top"))
        }
        state.files = files.map(\.name)
        state.pins = layer.pins
        state.policy = layer.policy
        state.consent = layer.consent
        state.removals = layer.removals
        state.movedFrom = layer.movedFrom?.value
        if let former = layer.formerManifest, let environment = layer.environment {
            state.movedFrom = Owner(manifest: former.value, environment: environment.value)
        }
        state.repositoryMovedFrom = layer.repositoryMovedFrom?.value
        for entry in layer.webhooks.entries { webhook(entry) }
        for entry in layer.apiKeys.entries { apiKey(entry) }
        let domains = layer.domains.takeAll()
        state.aliases.reserveCapacity(domains.reduce(0) { $0 + $1.aliases.items.count })
        for entry in Drained(domains) { domain(entry) }
        reportNulls()
        checkSinks()
        resolveReferences()
        checkRenames()
        checkRemovals()
    }

    private mutating func webhook(_ entry: Entry<Webhook>) {
        let (slug, position, extras) = (entry.slug, entry.position, entry.extras)
        guard extras.manage ?? true else { return external(entry) }
        if extras.owner != nil || extras.id != nil {
            report(Rejection("owner and id are for webhooks that others manage", "add manage: false, or remove the line", at: position))
        }
        var desired = entry.desired
        if !desired.entry.states("url") {
            report(Rejection("the webhook \(slug) has no url", "add url: https://...", at: position))
        }
        desired.entry.value.key = slug
        if !desired.entry.states("name") { desired.entry.value.name = slug.text }
        for name in desired.value.headers.removedNames {
            reportNull("the header \(name.text) of the webhook \(slug)", at: position)
        }
        warnOfLiterals(desired.value, slug, at: position)
        keep(extras, of: desired.value, at: position)
        state.webhooks.append(desired)
    }

    /// A secret may stand in a URL or under a harmless header's name; it shows in Git and in every plan.
    private mutating func warnOfLiterals(_ webhook: Webhook, _ slug: Slug, at position: Position) {
        var places: [String] = []
        if case .plain(let url) = webhook.url, SecretLook.isLikely(inURL: url.text) { places.append("url") }
        if SecretLook.isLikely(amid: webhook.description) { places.append("description") }
        for (name, value) in webhook.headers.sorted {
            if case .plain(let text) = value, SecretLook.isLikely(amid: text) { places.append("the header \(name.text)") }
        }
        for (field, reference) in webhook.secretFields {
            var texts = [reference.prefix]
            if case .command(let words) = reference.source { texts += words }
            if texts.contains(where: SecretLook.isLikely(amid:)) { places.append("the reference of \(field)") }
        }
        for place in places {
            warn("\(place) of the webhook \(slug) looks like a secret", "put it in the environment and write { env: NAME }", at: position)
        }
    }

    private mutating func external(_ entry: Entry<Webhook>) {
        let (slug, position) = (entry.slug, entry.position)
        if !entry.desired.entry.isEmpty {
            report(Rejection("a webhook with manage: false is never written", "remove its fields, or manage: false", at: position))
        }
        var external = ExternalWebhook(key: slug, reference: .key(""), id: nil, position: position)
        switch (entry.extras.owner, entry.extras.id) {
        case (let owner?, nil): external.reference = .key("\(owner.text)#\(slug.text)")
        case (nil, let id?): (external.reference, external.id) = (.id(id), id)
        default:
            return report(
                Rejection("which webhook is it that others manage?", "add owner: manifest/environment, or id: wh_...", at: position))
        }
        if external.reference.text.hasPrefix("\(state.owner.text)#") {
            report(
                Rejection("the owner is this manifest itself", "remove manage: false and owner:, and state the webhook", at: position))
        }
        state.externalWebhooks.append(external)
    }

    private mutating func apiKey(_ entry: Entry<APIKey>) {
        let (slug, position, extras) = (entry.slug, entry.position, entry.extras)
        var desired = entry.desired
        desired.entry.value.key = slug
        if !desired.entry.states("name") { desired.entry.value.name = slug.text }
        checkLifetime(desired.value, slug, at: position)
        if !desired.entry.states("scopes") {
            report(
                Rejection("the API key \(slug) has no scopes", "add scopes: [...]; nobody gets full by leaving a line out", at: position))
        }
        if !extras.statesSink, extras.adopts == nil {
            report(Rejection("the API key \(slug) would be made and lost", "add deliver_to: { file: PATH }", at: position))
        }
        if let sink = extras.sink { state.sinks[slug] = sink }
        keep(extras, of: desired.value, at: position)
        state.apiKeys.append(desired)
    }

    private mutating func checkLifetime(_ key: APIKey, _ slug: Slug, at position: Position) {
        guard let after = key.expiresAfter else { return }
        if key.expiresAt != nil {
            report(Rejection("the API key \(slug) has expires_after and expires_at", "keep one", at: position))
        }
        guard let rotate = key.rotateEvery else { return }
        let needed = rotate.seconds + key.grace.seconds + TimeSpan.days(7).seconds
        if needed > after.seconds {
            report(
                Rejection(
                    "the API key \(slug) could expire before it is rotated",
                    "expires_after must be at least rotate_every + grace + 7d = \(TimeSpan(seconds: needed).text)", at: position))
        }
    }

    /// Keeps what an entry states beside its fields, once its name is known.
    mutating func keep<R: Resource>(_ extras: Extras, of value: R, at position: Position) {
        var options = extras.options
        if let written = extras.movedFrom, let alias = value as? Alias, let domain = alias.domain?.name {
            do throws(Rejection) {
                options.movedFrom =
                    written.text.contains("@") ? try Address(written.text) : Address(try LocalPart(written.text), at: domain)
            } catch { report(error, at: written.position) }
        }
        for field in options.ignored where !R.mayIgnore(field) {
            let known = R.manifestNames.filter(R.mayIgnore)
            let guess = Spelling.nearest(to: field, in: known).map { "did you mean \($0)?" }
            report(
                Rejection(
                    "\(Escaped.quoted(String(field.prefix(64)))) is no field that can be ignored here",
                    guess ?? "known here: \(known.joined(separator: ", "))", at: position))
        }
        for null in extras.nulls { reportNull("\(null.value) of the \(title(value))", at: null.position) }
        guard let name = value.naturalKey else { return }
        if !options.isEmpty { state.options[ResourceName(R.kind, name)] = options }
        if !extras.marks.isEmpty { marks[ResourceName(R.kind, name)] = extras.marks }
    }

    private func title<R: Resource>(_ value: R) -> String { "\(R.kind.word) \(value.naturalKey?.description ?? "")" }

    mutating func report(_ rejection: Rejection, at fallback: Position? = nil) {
        let position = rejection.position ?? fallback
        var diagnostic = Diagnostic(.error, file(position), at: position, rejection.problem, rejection.remedy)
        diagnostic.hidesValue = rejection.hidesValue
        diagnostics.append(diagnostic)
    }

    mutating func reportNull(_ what: String, isEntry: Bool = false, at position: Position) {
        let remedy = isEntry ? "remove the line, or write {} for the defaults" : "remove the line"
        report(Rejection("null removes what is inherited, and nothing is inherited here: \(what)", remedy, at: position))
    }

    mutating func warn(_ problem: String, _ remedy: String, at position: Position) {
        diagnostics.append(Diagnostic(.warning, file(position), at: position, problem, remedy))
    }

    private func file(_ position: Position?) -> String { files[Int(position?.file ?? 0)].name }

    /// Another place of the manifest, as a diagnostic at `position` names it.
    func place(_ other: Position, from position: Position) -> String {
        let place = "\(other.line):\(other.column)"
        return other.file == position.file ? place : "\(Escaped.line(file(other))):\(place)"
    }
}
