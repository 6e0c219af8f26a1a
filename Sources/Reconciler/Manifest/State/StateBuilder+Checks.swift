import EmailConnect

extension StateBuilder {
    /// Refuses sinks that would overwrite each other, the manifest's files, a secret or the local account.
    mutating func checkSinks() {
        var taken: [String: String] = [:]
        for file in files { taken[Paths.normal(file.path)] = file.number == 0 ? "the manifest itself" : "a file of this manifest" }
        for webhook in state.webhooks {
            for (_, reference) in webhook.value.secretFields {
                guard case .file(let path) = reference.source else { continue }
                taken[Paths.normal(reference.folder.isEmpty ? path : Paths.join(reference.folder, path))] = "a secret of this manifest"
            }
        }
        for key in state.apiKeys {
            guard let slug = key.value.key, let path = state.sinks[slug]?.path else { continue }
            let normal = Paths.normal(path)
            if let other = taken[normal] {
                report(Rejection("the API key \(slug) would overwrite \(other)", "deliver it to a file of its own", at: key.position))
            } else if normal == "." || normal.hasPrefix(".reconcile") || normal.hasSuffix("..") {
                report(Rejection("the API key \(slug) cannot be delivered there", "name a file, outside .reconcile", at: key.position))
            }
            taken[normal] = "the API key \(slug)"
        }
    }

    /// Two aliases cannot both have been the same one, and none has been itself.
    mutating func checkRenames() {
        var taken: [Address: String] = [:]
        for alias in state.aliases {
            guard let address = alias.value.naturalKey, !state.options.isEmpty,
                let source = state.options[ResourceName(.alias, address)]?.movedFrom
            else { continue }
            if source == address {
                report(Rejection("the alias \(address) would move to itself", "remove moved_from", at: alias.position))
            } else if let other = taken[source] {
                report(Rejection("the alias \(source) would move to \(other) and to \(address)", "keep one moved_from", at: alias.position))
            }
            taken[source] = address.description
        }
    }

    /// What is removed cannot be declared as well.
    mutating func checkRemovals() {
        guard !state.removals.isEmpty else { return }
        var declared: Set<ResourceName> = []
        for webhook in state.webhooks { if let key = webhook.value.key { declared.insert(ResourceName(.webhook, key)) } }
        for domain in state.domains { if let name = domain.value.name { declared.insert(ResourceName(.domain, name)) } }
        for key in state.apiKeys { if let slug = key.value.key { declared.insert(ResourceName(.apiKey, slug)) } }
        let aliases = Set(state.removals.filter { $0.name.kind == .alias }.map(\.name.name))
        if !aliases.isEmpty {
            for alias in state.aliases {
                if let address = alias.value.naturalKey?.description, aliases.contains(address) {
                    declared.insert(ResourceName(.alias, address))
                }
            }
        }
        var seen: Set<ResourceName> = []
        for removal in state.removals where !seen.insert(removal.name).inserted {
            report(Rejection("the \(removal.name) is removed twice", "keep one of the two", at: removal.position))
        }
        for removal in state.removals where declared.contains(removal.name) {
            report(Rejection("the \(removal.name) is declared and removed", "keep one of the two", at: removal.position))
        }
    }
}
