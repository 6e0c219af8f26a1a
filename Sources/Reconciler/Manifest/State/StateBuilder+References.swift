import EmailConnect

extension StateBuilder {
    mutating func resolveReferences() {
        let known = references
        for index in state.domains.indices {
            let (reference, place) = (state.domains[index].value.webhook, state.domains[index].webhookPosition)
            state.domains[index].entry.value.webhook = resolve(reference, known, at: place)
        }
        for index in state.aliases.indices {
            let (reference, place) = (state.aliases[index].value.webhook, state.aliases[index].webhookPosition)
            state.aliases[index].entry.value.webhook = resolve(reference, known, at: place)
        }
        // A set that nobody uses may still be wrong.
        for set in layer.aliasSets.entries {
            for alias in set.aliases.items { _ = resolve(alias.value.webhook, known, at: alias.webhookPosition) }
        }
    }

    /// What a webhook's key in this manifest stands for.
    private var references: [String: WebhookReference] {
        var known: [String: WebhookReference] = [:]
        for webhook in state.webhooks { if let key = webhook.value.key { known[key.text] = .key(key.text) } }
        for webhook in state.externalWebhooks { known[webhook.key.text] = webhook.reference }
        return known
    }

    private mutating func resolve(
        _ reference: WebhookReference?, _ known: [String: WebhookReference], at position: Position?
    ) -> WebhookReference? {
        guard case .key(let key) = reference else { return nil }
        if let found = known[key] { return found }
        if layer.brokenWebhooks.contains(key) || layer.webhooks[key] != nil { return nil }
        guard isSlug(key) else {
            report(Rejection("not a webhook's key", "name an entry under webhooks:", at: position).hidingValue())
            return nil
        }
        guard unknownReferences.insert(Unknown(key: key, position: position)).inserted else { return nil }
        let guess = Spelling.nearest(to: key, in: known.keys.sorted()).map { "did you mean \($0)?" }
        report(
            Rejection(
                "there is no webhook \(Escaped.quoted(String(key.prefix(64))))",
                guess ?? "add it under webhooks:, with manage: false if others manage it", at: position))
        return nil
    }

    private func isSlug(_ key: String) -> Bool { (try? Slug(key)) != nil }
}
