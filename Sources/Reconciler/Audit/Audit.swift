public import EmailConnect

/// What an account should not have, by its configuration and by how its keys were used. A pure value: the account's clock is the only one.
public struct Audit: Sendable {
    /// Everything that was found: the worst first, then by name.
    public private(set) var findings: [AuditFinding] = []

    private let state: AccountState
    private let uses: [String: KeyUse]
    private let status: AccountStatus
    private let now: Timestamp

    /// What the service advises for a token's age, and how long a key may lie unused.
    private static let days = TimeSpan.days(90)

    /// - Complexity: O(held · log held)
    public init(_ state: AccountState, _ uses: [KeyUse], _ status: AccountStatus) {
        self.state = state
        self.status = status
        self.uses = Dictionary(uses.map { ($0.id, $0) }) { first, _ in first }
        now = state.header.time
        for key in state.apiKeys { check(key) }
        checkWebhooks()
        checkStatus()
        checkAliases()
        checkOwners()
        findings.sort { left, right in
            let (one, other) = (left.check.severity, right.check.severity)
            return one == other ? (left.check.rawValue, left.subject) < (right.check.rawValue, right.subject) : one > other
        }
    }

    private mutating func check(_ key: Record<APIKey>) {
        let age = KeyAge(key, state)
        func report(_ check: AuditCheck, _ problem: String, _ remedy: String) {
            add(
                check, "api key \(key.value.key?.text ?? "\(key.value.name) (\(key.id))")", key.value.key.map { ResourceName(.apiKey, $0) },
                problem, remedy)
        }
        if let since = state.revoked[key.id] { return report(.keyOver, "was revoked at \(since.text)", "delete it") }
        if age.isOver, let end = age.endsAt { return report(.keyOver, "ended at \(end.text)", "rotate or delete it") }
        let use = uses[key.id]
        if key.value.scopes == .full {
            report(.keyFull, "may do everything", "give it the scopes that it needs\(needed(use))")
        } else if let use, use.requests > 0 {
            let idle = key.value.scopes.list.filter { use.scopes[$0.rawValue] == nil && $0 != .webhooksCompare }
            if !idle.isEmpty {
                report(.keyTooWide, "never needed \(idle.map(\.rawValue).joined(separator: ", "))", "take what it does not need")
            }
        }
        if age.endsAt == nil { report(.keyNeverEnds, "never ends", "add expires_after: 120d and rotate_every: 90d") }
        if let issued = age.issuedAt {
            if age.isDue, let since = age.rotationAt {
                report(.keyOld, "is to be rotated since \(since.text)", "reconcile keys rotate --due")
            } else if age.rotationAt == nil, issued + Self.days <= now {
                report(.keyOld, "has a token of \(issued.text)", "rotate it, and add rotate_every: 90d")
            }
            if let last = use?.lastUsedAt, last + Self.days <= now {
                report(.keyUnused, "was used last at \(last.text)", "revoke it if nothing needs it")
            } else if use?.lastUsedAt == nil, issued + Self.days <= now {
                report(.keyUnused, "was never used", "revoke it if nothing needs it")
            }
        }
        if key.value.allowedIPs.includesAll {
            let seen = (use?.addresses.keys.sorted() ?? []).prefix(5).joined(separator: ", ")
            report(.keyAnywhere, "may be used from anywhere\(seen.isEmpty ? "" : ", and was from \(seen)")", "add allowed_ips")
        }
    }

    private func needed(_ use: KeyUse?) -> String {
        guard let use, !use.scopes.isEmpty else { return "" }
        return "; so far: \(use.scopes.keys.sorted().joined(separator: ", "))"
    }

    private mutating func checkWebhooks() {
        var used: Set<String> = []
        for domain in state.domains { if let reference = domain.value.webhook { used.insert(reference.text) } }
        for alias in state.aliases { if let reference = alias.value.webhook { used.insert(reference.text) } }
        for webhook in state.webhooks {
            let value = webhook.value
            let subject = "webhook \(value.key?.text ?? "\(value.name) (\(webhook.id))")"
            let resource = value.key.map { ResourceName(.webhook, $0) }
            if case .plain(let url) = value.url, !url.isSecure {
                add(.webhookPlain, subject, resource, "is not https: what it gets can be read on the way", "give it an https:// URL")
            }
            if value.signingSecret == nil {
                add(
                    .webhookUnsigned, subject, resource, "has a signing secret that only the server knows",
                    "add signing_secret: { env: NAME }")
            }
            let names = [webhook.id, value.key?.text, value.key.flatMap { key in webhook.owner.map { "\($0.text)#\(key.text)" } }]
            if !names.contains(where: { $0.map(used.contains) ?? false }) {
                add(.webhookUnused, subject, resource, "is used by no alias and no domain", "delete it if nothing needs it")
            }
        }
    }

    /// What the server has found out by itself.
    private mutating func checkStatus() {
        let known = Dictionary(status.webhooks.map { ($0.id, $0) }) { first, _ in first }
        for webhook in state.webhooks {
            guard let found = known[webhook.id] else { continue }
            let subject = "webhook \(webhook.value.key?.text ?? "\(webhook.value.name) (\(webhook.id))")"
            let resource = webhook.value.key.map { ResourceName(.webhook, $0) }
            if let since = found.suspendedAt {
                add(
                    .webhookSuspended, subject, resource, "was suspended at \(since.text): what comes for it waits, for 7 days at most",
                    "mend the endpoint, then POST /v1/webhooks/\(webhook.id)/resume")
            }
            if !found.isVerified {
                add(
                    .webhookUnverified, subject, resource, "is not verified",
                    "POST /v1/webhooks/\(webhook.id)/verify asks its endpoint whether it wants to be called")
            }
        }
        for domain in status.domains where domain.verification.status != .verified {
            let isPending = domain.verification.status == .pending
            add(
                .domainUnverified, "domain \(domain.name)", ResourceName(.domain, domain.name),
                isPending ? "is not verified yet" : "lacks DNS records", "reconcile dns --check --domain \(domain.name)")
        }
    }

    private mutating func checkAliases() {
        let routed = Set(state.domains.filter { $0.value.webhook != nil }.compactMap(\.value.name))
        for alias in state.aliases where alias.value.enabled && alias.value.webhook == nil {
            guard let address = alias.value.naturalKey, !routed.contains(address.domain) else { continue }
            add(
                .aliasNowhere, "alias \(address)", ResourceName(.alias, address), "has no webhook, nor has its domain",
                "give it one, or disable it")
        }
    }

    private mutating func checkOwners() {
        for key in state.apiKeys where key.owner == nil && !state.header.ownKeys.contains(key.id) && state.revoked[key.id] == nil {
            add(
                .unmanaged, "api key \(key.value.name) (\(key.id))", nil, "is managed by no manifest",
                "reconcile export writes what is missing")
        }
        let loose = state.aliases.count { $0.owner == nil }
        if loose > 0 {
            add(
                .unmanaged, "\(loose) \(loose == 1 ? "alias" : "aliases")", nil, "\(loose == 1 ? "is" : "are") managed by no manifest",
                "reconcile export writes what is missing")
        }
    }

    private mutating func add(_ check: AuditCheck, _ subject: String, _ resource: ResourceName?, _ problem: String, _ remedy: String) {
        findings.append(AuditFinding(check: check, subject: Escaped.line(subject), resource: resource, problem: problem, remedy: remedy))
    }
}
