/// Whether a text that stands in a manifest looks like a credential. A hint for the writer, never the way secrets are kept
/// from showing: that is by type.
enum SecretLook {
    private static let prefixes = [
        "bearer ", "basic ", "ghp_", "gho_", "ghs_", "ghu_", "github_pat_", "glpat-", "gldt-", "xoxb-", "xoxp-", "xapp-", "sk_live_",
        "rk_live_", "sk-", "akia", "asia", "ec_", "whsec_", "eyj", "npm_", "pypi-", "sg.", "dop_v1_", "hf_", "age-secret-key-1",
    ]
    private static let parameters = ["token=", "key=", "secret=", "sig=", "signature=", "password=", "code="]
    private static let hosts = ["://hooks.slack.com/services/", "://discord.com/api/webhooks/", "://hooks.zapier.com/hooks/catch/"]

    /// Whether a header's value does.
    static func isLikely(_ text: String) -> Bool {
        let lower = text.lowercased()
        return prefixes.contains { lower.hasPrefix($0) && text.utf8.count > $0.utf8.count + 7 } || isRandom(text)
    }

    /// Whether a text does, or one of its words.
    static func isLikely(amid text: String) -> Bool {
        isLikely(text) || text.contains("-----BEGIN ")
            || text.split(whereSeparator: { " ;,\t".contains($0) }).contains { isLikely(String($0)) }
    }

    /// Whether it is one long word of letters and digits that nobody would write: 24 or more, of three kinds, and more varied than names
    /// and numbers are.
    static func isRandom(_ text: String) -> Bool {
        guard (24...512).contains(text.utf8.count) else { return false }
        var counts: [UInt8: Int] = [:]
        var (lower, upper, digits) = (0, 0, 0)
        var (run, longest) = (0, 0)
        for byte in text.utf8 {
            run += 1
            longest = max(longest, run)
            switch byte {
            case 0x61...0x7A: lower += 1
            case 0x41...0x5A: upper += 1
            case 0x30...0x39: digits += 1
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): run = 0
            default: return false
            }
            counts[byte, default: 0] += 1
        }
        let isHex =
            upper == 0 && digits >= 8 && text.utf8.count >= 32
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
            }
        guard longest >= 16, isHex || lower >= 3 && upper >= 3 && digits >= 2 else { return false }
        // Rényi's entropy of order 2: how seldom two characters are alike.
        let alike = counts.values.reduce(0) { $0 + $1 * $1 }
        return alike * (isHex ? 7 : 12) < text.utf8.count * text.utf8.count
    }

    /// Whether a URL does.
    static func isLikely(inURL text: String) -> Bool {
        if hosts.contains(where: { text.contains($0) && text.utf8.count > $0.utf8.count + 20 }) { return true }
        let parts = text.split(separator: "?", maxSplits: 1)
        if let path = parts.first, path.split(separator: "/").contains(where: { isRandom(String($0)) }) { return true }
        guard let query = parts.dropFirst().first else { return false }
        return query.split(separator: "&").contains { part in
            parameters.contains {
                part.lowercased().hasSuffix($0.dropLast()) || part.lowercased().hasPrefix($0) || part.lowercased().contains("_\($0)")
            }
                && part.utf8.count > 12
        }
    }
}
