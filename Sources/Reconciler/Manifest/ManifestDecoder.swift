import EmailConnect

/// Reads a manifest straight from its events into the state that it wants, and collects every error on the way.
struct ManifestDecoder: ~Copyable {
    let file: String
    var yaml: YAMLReader
    var diagnostics: [Diagnostic] = []
    var draft = Draft()
    /// What aliases of the domain that is being read state beside their fields, by place.
    var aliasExtras: [(index: Int, extras: Extras)] = []

    /// What has been read, before references are checked.
    struct Draft {
        var version: String?
        var manifest: Slug?
        var environment: Slug?
        var pins = ServerPins()
        var webhooks: [Desired<Webhook>] = []
        var externalWebhooks: [ExternalWebhook] = []
        /// Also of entries with errors, so that one mistake is one message.
        var webhookKeys: Set<String> = []
        var domains: [Desired<Domain>] = []
        var externalDomains: [ExternalDomain] = []
        var domainPositions: [DomainName: Position] = [:]
        var aliases: [Desired<Alias>] = []
        var apiKeys: [Desired<APIKey>] = []
        var sinks: [Slug: Sink] = [:]
        var options: [ResourceName: EntryOptions] = [:]
        var consent = Consent()
        var removals: [Removal] = []
        var movedFrom: Owner?
        var formerManifest: (slug: Slug, position: Position)?
        var repositoryMovedFrom: String?
    }

    private static let sections = [
        "version", "manifest", "environment", "manifest_moved_from", "repository_moved_from", "server", "allow", "webhooks", "domains",
        "api_keys", "removed",
    ]

    /// The state that a manifest wants, and everything that is wrong with it; no state when there is an error.
    /// - Complexity: O(bytes), one pass.
    static func decode(_ bytes: [UInt8], file: String) -> (state: DesiredState?, diagnostics: [Diagnostic]) {
        do throws(SyntaxFailure) {
            var decoder = ManifestDecoder(file: file, yaml: try YAMLReader(bytes))
            let end = try decoder.read()
            let state = decoder.check(endingAt: end)
            let diagnostics = decoder.diagnostics.sorted()
            return (diagnostics.contains { $0.severity == .error } ? nil : state, diagnostics)
        } catch {
            return (nil, [Diagnostic(error, file)])
        }
    }

    /// As ``decode(_:file:)``, with what was found before a syntax error.
    private mutating func read() throws(SyntaxFailure) -> Bool {
        do throws(SyntaxFailure) {
            return try document()
        } catch {
            diagnostics.append(Diagnostic(error, file))
            return false
        }
    }

    /// - Returns: whether there was a mapping, so that what is missing in it is worth a message.
    private mutating func document() throws(SyntaxFailure) -> Bool {
        guard try enter("a mapping with version, manifest and environment", at: Scalar("", .plain)) else {
            try yaml.finish()
            return false
        }
        var seen = KeySet()
        while let key = try nextKey(&seen) {
            switch key.text {
            case "version", "manifest", "environment": try identity(key)
            case "server": try server(key)
            case "webhooks": try webhooks(key)
            case "domains": try domains(key)
            case "api_keys": try apiKeys(key)
            case "allow": try allow()
            case "removed": try removed()
            case "manifest_moved_from", "repository_moved_from": try moved(key)
            default: try unknown(key, in: "a manifest", known: Self.sections)
            }
        }
        try yaml.finish()
        return true
    }

    private mutating func identity(_ key: Scalar) throws(SyntaxFailure) {
        let node = try yaml.node()
        do throws(Rejection) {
            switch key.text {
            case "version":
                draft.version = try node.text("the number 1")
                guard draft.version == "1" else {
                    throw Rejection("this manifest is of another version", "this reconcile reads version: 1")
                }
            case "manifest": draft.manifest = try Slug(node)
            default: draft.environment = try Slug(node)
            }
        } catch {
            // What is there but wrong is not also missing.
            if key.text == "version" { draft.version = "" }
            if key.text == "manifest" { draft.manifest = Self.placeholder }
            if key.text == "environment" { draft.environment = Self.placeholder }
            report(error, at: node.position)
        }
    }

    private static var placeholder: Slug? { try? Slug("invalid") }

    private mutating func server(_ section: Scalar) throws(SyntaxFailure) {
        guard try enter("url and account", at: section) else { return }
        draft.pins.position = section.position
        var seen = KeySet()
        while let key = try nextKey(&seen) {
            guard ["url", "account"].contains(key.text) else {
                try unknown(key, in: "server", known: ["url", "account"])
                continue
            }
            let node = try yaml.node()
            do throws(Rejection) {
                if key.text == "url" {
                    do throws(Rejection) { draft.pins.url = try HTTPURL(node) } catch { throw error.hidingValue() }
                } else {
                    draft.pins.account = try node.text("an account's id")
                }
            } catch { report(error, at: node.position) }
        }
    }

