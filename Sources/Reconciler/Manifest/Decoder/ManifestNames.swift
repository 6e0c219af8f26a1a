import EmailConnect

/// The keys that a manifest's mappings may have, each list once: the reader takes them, suggestions come from them, and the canonical
/// layout has their order.
enum ManifestNames {
    static let sections = [
        "version", "manifest", "environment", "extends", "include", "manifest_moved_from", "repository_moved_from", "server", "policy",
        "allow", "webhooks", "alias_sets", "domains", "api_keys", "removed",
    ]
    static let server = ["url", "account", "dialect"]
    static let policy = ["domains", "require", "forbid_scopes", "unmanaged", "limits"]
    static let limits = ["deletes", "mail_moves"]
    static let allow = ["deletes", "mail_moves", "adopt", "take_over"]
    static let removal = Kind.allCases.map(\.rawValue) + ["keep"]
    static let reference = ["env", "file", "command", "age", "prefix"]
}

/// A resource that a manifest has entries for.
protocol ManifestEntry: Resource {
    /// What an entry may state beside the fields of the kind's table.
    static var extraNames: [String] { get }
}

extension ManifestEntry {
    /// All that an entry may state.
    static var entryNames: [String] { manifestNames + extraNames }
}

extension Webhook: ManifestEntry {
    static let extraNames = ["manage", "owner", "id", "adopt", "ignore_fields"]
}

extension Domain: ManifestEntry {
    /// The aliases come last: they are the longest.
    static let extraNames = ["manage", "ignore_fields", "use", "aliases"]
}

extension Alias: ManifestEntry {
    static let extraNames = ["moved_from", "ignore_fields"]
}

extension APIKey: ManifestEntry {
    static let extraNames = ["deliver_to", "adopt", "ignore_fields", "reissue"]
}
