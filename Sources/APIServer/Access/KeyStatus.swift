/// Whether an API key can be used now.
enum KeyStatus: String, CaseIterable, Sendable {
    case active
    case expired
    case revoked
    /// Its token has not reached its place yet; it works, but nobody has it.
    case undelivered
}
