import EmailConnect

/// What one file states, with the files that it includes: nothing is defaulted yet, and nothing checked against anything else.
struct Layer: Sendable {
    /// Whether the file was read to its end, so that what is missing in it is worth a message.
    var isWhole = true
    var version: Position?
    var manifest: Marked<Slug>?
    var environment: Marked<Slug>?
    var extends: Marked<String>?
    var includes: [Marked<String>] = []
    var pins = ServerPins()
    var policy = Policy()
    var consent = Consent()
    var removals: [Removal] = []
    var movedFrom: Marked<Owner>?
    var formerManifest: Marked<Slug>?
    var repositoryMovedFrom: Marked<String>?
    var webhooks = Section<Entry<Webhook>>()
    /// Keys of entries that could not be kept, so that one mistake is one message.
    var brokenWebhooks: Set<String> = []
    var aliasSets = Section<AliasSet>()
    var domains = Section<DomainEntry>()
    var apiKeys = Section<Entry<APIKey>>()

    /// Whether nothing is stated but a version and a policy.
    var hasOnlyPolicy: Bool {
        let isAnonymous = manifest == nil && environment == nil && extends == nil && includes.isEmpty
        let isEmpty = webhooks.isEmpty && domains.isEmpty && apiKeys.isEmpty && aliasSets.isEmpty
        return isAnonymous && isEmpty && pins == ServerPins() && consent == Consent() && removals.isEmpty && movedFrom == nil
            && formerManifest == nil && repositoryMovedFrom == nil
    }

    /// This layer over the one that it extends, value by value. `version`, `manifest` and `environment` are not inherited, a policy
    /// only becomes tighter.
    /// - Complexity: O(entries of both)
    func over(_ base: consuming Layer) -> Layer {
        var merged = self
        // Taken out, so that nobody else holds them and they need not be copied.
        var domains = Section<DomainEntry>()
        swap(&domains, &base.domains)
        merged.isWhole = isWhole && base.isWhole
        merged.pins = pins.over(base.pins)
        merged.policy = base.policy.tightened(by: policy)
        merged.consent = base.consent.adding(consent)
        merged.consent.position = consent.position ?? base.consent.position
        let named = Set(removals.map(\.name))
        merged.removals = base.removals.filter { !named.contains($0.name) } + removals
        merged.movedFrom = movedFrom ?? (formerManifest == nil ? base.movedFrom : nil)
        merged.formerManifest = formerManifest ?? (movedFrom == nil ? base.formerManifest : nil)
        merged.repositoryMovedFrom = repositoryMovedFrom ?? base.repositoryMovedFrom
        merged.webhooks = webhooks.over(base.webhooks)
        merged.brokenWebhooks.formUnion(base.brokenWebhooks)
        merged.aliasSets = aliasSets.over(base.aliasSets)
        merged.domains = self.domains.over(domains)
        merged.apiKeys = apiKeys.over(base.apiKeys)
        return merged
    }

    /// This layer and a file that it includes. What both state is a clash; their policies tighten each other.
    /// - Complexity: O(entries of both)
    func joined(with part: Layer, _ clashes: inout [Clash]) -> Layer {
        var joined = self
        func one<T>(_ what: String, _ own: Marked<T>?, _ other: Marked<T>?) -> Marked<T>? {
            if let own, let other { clashes.append(Clash(what: what, first: own.position, second: other.position)) }
            return own ?? other
        }
        joined.isWhole = isWhole && part.isWhole
        joined.version = version ?? part.version
        joined.manifest = one("manifest", manifest, part.manifest)
        joined.environment = one("environment", environment, part.environment)
        if let first = pins.position, let second = part.pins.position {
            clashes.append(Clash(what: "server", first: first, second: second))
        }
        joined.pins = pins.over(part.pins)
        joined.policy = policy.tightened(by: part.policy)
        if let first = consent.position, let second = part.consent.position {
            clashes.append(Clash(what: "allow", first: first, second: second))
        }
        joined.consent = part.consent.adding(consent)
        joined.consent.position = consent.position ?? part.consent.position
        joined.removals += part.removals
        joined.movedFrom = one("manifest_moved_from", movedFrom, part.movedFrom)
        joined.formerManifest = one("manifest_moved_from", formerManifest, part.formerManifest)
        joined.repositoryMovedFrom = one("repository_moved_from", repositoryMovedFrom, part.repositoryMovedFrom)
        joined.webhooks = webhooks.joined(with: part.webhooks, &clashes)
        joined.brokenWebhooks.formUnion(part.brokenWebhooks)
        joined.aliasSets = aliasSets.joined(with: part.aliasSets, &clashes)
        joined.domains = domains.joined(with: part.domains, &clashes)
        joined.apiKeys = apiKeys.joined(with: part.apiKeys, &clashes)
        return joined
    }
}

extension ServerPins {
    fileprivate func over(_ inherited: ServerPins) -> ServerPins {
        var merged = self
        merged.url = url ?? inherited.url
        merged.account = account ?? inherited.account
        merged.dialect = dialect ?? inherited.dialect
        merged.position = position ?? inherited.position
        return merged
    }
}