    private mutating func webhooks(_ section: Scalar) throws(SyntaxFailure) {
        let extraNames = ["manage", "owner", "id", "adopt", "ignore_fields"]
        guard try enter("webhooks by key", at: section) else { return }
        var entries = KeySet()
        while let key = try nextKey(&entries) {
            let slug = slug(key)
            draft.webhookKeys.insert(key.text)
            guard try enter("a webhook's fields", at: key) else { continue }
            var entry = Stated<Webhook>()
            var extras = Extras()
            var seen = KeySet()
            while let name = try nextKey(&seen) {
                if try field(name, into: &entry) { continue }
                if try extra(name, of: extraNames, into: &extras) { continue }
                try unknown(name, in: "a webhook", known: Webhook.manifestNames + extraNames)
            }
            guard let slug else { continue }
            guard extras.manage else {
                external(slug, key.position, extras, states: !entry.isEmpty)
                continue
            }
            if extras.owner != nil || extras.id != nil {
                report(
                    Rejection("owner and id are for webhooks that others manage", "add manage: false, or remove the line", at: key.position)
                )
            }
            if seen["url"] == nil {
                report(Rejection("the webhook \(slug) has no url", "add url: https://...", at: key.position))
            }
            entry.value.key = slug
            if !entry.states("name") { entry.value.name = slug.text }
            warnOfLiterals(entry.value, slug, at: key.position)
            keep(extras, of: entry.value, at: key.position)
            draft.webhooks.append(Desired(entry, at: key.position))
        }
    }

    /// A secret may stand in a URL or under a harmless header's name; it shows in Git and in every plan.
    private mutating func warnOfLiterals(_ webhook: Webhook, _ slug: Slug, at position: Position) {
        var places: [String] = []
        if case .plain(let url) = webhook.url, SecretLook.isLikely(inURL: url.text) { places.append("url") }
        for (name, value) in webhook.headers.sorted {
            if case .plain(let text) = value, SecretLook.isLikely(text) { places.append("the header \(name.text)") }
        }
        for place in places {
            warn("\(place) of the webhook \(slug) looks like a secret", "put it in the environment and write { env: NAME }", at: position)
        }
    }

    private mutating func external(_ slug: Slug, _ position: Position, _ extras: Extras, states fields: Bool) {
        if fields {
            report(Rejection("a webhook with manage: false is never written", "remove its fields, or manage: false", at: position))
        }
        switch (extras.owner, extras.id) {
        case (let owner?, nil):
            draft.externalWebhooks.append(
                ExternalWebhook(key: slug, reference: .key("\(owner.text)#\(slug.text)"), id: nil, position: position))
        case (nil, let id?): draft.externalWebhooks.append(ExternalWebhook(key: slug, reference: .id(id), id: id, position: position))
        default:
            report(Rejection("which webhook is it that others manage?", "add owner: manifest/environment, or id: wh_...", at: position))
        }
    }

    private mutating func apiKeys(_ section: Scalar) throws(SyntaxFailure) {
        let extraNames = ["deliver_to", "adopt", "ignore_fields", "reissue"]
        guard try enter("API keys by key", at: section) else { return }
        var entries = KeySet()
        while let key = try nextKey(&entries) {
            let slug = slug(key)
            guard try enter("an API key's fields", at: key) else { continue }
            var entry = Stated<APIKey>()
            var extras = Extras()
            var seen = KeySet()
            while let name = try nextKey(&seen) {
                if try field(name, into: &entry) { continue }
                if try extra(name, of: extraNames, into: &extras) { continue }
                try unknown(name, in: "an API key", known: APIKey.manifestNames + extraNames)
            }
            guard let slug else { continue }
            entry.value.key = slug
            if !entry.states("name") { entry.value.name = slug.text }
            checkLifetime(entry.value, slug, at: key.position)
            if seen["scopes"] == nil {
                report(
                    Rejection(
                        "the API key \(slug) has no scopes", "add scopes: [...]; nobody gets full by leaving a line out", at: key.position))
            }
            if seen["deliver_to"] == nil, extras.options.adopts == nil {
                report(Rejection("the API key \(slug) would be made and lost", "add deliver_to: { file: PATH }", at: key.position))
            }
            if let sink = extras.sink { draft.sinks[slug] = sink }
            keep(extras, of: entry.value, at: key.position)
            draft.apiKeys.append(Desired(entry, at: key.position))
        }
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
}
