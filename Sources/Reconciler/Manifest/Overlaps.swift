import EmailConnect

/// What two manifests both claim, so that they would fight over it, or overwrite each other's keys.
public enum Overlaps {
    /// Every clash, at the entry of the later manifest.
    /// - Parameter manifests: the files as they are named, with what they want.
    /// - Complexity: O(entries), and O(manifests) for each name that several have
    public static func find(_ manifests: [(file: String, state: DesiredState)]) -> [Diagnostic] {
        var found: [Diagnostic] = []
        var owners: [String: [Claim]] = [:]
        var domains: [DomainName: [Claim]] = [:]
        var aliases: [Address: [Claim]] = [:]
        var sinks: [String: [Claim]] = [:]
        let shared = sharedDomains(manifests.map(\.state))
        for (index, (file, state)) in manifests.enumerated() {
            func claim<Name: Hashable>(
                _ name: Name, _ what: String, at position: Position?, in claims: inout [Name: [Claim]], everywhere: Bool = false
            ) {
                let other = claims[name, default: []].first { everywhere || mayBeSame(manifests[$0.manifest].state.pins, state.pins) }
                claims[name, default: []].append(Claim(manifest: index, file: Self.file(position, state, file), position: position))
                guard let other else { return }
                let place = other.position.map { ":\($0.line):\($0.column)" } ?? ""
                found.append(
                    Diagnostic(
                        .error, Self.file(position, state, file), at: position,
                        "\(what) of \(state.owner.text) is claimed by \(manifests[other.manifest].state.owner.text) too, at \(Escaped.line(other.file))\(place)",
                        everywhere ? "give each its own" : "keep it in one, or pin the two to different accounts with server:"))
            }
            claim(state.owner.text, "the name", at: nil, in: &owners)
            for domain in state.domains {
                if let name = domain.value.name { claim(name, "the domain \(name.text)", at: domain.position, in: &domains) }
            }
            // Below a domain of one's own nobody else has aliases, unless they say so.
            for alias in state.aliases {
                guard let name = alias.value.naturalKey, shared.contains(name.domain) else { continue }
                claim(name, "the alias \(name)", at: alias.position, in: &aliases)
            }
            for key in state.apiKeys {
                guard let slug = key.value.key, let sink = state.sinks[slug] else { continue }
                let place = sink.path.map { "file \(Paths.normal(Paths.join(Paths.folder(of: file), $0)))" } ?? sink.label
                claim(place, "the place of the API key \(slug), \(Escaped.line(place)),", at: key.position, in: &sinks, everywhere: true)
            }
        }
        return found
    }

    private struct Claim {
        var manifest: Int
        var file: String
        var position: Position?
    }

    private static func file(_ position: Position?, _ state: DesiredState, _ file: String) -> String {
        guard let position, state.files.indices.contains(Int(position.file)) else { return file }
        return state.files[Int(position.file)]
    }

    /// The domains that more than one manifest has aliases on.
    private static func sharedDomains(_ states: [DesiredState]) -> Set<DomainName> {
        var seen: Set<DomainName> = []
        var shared: Set<DomainName> = []
        for state in states {
            let own = Set(state.domains.compactMap(\.value.name)).union(state.externalDomains.map(\.name))
            shared.formUnion(own.intersection(seen))
            seen.formUnion(own)
        }
        return shared
    }

    /// Whether two manifests may be for one account: nothing that both pin differs.
    private static func mayBeSame(_ first: ServerPins, _ second: ServerPins) -> Bool {
        if let one = first.url, let other = second.url, one != other { return false }
        if let one = first.account, let other = second.account, one != other { return false }
        return true
    }
}
