import EmailConnect

/// Webhooks and API keys: the sections whose keys are slugs.
extension ManifestDecoder {
    mutating func webhooks(_ section: Scalar) throws(SyntaxFailure) {
        switch try begin("webhooks by key", at: section) {
        case .mapping: break
        case .null(let position): return layer.webhooks.null = position
        case .other: return
        }
        var keys = KeySet()
        while let key = try nextKey(&keys) {
            switch try begin("a webhook's fields", at: key) {
            case .mapping: break
            case .null(let position):
                layer.webhooks.nulls[key.text] = position
                continue
            case .other:
                layer.brokenWebhooks.insert(key.text)
                continue
            }
            let (stated, extras) = try fields(of: Webhook.self, "a webhook")
            guard let slug = slug(key) else {
                layer.brokenWebhooks.insert(key.text)
                continue
            }
            layer.webhooks.add(Entry(slug: slug, desired: Desired(relocated(stated, key), at: key.position), extras: extras))
        }
    }

    mutating func apiKeys(_ section: Scalar) throws(SyntaxFailure) {
        switch try begin("API keys by key", at: section) {
        case .mapping: break
        case .null(let position): return layer.apiKeys.null = position
        case .other: return
        }
        var keys = KeySet()
        while let key = try nextKey(&keys) {
            let start = try begin("an API key's fields", at: key)
            if case .null(let position) = start { layer.apiKeys.nulls[key.text] = position }
            guard case .mapping = start else { continue }
            var (stated, extras) = try fields(of: APIKey.self, "an API key")
            if !source.folder.isEmpty {
                extras.sink = extras.sink?.relocated { [folder = source.folder] in Paths.normal(Paths.join(folder, $0)) }
            }
            guard let slug = slug(key) else { continue }
            layer.apiKeys.add(Entry(slug: slug, desired: Desired(stated, at: key.position), extras: extras))
        }
    }

    /// The fields of an entry that was entered.
    private mutating func fields<R: ManifestEntry>(of _: R.Type, _ what: String) throws(SyntaxFailure) -> (Stated<R>, Extras) {
        var stated = Stated<R>()
        var extras = Extras()
        var seen = KeySet()
        while let name = try nextKey(&seen) {
            if try field(name, into: &stated, &extras) { continue }
            if try extra(name, of: R.extraNames, into: &extras) { continue }
            try unknown(name, in: what, known: R.entryNames)
        }
        return (stated, extras)
    }

    /// Secrets in files stand below the folder of the file that names them.
    private mutating func relocated(_ stated: Stated<Webhook>, _ key: Scalar) -> Stated<Webhook> {
        for (field, reference) in stated.value.secretFields where !reference.folder.isEmpty {
            report(
                Rejection(
                    "a reference has env, file, command or age, and perhaps a prefix", "remove folder from \(field)", at: key.position))
        }
        guard !source.folder.isEmpty else { return stated }
        var moved = stated
        moved.value = stated.value.mappingSecrets { [folder = source.folder] secret in
            guard case .reference(var reference) = secret, case .file = reference.source else { return secret }
            reference.folder = folder
            return .reference(reference)
        }
        return moved
    }
}
