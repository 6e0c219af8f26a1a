import EmailConnect

/// What falls due by the server's clock: listed with dates, never a change.
enum Due {
    /// Keys of this manifest whose tokens are to be rotated or have ended.
    static func list(_ desired: DesiredState, _ state: AccountState) -> [String] {
        var found: [String] = []
        let now = state.header.time
        for key in state.apiKeys where key.owner == desired.owner {
            guard let slug = key.value.key, desired.apiKeys.contains(where: { $0.value.key == slug }) else { continue }
            let issued = state.tokens[key.id, default: []].filter { $0.acknowledgedAt != nil && $0.graceUntil == nil }.map(\.issuedAt).max()
            guard let issued else { continue }
            if let after = key.value.expiresAfter, issued + after <= now {
                found.append("api key \(slug.text), expired since \((issued + after).text)")
            } else if let end = key.value.expiresAt, end <= now {
                found.append("api key \(slug.text), expired since \(end.text)")
            } else if let rotate = key.value.rotateEvery, issued + rotate <= now {
                found.append("api key \(slug.text), rotation since \((issued + rotate).text)")
            }
        }
        return found
    }
}
