import EmailConnect

extension ManifestDecoder {
    mutating func domains(_ section: Scalar) throws(SyntaxFailure) {
        guard try enter("domains by key", at: section) else { return }
        var entries = KeySet()
        while let key = try nextKey(&entries) {
            guard try enter("a domain's fields", at: key) else { continue }
            var entry = Stated<Domain>()
            var extras = Extras()
            var seen = KeySet()
            var webhook: Position?
            let firstAlias = draft.aliases.count
            while let name = try nextKey(&seen) {
                if name.text == "aliases" {
                    try aliases(name)
                    continue
                }
                if name.text == "webhook" { webhook = try yaml.peek().position }
                if try field(name, into: &entry) { continue }
                if try extra(name, of: ["manage", "ignore_fields"], into: &extras) { continue }
                try unknown(name, in: "a domain", known: Domain.manifestNames + ["aliases", "manage", "ignore_fields"])
            }
            if seen["name"] == nil { entry.value.name = name(from: key) }
            if entry.value.name != nil, seen["name"] != nil { _ = slug(key) }
            guard let name = entry.value.name else {
                draft.aliases.removeSubrange(firstAlias...)
                aliasExtras.removeAll()
                continue
            }
            for index in firstAlias..<draft.aliases.count { draft.aliases[index].value.domain = .name(name) }
            for (index, extras) in aliasExtras { keep(extras, of: draft.aliases[index].value, at: draft.aliases[index].position) }
            aliasExtras.removeAll()
            finish(entry, name, extras, key, webhook, firstAlias)
        }
    }

    private mutating func finish(
        _ entry: Stated<Domain>, _ name: DomainName, _ extras: Extras, _ key: Scalar, _ webhook: Position?,
        _ firstAlias: Int
    ) {
        if let first = draft.domainPositions[name] {
            report(
                Rejection(
                    "the domain \(name.text) stands here twice", "remove one; the first is at \(first.line):\(first.column)",
                    at: key.position))
        } else {
            draft.domainPositions[name] = key.position
        }
        if !extras.manage {
            if !entry.isEmpty, entry.rows != Domain.fields.indices.filter({ Domain.fields[$0].name == "name" }) {
                report(
                    Rejection(
                        "a domain with manage: false is never written", "remove its fields but for name and aliases", at: key.position))
            }
            draft.externalDomains.append(ExternalDomain(name: name, position: key.position))
            return
        }
        draft.domains.append(Desired(entry, at: key.position, webhook: webhook))
        keep(extras, of: entry.value, at: key.position)
        if entry.value.webhook != nil, draft.aliases[firstAlias...].contains(where: { $0.value.name?.text == LocalPart.catchAll }) {
            warn(
                "the domain's webhook is never used: its alias \"*\" takes what no other alias takes",
                "remove webhook: from the domain, or the alias", at: webhook ?? key.position)
        }
    }

    private mutating func name(from key: Scalar) -> DomainName? {
        do throws(Rejection) { return try DomainName(key.text) } catch {
            report(Rejection(error.problem, "the key is the name unless name: says otherwise", at: key.position))
            return nil
        }
    }

    /// The entries below `aliases:`; the loop that a large manifest spends its time in.
    private mutating func aliases(_ section: Scalar) throws(SyntaxFailure) {
        guard try enter("aliases by name", at: section) else { return }
        var canonical: [LocalPart: Position] = [:]
        while let key = try nextKey() {
            let name: LocalPart?
            do throws(Rejection) { name = try LocalPart(key.text) } catch {
                report(error, at: key.position)
                name = nil
            }
            guard let found = try alias(key), let name else { continue }
            var alias = found.alias
            if let first = canonical[name] {
                report(
                    Rejection(
                        "the alias \(name.text) stands here twice",
                        "remove one; the first is at \(first.line):\(first.column)", at: key.position))
                continue
            }
            canonical[name] = key.position
            alias.value.name = name
            if let extras = found.extras { aliasExtras.append((draft.aliases.count, extras)) }
            draft.aliases.append(alias)
        }
    }

    private mutating func alias(_ key: Scalar) throws(SyntaxFailure) -> (alias: Desired<Alias>, extras: Extras?)? {
        var entry = Stated<Alias>()
        if case .scalar(let scalar, _) = try yaml.peek(), !scalar.isBlank, !scalar.isNull {
            // The short form: the webhook alone.
            _ = try yaml.next()
            entry.value.webhook = .key(scalar.text)
            return (Desired(entry, at: key.position, webhook: scalar.position), nil)
        }
        guard try enter("an alias's fields, or a webhook's key", at: key) else { return nil }
        var webhook: Position?
        var seen = KeySet()
        var extras: Extras?
        let extraNames = ["moved_from", "ignore_fields"]
        while let name = try nextKey(&seen) {
            if name.text == "webhook" { webhook = try yaml.peek().position }
            if try field(name, into: &entry) { continue }
            var more = extras ?? Extras()
            if try extra(name, of: extraNames, into: &more) {
                extras = more
                continue
            }
            try unknown(name, in: "an alias", known: Alias.manifestNames + extraNames)
        }
        return (Desired(entry, at: key.position, webhook: webhook), extras)
    }
}
