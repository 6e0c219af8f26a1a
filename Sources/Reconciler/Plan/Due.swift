import EmailConnect

/// What falls due by the server's clock: listed with dates, never a change.
enum Due {
    /// Keys of this manifest whose tokens are to be rotated or have ended.
    static func list(_ desired: DesiredState, _ state: AccountState) -> [String] {
        var found: [String] = []
        for key in state.apiKeys where key.owner == desired.owner {
            guard let slug = key.value.key, desired.apiKeys.contains(where: { $0.value.key == slug }) else { continue }
            let age = KeyAge(key, state)
            guard age.issuedAt != nil else { continue }
            if age.isOver, let end = age.endsAt {
                found.append("api key \(slug.text), expired since \(end.text)")
            } else if age.isDue, let rotation = age.rotationAt {
                found.append("api key \(slug.text), rotation since \(rotation.text)")
            }
        }
        return found
    }
}
