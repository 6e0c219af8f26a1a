import EmailConnect

/// What a manifest declares against its policy. Not errors of the manifest: the plan is shown, and refused.
enum PolicyCheck {
    /// Every violation, at the entry that makes it.
    /// - Complexity: O(domains × patterns + webhooks + keys)
    static func violations(_ state: DesiredState) -> [Diagnostic] {
        let policy = state.policy
        guard policy != Policy() else { return [] }
        var found: [Diagnostic] = []
        func report(_ problem: String, _ remedy: String, at position: Position) {
            let file = state.files.indices.contains(Int(position.file)) ? state.files[Int(position.file)] : ""
            found.append(Diagnostic(.error, file, at: position, "policy: \(problem)", remedy))
        }
        let named = state.domains.map { ($0.value.name, $0.position) } + state.externalDomains.map { (Optional($0.name), $0.position) }
        for case (let name?, let position) in named {
            for patterns in policy.domains where !patterns.contains(where: { $0.matches(name) }) {
                let allowed = patterns.isEmpty ? "no domain is allowed" : "allowed here: \(patterns.map(\.text).joined(separator: ", "))"
                report("the domain \(name.text) is not allowed", allowed, at: position)
            }
        }
        if policy.require.contains(.protectedDomains) {
            for domain in state.domains where !domain.value.protected {
                report("the domain \(domain.value.name?.text ?? "") is not protected", "add protected: true", at: domain.position)
            }
        }
        if policy.require.contains(.httpsWebhooks) {
            for webhook in state.webhooks {
                guard case .plain(let url) = webhook.value.url, !url.isSecure else { continue }
                report("the webhook \(webhook.value.key?.text ?? "") is not https", "give it an https:// URL", at: webhook.position)
            }
        }
        for key in state.apiKeys {
            for (problem, remedy) in violations(key.value, policy) {
                report("the API key \(key.value.key?.text ?? "") \(problem)", remedy, at: key.position)
            }
        }
        return found
    }

    private static func violations(_ key: APIKey, _ policy: Policy) -> [(problem: String, remedy: String)] {
        var found: [(problem: String, remedy: String)] = []
        let may = policy.forbiddenScopes.filter { key.scopes.allows($0) || key.grants?.allows($0) ?? false }.sorted()
        if !may.isEmpty {
            found.append(("may do what is forbidden: \(may.map(\.rawValue).joined(separator: ", "))", "give it narrower scopes"))
        }
        for requirement in policy.require.sorted() {
            switch requirement {
            case .keyExpiry where key.expiresAfter == nil && key.expiresAt == nil:
                found.append(("never expires", "add expires_after: 90d"))
            case .keyRotation where key.rotateEvery == nil: found.append(("is never rotated", "add rotate_every: 60d"))
            case .keyIPAllowlist where key.allowedIPs == .anywhere:
                found.append(("may be used from anywhere", "add allowed_ips: [203.0.113.0/24]"))
            default: break
            }
        }
        return found
    }
}
