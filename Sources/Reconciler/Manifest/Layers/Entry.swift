import EmailConnect

/// What a file states of one webhook or one API key.
struct Entry<R: Resource>: LayeredEntry {
    var slug: Slug
    var desired: Desired<R>
    var extras: Extras

    var key: String { slug.text }
    var position: Position { desired.position }

    func over(_ inherited: consuming Entry) -> Entry {
        var merged = self
        (merged.desired, merged.extras) = desired.over(inherited.desired, extras, inherited.extras)
        return merged
    }

    func joined(with other: Entry, _ clashes: inout [Clash]) -> Entry {
        var joined = self
        (joined.desired, joined.extras) = desired.joined(with: other.desired, extras, other.extras, "\(R.kind.word) \(key)", &clashes)
        return joined
    }
}

/// What a file states of one domain and of the aliases on it.
struct DomainEntry: LayeredEntry {
    /// The name, or the key of one that has its name stated.
    var key: String
    /// As it is written.
    var written: Scalar
    var desired: Desired<Domain>
    var extras: Extras
    /// The alias sets whose aliases it has too.
    var use: [Marked<String>]?
    var aliases = AliasList()

    var position: Position { desired.position }

    func over(_ inherited: consuming DomainEntry) -> DomainEntry {
        var merged = self
        // Taken out, so that nobody else holds them and they need not be copied.
        var others = AliasList()
        swap(&others, &inherited.aliases)
        (merged.desired, merged.extras) = desired.over(inherited.desired, extras, inherited.extras)
        let isRemoved = extras.nulls.contains { $0.value == "use" }
        if isRemoved, inherited.use != nil { merged.extras.nulls.removeAll { $0.value == "use" } }
        merged.use = use ?? (isRemoved ? nil : inherited.use)
        merged.aliases = aliases.over(others)
        return merged
    }

    func joined(with other: DomainEntry, _ clashes: inout [Clash]) -> DomainEntry {
        var joined = self
        (joined.desired, joined.extras) = desired.joined(with: other.desired, extras, other.extras, "domain \(key)", &clashes)
        if let first = use?.first, let second = other.use?.first {
            clashes.append(Clash(what: "use of the domain \(key)", first: first.position, second: second.position))
        }
        joined.use = use ?? other.use
        joined.aliases = aliases.joined(with: other.aliases, &clashes)
        return joined
    }
}

/// Aliases that several domains have.
struct AliasSet: LayeredEntry {
    var key: String
    var position: Position
    var aliases: AliasList

    func over(_ inherited: consuming AliasSet) -> AliasSet {
        AliasSet(key: key, position: position, aliases: aliases.over(inherited.aliases))
    }

    func joined(with other: AliasSet, _ clashes: inout [Clash]) -> AliasSet {
        AliasSet(key: key, position: position, aliases: aliases.joined(with: other.aliases, &clashes))
    }
}

extension Desired {
    /// This over what is inherited, field by field; each header is a field.
    func over(_ inherited: Desired, _ extras: Extras, _ others: Extras) -> (Desired, Extras) {
        (over(inherited, extras.nulls), extras.over(others) { inherited.entry.states($0) })
    }

    /// - Parameter nulls: the names of fields that are written as `null`.
    func over(_ inherited: Desired, _ nulls: [Marked<String>]) -> Desired {
        var merged = self
        let removed = nulls.isEmpty ? [] : R.fields.indices.filter { row in nulls.contains { $0.value == R.fields[row].name } }
        merged.entry = entry.over(inherited.entry, removing: removed)
        if webhookPosition == nil, !nulls.contains(where: { $0.value == "webhook" }) {
            merged.webhookPosition = inherited.webhookPosition
        }
        return merged
    }

    /// This and another file's; what both state is a clash.
    func joined(
        with other: Desired, _ extras: Extras, _ others: Extras, _ title: String, _ clashes: inout [Clash]
    ) -> (Desired, Extras) {
        let twice = entry.rows.filter(other.entry.states).flatMap { common(at: $0, with: other) } + extras.common(with: others)
        for name in twice { clashes.append(Clash(what: "\(name) of the \(title)", first: position, second: other.position)) }
        var joined = self
        joined.entry = entry.over(other.entry, removing: [])
        joined.webhookPosition = webhookPosition ?? other.webhookPosition
        return (joined, extras.over(others) { _ in false })
    }

    /// What both state of a field: all of it, or of headers those that both name.
    private func common(at row: Int, with other: Desired) -> [String] {
        let field = R.fields[row].name
        guard field == "headers", let own = value as? Webhook, let others = other.value as? Webhook else { return [field] }
        return own.headers.sorted.filter { others.headers.values[$0.name] != nil }.map { "the header \($0.name.text)" }
    }
}
