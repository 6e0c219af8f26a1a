/// Whether a text that stands in a manifest looks like a credential. A hint for the writer, never the way secrets are kept
/// from showing: that is by type.
enum SecretLook {
    private static let prefixes = [
        "bearer ", "basic ", "ghp_", "gho_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "sk_live_", "sk-", "akia", "ec_", "whsec_",
    ]
    private static let parameters = ["token=", "key=", "secret=", "sig=", "signature=", "password=", "code="]
    private static let hosts = ["://hooks.slack.com/services/", "://discord.com/api/webhooks/", "://hooks.zapier.com/hooks/catch/"]

    /// Whether a header's value does.
    static func isLikely(_ text: String) -> Bool {
        let lower = text.lowercased()
        return prefixes.contains { lower.hasPrefix($0) && text.utf8.count > $0.utf8.count + 7 }
    }

    /// Whether a URL does.
    static func isLikely(inURL text: String) -> Bool {
        if hosts.contains(where: { text.contains($0) && text.utf8.count > $0.utf8.count + 20 }) { return true }
        guard let query = text.split(separator: "?", maxSplits: 1).dropFirst().first else { return false }
        return query.split(separator: "&").contains { part in
            parameters.contains {
                part.lowercased().hasSuffix($0.dropLast()) || part.lowercased().hasPrefix($0) || part.lowercased().contains("_\($0)")
            }
                && part.utf8.count > 12
        }
    }
}
