import EmailConnect

/// Webhooks and API keys: what has no key yet gets one.
extension Exporter {
    /// Decides on a key for every webhook, so that domains and aliases can name it.
    mutating func nameWebhooks() {
        if let into = options.into {
            for webhook in into.webhooks { if let key = webhook.value.key { names.take(key.text) } }
            for webhook in into.externalWebhooks { names.take(webhook.key.text) }
        }
        for record in state.webhooks {
            names.known(record)
            if record.owner == options.owner, let key = record.value.key { names.assign(key.text, to: record.id, by: key.text) }
            if let owner = record.owner, let key = record.value.key { names.alias("\(owner.text)#\(key.text)", for: record.id) }
        }
        guard let into = options.into else { return }
        for webhook in into.webhooks {
            guard let key = webhook.value.key, let id = into.options[ResourceName(.webhook, key)]?.adopts else { continue }
            names.assign(key.text, to: id)
        }
        for webhook in into.externalWebhooks {
            if let id = names.id(of: webhook.id ?? webhook.reference.text) { names.assign(webhook.key.text, to: id) }
        }
    }

    /// The webhooks that nobody declares yet: all, or with `--domain` those that are used.
    mutating func webhooks() {
        let declared = Set((options.into?.webhooks ?? []).compactMap { $0.value.key?.text })
            .union((options.into?.externalWebhooks ?? []).map(\.key.text))
        for record in state.webhooks {
            let isUsed = names.isUsed(record.id)
            guard isUsed || isWanted(record) && options.domains.isEmpty else {
                if !isWanted(record) { foreign[.webhook, default: 0] += 1 }
                continue
            }
            guard let key = names.key(of: record.id), !declared.contains(key) else { continue }
            var entry = ExportedManifest.Entry(key: key)
            if isWanted(record) {
                var webhook = record.value
                webhook.key = try? Slug(key)
                (entry.fields, entry.headers) = fields(webhook)
                if webhook.name != key { entry.fields.insert(.init(name: "name", value: YAMLText.scalar(webhook.name)), at: 0) }
                if case .plain(let url) = webhook.url, !url.isSecure { entry.notes.append("decide: its URL is not https") }
                if !isUsed { entry.notes.append("decide: no alias and no domain uses it") }
                if record.owner == nil { entry.fields.append(.init(name: "adopt", value: "{ id: \(record.id) }")) }
            } else {
                foreign[.webhook, default: 0] += 1
                entry.fields.append(.init(name: "manage", value: "false"))
                if let owner = record.owner, record.value.key?.text == key {
                    entry.fields.append(.init(name: "owner", value: owner.text))
                } else {
                    entry.fields.append(.init(name: "id", value: record.id))
                }
            }
            manifest.webhooks.append(entry)
        }
        manifest.webhooks.sort { $0.key < $1.key }
    }

    /// The API keys, but for those that nobody has to manage and those that are revoked.
    mutating func apiKeys() {
        var keys = ExportedNames()
        var declared: Set<String> = []
        for key in options.into?.apiKeys ?? [] {
            guard let slug = key.value.key else { continue }
            keys.take(slug.text)
            declared.insert(slug.text)
            if let id = options.into?.options[ResourceName(.apiKey, slug)]?.adopts { declared.insert(id) }
        }
        for record in state.apiKeys where record.owner == options.owner { if let slug = record.value.key { keys.take(slug.text) } }
        for record in state.apiKeys {
            guard isWanted(record) else {
                foreign[.apiKey, default: 0] += 1
                continue
            }
            let own = record.owner == options.owner ? record.value.key?.text : nil
            if state.header.ownKeys.contains(record.id) || declared.contains(record.id) { continue }
            if let own, declared.contains(own) { continue }
            let key = own ?? keys.fresh(for: record.value.name, else: "key")
            if let since = state.revoked[record.id] {
                manifest.head.append("Not here: the API key \(key), revoked \(since.text).")
                continue
            }
            var entry = ExportedManifest.Entry(key: key)
            (entry.fields, _) = fields(record.value)
            if record.value.name != key { entry.fields.insert(.init(name: "name", value: YAMLText.scalar(record.value.name)), at: 0) }
            if record.value.scopes == .full { entry.notes.append("decide: it may do everything") }
            if record.value.expiresAt == nil, record.value.expiresAfter == nil { entry.notes.append("decide: it never ends") }
            entry.notes.append("decide: deliver_to, the place for its new token; a rotation needs one")
            if record.owner == nil {
                entry.fields.append(.init(name: "adopt", value: "{ id: \(record.id) }"))
            } else {
                // A key of one's own without a place is an error.
                entry.fields.append(.init(name: "deliver_to", value: "{ file: keys/\(key).key }"))
            }
            manifest.apiKeys.append(entry)
        }
        manifest.apiKeys.sort { $0.key < $1.key }
    }
}
