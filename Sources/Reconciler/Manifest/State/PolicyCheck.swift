import EmailConnect

/// What a manifest declares against its policy. Not errors of the manifest: the plan is shown, and refused.
struct PolicyCheck {
    private let state: DesiredState
    private let policy: Policy
    private var found: [Diagnostic] = []

    private init(_ state: DesiredState) {
        self.state = state
        policy = state.policy
    }

    /// Every violation, at the entry that makes it.
    /// - Complexity: O(domains × patterns + webhooks + keys)
    static func violations(_ state: DesiredState) -> [Diagnostic] {
        guard state.policy != Policy() else { return [] }
        var check = PolicyCheck(state)
        check.names()
        check.entries()
        return check.found
    }

    /// URLs that are given by reference, as far as their values are at hand; before anything is sent, they are.
    static func violations(_ state: DesiredState, _ secrets: Secrets) -> [Refusal] {
        guard state.policy.require.contains(.httpsWebhooks) else { return [] }
        return state.webhooks.compactMap { webhook in
            guard let reference = webhook.value.url?.sensitive?.reference, let secret = secrets[reference] else { return nil }
            if let url = try? HTTPURL(secret.reveal()), url.isSecure { return nil }
            let name = webhook.value.key?.text ?? ""
            return Refusal(
                guarded: "policy", count: 1, problem: "policy: the webhook \(name) is not https (\(Escaped.line(reference.label)))",
                remedy: "give it an https:// URL")
        }
    }

    private mutating func names() {
        let named = state.domains.map { ($0.value.name, $0.position) } + state.externalDomains.map { (Optional($0.name), $0.position) }
        for case (let name?, let position) in named {
            // The tightest list says most.
            let missed = policy.domains.filter { patterns in !patterns.contains { $0.matches(name) } }
            guard let patterns = missed.min(by: { $0.count < $1.count }) else { continue }
            let allowed = patterns.isEmpty ? "no domain is allowed" : "allowed here: \(patterns.map(\.text).joined(separator: ", "))"
            report("the domain \(name.text) is not allowed", allowed, at: position)
        }
    }

    private mutating func entries() {
        for domain in state.domains where policy.require.contains(.protectedDomains) {
            if !domain.value.protected {
                report("the domain \(domain.value.name?.text ?? "") is not protected", "add protected: true", at: domain.position)
            }
            reportIgnored(["protected"], of: domain)
        }
        for webhook in state.webhooks where policy.require.contains(.httpsWebhooks) {
            if case .plain(let url) = webhook.value.url, !url.isSecure {
                report("the webhook \(webhook.value.key?.text ?? "") is not https", "give it an https:// URL", at: webhook.position)
            }
            reportIgnored(["url"], of: webhook)
        }
        for key in state.apiKeys {
            for (problem, remedy) in violations(key.value) {
                report("the API key \(key.value.key?.text ?? "") \(problem)", remedy, at: key.position)
            }
            reportIgnored(policy.keyFields, of: key)
        }
    }

    private func violations(_ key: APIKey) -> [(problem: String, remedy: String)] {
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
            case .keyIPAllowlist where key.allowedIPs.includesAll:
                found.append(("may be used from anywhere", "add allowed_ips: [203.0.113.0/24]"))
            default: break
            }
        }
        return found
    }

    /// What the policy looks at is decided by the manifest, and not by whoever edits the account.
    private mutating func reportIgnored<R: Resource>(_ fields: [String], of entry: Desired<R>) {
        guard !state.options.isEmpty, let name = entry.value.naturalKey else { return }
        for field in state.options[ResourceName(R.kind, name)]?.ignored ?? [] where fields.contains(field) {
            report("the \(R.kind.word) \(name) leaves \(field) to others", "remove it from ignore_fields", at: entry.position)
        }
    }

    private mutating func report(_ problem: String, _ remedy: String, at position: Position) {
        let file = state.files.indices.contains(Int(position.file)) ? state.files[Int(position.file)] : ""
        found.append(Diagnostic(.error, file, at: position, "policy: \(problem)", remedy))
    }
}
