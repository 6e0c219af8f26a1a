import EmailConnect

extension StateBuilder {
    /// Sets multiply: what a few lines can ask for is bounded.
    private static let mostAliases = 1_000_000

    mutating func domain(_ entry: DomainEntry) {
        guard !isFull else { return }
        var entry = entry
        guard let name = name(of: entry) else { return }
        entry.desired.entry.value.name = name
        if let first = domainPositions[name] {
            report(
                Rejection(
                    "the domain \(name.text) stands here twice", "remove one; the first is at \(place(first, from: entry.position))",
                    at: entry.position))
        } else {
            domainPositions[name] = entry.position
        }
        if entry.key != name.text { state.domainKeys[name] = entry.key }
        let list = aliases(of: entry, name)
        if !(entry.extras.manage ?? true) {
            let stated = entry.desired.entry.rows.map { Domain.fields[$0].name }
            if stated.contains(where: { $0 != "name" }) {
                report(
                    Rejection(
                        "a domain with manage: false is never written", "remove its fields but for name and aliases",
                        at: entry.position))
            }
            state.externalDomains.append(ExternalDomain(name: name, position: entry.position))
        } else {
            state.domains.append(entry.desired)
            keep(entry.extras, of: entry.desired.value, at: entry.position)
            if entry.desired.value.webhook != nil, list.contains(where: { $0.value.name?.text == LocalPart.catchAll }) {
                warn(
                    "the domain's webhook is never used: its alias \"*\" takes what no other alias takes",
                    "remove webhook: from the domain, or the alias", at: entry.desired.webhookPosition ?? entry.position)
            }
        }
        for index in list.indices {
            var alias = list[index]
            alias.entry.value.domain = .name(name)
            state.aliases.append(alias)
        }
        if state.aliases.count > Self.mostAliases, !isFull {
            isFull = true
            report(Rejection("more than \(Self.mostAliases) aliases", "give some domains a manifest of their own", at: entry.position))
        }
    }

    /// The key is the name unless `name:` says otherwise.
    private mutating func name(of entry: DomainEntry) -> DomainName? {
        do throws(Rejection) {
            guard entry.desired.entry.states("name") else { return try DomainName(entry.written.text) }
            if (try? DomainName(entry.key)) == nil { _ = try Slug(entry.written.text) }
            return entry.desired.value.name
        } catch {
            let isName = !entry.desired.entry.states("name")
            report(
                Rejection(
                    error.problem, isName ? "the key is the name unless name: says otherwise" : error.remedy, at: entry.written.position))
            return nil
        }
    }

    /// Its own aliases, over those of the sets that it uses; they do not know their domain yet.
    private mutating func aliases(of entry: DomainEntry, _ name: DomainName) -> [Desired<Alias>] {
        var list = entry.aliases
        if let use = entry.use { list = list.over(sets(use)) }
        if !list.extras.isEmpty {
            for item in list.items {
                guard let local = item.value.name, let extras = list.extras[local] else { continue }
                var alias = item.value
                alias.domain = .name(name)
                keep(extras, of: alias, at: item.position)
            }
        }
        for (local, position) in list.nulls { reportNull("alias \(local.text)@\(name.text)", isEntry: true, at: position) }
        if let null = list.null { reportNull("aliases of the domain \(name.text)", at: null) }
        return list.items
    }

    /// The aliases of several sets, each alias in one of them.
    private mutating func sets(_ use: [Marked<String>]) -> AliasList {
        var all = AliasList()
        for name in use {
            guard let set = layer.aliasSets[name.value] else {
                let guess = Spelling.nearest(to: name.value, in: layer.aliasSets.entries.map(\.key)).map { "did you mean \($0)?" }
                let shown = Escaped.quoted(String(name.value.prefix(64)))
                report(Rejection("there is no alias set \(shown)", guess ?? "add it under alias_sets:", at: name.position))
                continue
            }
            let known = Dictionary(all.items.map { ($0.value.name, $0.position) }) { first, _ in first }
            for item in set.aliases.items {
                guard let first = known[item.value.name] else { continue }
                report(
                    Rejection(
                        "the alias \(item.value.name?.text ?? "") is in two of the sets",
                        "keep it in one: they are at \(place(first, from: name.position)) and \(place(item.position, from: name.position))",
                        at: name.position))
            }
            var clashes: [Clash] = []
            all = all.joined(with: set.aliases, &clashes)
        }
        return all
    }

    /// What is written as `null` though nothing is inherited. What an alias set has is reported where it is used.
    mutating func reportNulls() {
        for (key, position) in layer.webhooks.nulls { reportNull("webhook \(Escaped.line(key))", isEntry: true, at: position) }
        for (key, position) in layer.domains.nulls { reportNull("domain \(Escaped.line(key))", isEntry: true, at: position) }
        for (key, position) in layer.apiKeys.nulls { reportNull("api key \(Escaped.line(key))", isEntry: true, at: position) }
        for (key, position) in layer.aliasSets.nulls { reportNull("alias set \(Escaped.line(key))", isEntry: true, at: position) }
        let sections = [
            ("webhooks", layer.webhooks.null), ("domains", layer.domains.null), ("api_keys", layer.apiKeys.null),
            ("alias_sets", layer.aliasSets.null),
        ]
        for (name, position) in sections { if let position { reportNull(name, at: position) } }
    }
}
