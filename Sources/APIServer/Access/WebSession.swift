import Crypto
import EmailConnect
import HTTPTypes

/// A browser that has logged in: it holds a random token in a cookie, the database holds the token's hash.
struct WebSession: Sendable {
    /// What the browser sends back.
    let token: String

    /// How long a session lasts, in seconds: a working day.
    static let lifetime = 12 * 3600
    /// How long a one-time link can be used, in seconds.
    static let linkLifetime = 15 * 60
    /// The cookie's name.
    static let cookieName = "reconcile_session"

    init(_ random: Randomness) { token = random.identifier(43) }

    /// The session of a request's cookie; nil when it has none.
    /// https://www.rfc-editor.org/rfc/rfc6265#section-4.2
    init?(_ headers: HTTPFields) {
        for header in headers[values: .cookie] {
            for pair in header.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, parts[0].filter({ $0 != " " }) == Self.cookieName, parts[1].utf8.count == 43 else { continue }
                token = String(parts[1])
                return
            }
        }
        return nil
    }

    private init(token: String) { self.token = token }

    /// What the session's own pages send along, so that no other site can make the browser act.
    /// https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
    var pageToken: String { Hex.sha256("page token of \(token)") }

    /// Whether a request brings the page's token.
    func isToken(_ text: String) -> Bool { ConstantTime.isSame(pageToken, text) }

    /// A row of the sessions.
    struct Row: Sendable {
        var accountID: String
        /// The token that it was begun with; nil for a one-time link.
        var prefix: String?
    }

    /// The session's row, as long as it lasts.
    static func find(_ session: WebSession, at now: Timestamp, in transaction: Transaction) throws -> Row? {
        try transaction.first(
            "SELECT account_id, prefix, ends_at FROM web_sessions WHERE sha256 = ?", [.text(Hex.sha256(session.token))]
        ) { row in try Timestamp(row.text(2)) > now ? Row(accountID: row.text(0), prefix: row.optionalText(1)) : nil } ?? nil
    }

    /// Begins the session; old ones are forgotten on the way.
    func begin(_ account: String, prefix: String?, at now: Timestamp, in transaction: Transaction) throws {
        try transaction.run("DELETE FROM web_sessions WHERE ends_at <= ?", [.text(now.text)])
        try transaction.run(
            "INSERT INTO web_sessions (sha256, account_id, prefix, started_at, ends_at) VALUES (?, ?, ?, ?, ?)",
            [
                .text(Hex.sha256(token)), .text(account), RowValue(prefix), .text(now.text),
                .text(Timestamp(seconds: now.seconds + Self.lifetime).text),
            ])
    }

    /// Ends the session.
    func end(in transaction: Transaction) throws {
        try transaction.run("DELETE FROM web_sessions WHERE sha256 = ?", [.text(Hex.sha256(token))])
    }

    /// Makes a link that logs in once.
    /// - Returns: the secret part of the link.
    static func makeLink(for account: String, at now: Timestamp, _ random: Randomness, in transaction: Transaction) throws -> String {
        let secret = random.identifier(43)
        try transaction.run("DELETE FROM web_links WHERE ends_at <= ?", [.text(now.text)])
        try transaction.run(
            "INSERT INTO web_links (sha256, account_id, ends_at) VALUES (?, ?, ?)",
            [.text(Hex.sha256(secret)), .text(account), .text(Timestamp(seconds: now.seconds + linkLifetime).text)])
        return secret
    }

    /// Uses a link up.
    /// - Returns: the account that it logs in to; nil when it is unknown, used or too old.
    static func useLink(_ secret: String, at now: Timestamp, in transaction: Transaction) throws -> String? {
        let account =
            try transaction.first(
                "SELECT account_id, ends_at FROM web_links WHERE sha256 = ?", [.text(Hex.sha256(secret))]
            ) { row in try Timestamp(row.text(1)) > now ? row.text(0) : nil } ?? nil
        try transaction.run("DELETE FROM web_links WHERE sha256 = ?", [.text(Hex.sha256(secret))])
        return account
    }
}
