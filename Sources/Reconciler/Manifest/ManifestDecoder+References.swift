import EmailConnect

extension ManifestDecoder {
    /// Checks what can only be checked when everything has been read, and makes the state.
    /// - Parameter isWhole: false after a syntax error: what is missing may stand behind it.
    mutating func check(endingAt isWhole: Bool) -> DesiredState? {
        guard isWhole else { return nil }
        for (name, isThere) in [
            ("version: 1", draft.version != nil), ("manifest: NAME", draft.manifest != nil),
            ("environment: NAME", draft.environment != nil),
        ] where !isThere {
            report(Rejection("the line \(name) is missing", "add it at the top"))
        }
        checkSinks()
        let known = references
        for index in draft.domains.indices {
            let (reference, place) = (draft.domains[index].value.webhook, draft.domains[index].webhookPosition)
            draft.domains[index].value.webhook = resolve(reference, known, at: place)
        }
        for index in draft.aliases.indices {
            let (reference, place) = (draft.aliases[index].value.webhook, draft.aliases[index].webhookPosition)
            draft.aliases[index].value.webhook = resolve(reference, known, at: place)
        }
        guard let manifest = draft.manifest, let environment = draft.environment else { return nil }
        var state = DesiredState(owner: Owner(manifest: manifest, environment: environment))
        for webhook in draft.externalWebhooks where webhook.reference.text.hasPrefix("\(state.owner.text)#") {
            report(
                Rejection(
                    "the owner is this manifest itself", "remove manage: false and owner:, and state the webhook", at: webhook.position))
        }
        state.pins = draft.pins
        state.webhooks = draft.webhooks
        state.domains = draft.domains
        state.aliases = draft.aliases
        state.apiKeys = draft.apiKeys
        state.externalWebhooks = draft.externalWebhooks
        state.externalDomains = draft.externalDomains
        state.sinks = draft.sinks
        state.options = draft.options
        state.consent = draft.consent
        state.removals = draft.removals
        state.movedFrom = draft.movedFrom
        if let former = draft.formerManifest { state.movedFrom = Owner(manifest: former.slug, environment: environment) }
        state.repositoryMovedFrom = draft.repositoryMovedFrom
        checkRenames()
        checkRemovals(state)
        return state
    }

    /// Refuses sinks that would overwrite each other, the manifest, a secret or the local account.
    private mutating func checkSinks() {
        var taken: [String: String] = [Paths.normal(file.split(separator: "/").last.map(String.init) ?? file): "the manifest itself"]
        for webhook in draft.webhooks {
            for (_, reference) in webhook.value.secretFields {
                if case .file(let path) = reference.source { taken[Paths.normal(path)] = "a secret of this manifest" }
            }
        }
        for key in draft.apiKeys {
            guard let slug = key.value.key, case .file(let path)? = draft.sinks[slug] else { continue }
            let normal = Paths.normal(path)
            if let other = taken[normal] {
                report(Rejection("the API key \(slug) would overwrite \(other)", "deliver it to a file of its own", at: key.position))
            } else if normal == "." || normal.hasPrefix(".reconcile") || normal.hasSuffix("..") {
                report(Rejection("the API key \(slug) cannot be delivered there", "name a file, outside .reconcile", at: key.position))
            }
            taken[normal] = "the API key \(slug)"
        }
    }

    /// What a webhook's key in this manifest stands for.
    private var references: [String: WebhookReference] {
        var known: [String: WebhookReference] = [:]
        for webhook in draft.webhooks { if let key = webhook.value.key { known[key.text] = .key(key.text) } }
        for webhook in draft.externalWebhooks { known[webhook.key.text] = webhook.reference }
        return known
    }

    private mutating func resolve(
        _ reference: WebhookReference?, _ known: [String: WebhookReference], at position: Position?
    ) -> WebhookReference? {
        guard case .key(let key) = reference else { return nil }
        if let found = known[key] { return found }
        if draft.webhookKeys.contains(key) { return nil }
        guard (try? Slug(key)) != nil else {
            report(Rejection("not a webhook's key", "name an entry under webhooks:", at: position).hidingValue())
            return nil
        }
        let guess = Spelling.nearest(to: key, in: known.keys.sorted()).map { "did you mean \($0)?" }
        report(
            Rejection(
                "there is no webhook \(Escaped.quoted(String(key.prefix(64))))",
                guess ?? "add it under webhooks:, with manage: false if others manage it", at: position))
        return nil
    }
}
