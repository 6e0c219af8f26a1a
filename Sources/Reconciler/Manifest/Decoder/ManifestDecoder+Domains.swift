import EmailConnect

extension ManifestDecoder {
    mutating func domains(_ section: Scalar) throws(SyntaxFailure) {
        switch try begin("domains by key", at: section) {
        case .mapping: break
        case .null(let position): return layer.domains.null = position
        case .other: return
        }
        var keys = KeySet()
        while let key = try nextKey(&keys) {
            let start = try begin("a domain's fields", at: key)
            if case .null(let position) = start { layer.domains.nulls[Self.canonical(key)] = position }
            guard case .mapping = start else { continue }
            let entry = try domain(key)
            if let first = layer.domains[entry.key] {
                reportTwice("the domain \(entry.key)", first.position, at: key.position)
            } else {
                layer.domains.add(entry)
            }
        }
    }

    /// Two spellings of one name are one key.
    private static func canonical(_ key: Scalar) -> String { (try? DomainName(key.text))?.text ?? key.text }

    private mutating func domain(_ key: Scalar) throws(SyntaxFailure) -> DomainEntry {
        var stated = Stated<Domain>()
        var entry = DomainEntry(key: Self.canonical(key), written: key, desired: Desired(stated, at: key.position), extras: Extras())
        var seen = KeySet()
        while let name = try nextKey(&seen) {
            if name.text == "aliases" {
                entry.aliases = try aliases(name)
                continue
            }
            if name.text == "use" {
                try use(name, &entry)
                continue
            }
            if name.text == "webhook" { entry.desired.webhookPosition = try yaml.peek().position }
            if try field(name, into: &stated, &entry.extras) { continue }
            if try extra(name, of: Domain.extraNames, into: &entry.extras) { continue }
            try unknown(name, in: "a domain", known: Domain.entryNames)
        }
        entry.desired.entry = stated
        return entry
    }

    /// `use: [roles]`
    private mutating func use(_ key: Scalar, _ entry: inout DomainEntry) throws(SyntaxFailure) {
        let node = try yaml.node()
        if node.isNull { return entry.extras.nulls.append(Marked("use", at: node.position)) }
        do throws(Rejection) {
            var names: [Marked<String>] = []
            for item in try node.items("the names of alias sets") {
                let name = try item.text("the name of an alias set")
                if names.contains(where: { $0.value == name }) {
                    throw Rejection(
                        "the alias set \(Escaped.quoted(String(name.prefix(64)))) is used twice", "remove one", at: item.position)
                }
                names.append(Marked(name, at: item.position))
            }
            entry.use = names
        } catch { report(error, at: node.position) }
    }

    /// `alias_sets: { roles: { postmaster: helpdesk } }`
    mutating func aliasSets(_ section: Scalar) throws(SyntaxFailure) {
        switch try begin("alias sets by key", at: section) {
        case .mapping: break
        case .null(let position): return layer.aliasSets.null = position
        case .other: return
        }
        var keys = KeySet()
        while let key = try nextKey(&keys) {
            if case .scalar(let scalar, _) = try yaml.peek(), scalar.isNull {
                _ = try yaml.next()
                layer.aliasSets.nulls[key.text] = scalar.position
                continue
            }
            let list = try aliases(key)
            guard slug(key) != nil else { continue }
            layer.aliasSets.add(AliasSet(key: key.text, position: key.position, aliases: list))
        }
    }

    /// The entries below `aliases:`; the loop that a large manifest spends its time in.
    private mutating func aliases(_ section: Scalar) throws(SyntaxFailure) -> AliasList {
        var list = AliasList()
        switch try begin("aliases by name", at: section) {
        case .mapping: break
        case .null(let position):
            list.null = position
            return list
        case .other: return list
        }
        var places = PlaceTable<LocalPart>()
        var nulls: [LocalPart: Position] = [:]
        while let key = try nextKey() {
            let name: LocalPart?
            do throws(Rejection) { name = try LocalPart(key.text) } catch {
                report(error, at: key.position)
                name = nil
            }
            guard let name else {
                _ = try alias(key, nil, into: &list)
                continue
            }
            let hash = PlaceTable.Hash(name)
            let first = places.place(of: hash) { list.items[$0].value.name == name }.map { list.items[$0].position } ?? nulls[name]
            let place = list.items.count
            let isRead = try alias(key, first == nil ? name : nil, into: &list)
            if let first {
                if isRead { reportTwice("the alias \(name.text)", first, at: key.position) }
            } else if list.items.count > place {
                places.insert(hash, place)
            } else if isRead {
                nulls[name] = key.position
            }
        }
        return list
    }

    /// Reads one alias; without a name, it is only looked at.
    /// - Returns: false when it is none.
    private mutating func alias(_ key: Scalar, _ name: LocalPart?, into list: inout AliasList) throws(SyntaxFailure) -> Bool {
        var desired = Desired(Stated<Alias>(), at: key.position)
        desired.entry.value.name = name
        if case .scalar(let scalar, _) = try yaml.peek(), !scalar.isBlank, !scalar.isNull {
            // The short form: the webhook alone.
            _ = try yaml.next()
            desired.entry.state("webhook") { $0.webhook = .key(scalar.text) }
            desired.webhookPosition = scalar.position
            guard let name else { return true }
            if isTraced {
                var extras = Extras()
                extras.marks = [Marked("webhook", at: scalar.position)]
                list.extras[name] = extras
            }
            list.items.append(desired)
            return true
        }
        switch try begin("an alias's fields, or a webhook's key", at: key) {
        case .mapping: break
        case .null(let position):
            if let name { list.nulls[name] = position }
            return true
        case .other: return false
        }
        var seen = KeySet()
        swap(&seen, &aliasKeys)
        seen.removeAll()
        defer { aliasKeys = seen }
        var extras = Extras()
        var hasExtras = isTraced
        while let field = try nextKey(&seen) {
            if field.text == "webhook" { desired.webhookPosition = try yaml.peek().position }
            if try self.field(field, into: &desired.entry, &extras) { continue }
            if try extra(field, of: Alias.extraNames, into: &extras) {
                hasExtras = true
                continue
            }
            try unknown(field, in: "an alias", known: Alias.entryNames)
        }
        guard let name else { return true }
        if hasExtras || !extras.nulls.isEmpty { list.extras[name] = extras }
        list.items.append(desired)
        return true
    }

    private mutating func reportTwice(_ what: String, _ first: Position, at position: Position) {
        report(Rejection("\(what) stands here twice", "remove one; the first is at \(first.line):\(first.column)", at: position))
    }
}
