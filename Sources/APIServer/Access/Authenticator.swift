import Crypto
import EmailConnect
import HTTPTypes

/// Finds out who is calling.
enum Authenticator: Sendable {
    /// Everybody needs a key, or a browser that has logged in with one.
    case keys(Store, Clock)
    /// The one caller is the process itself, over a socket that only it can reach.
    case local(Store, accountID: String)

    /// The caller behind a request.
    /// - Parameter address: the caller's address, 4 or 16 bytes; nil over a Unix socket.
    /// - Throws: ``Problem``.
    func caller(_ headers: HTTPFields, from address: [UInt8]?) async throws -> Caller {
        switch self {
        case .local(let store, let accountID):
            let limits = try await store.read { try Accounts.limits(of: accountID, in: $0) }
            return Caller(accountID: accountID, actor: "local", scopes: .full, limits: limits)
        case .keys(let store, let clock):
            guard let header = headers[.authorization] else {
                // A browser sends its cookie by itself, so the page's own token has to come along.
                if let session = WebSession(headers), let token = headers[.csrfToken] {
                    guard session.isToken(token) else { throw Problem(.unauthorized, "the page's token is missing; load the page again") }
                    return try await self.caller(session, from: address)
                }
                throw Problem(.unauthorized, "send the API key as Authorization: Bearer KEY, or to /api as X-API-KEY: KEY")
            }
            let parts = header.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer", let token = Token(String(parts[1])) else {
                throw Problem(.unauthorized, "this is no API key; one begins with ec_ and has 61 characters")
            }
            let hash = token.hash
            guard let key = try await store.read({ try KeyQuery.key(of: hash, in: $0) }) else {
                throw Problem(.unauthorized, "this API key is not known, or was deleted")
            }
            return try key.caller(at: clock.now(), from: address)
        }
    }

    /// Whoever is logged in.
    /// - Throws: ``Problem`` when the session has ended, or its key.
    func caller(_ session: WebSession, from address: [UInt8]?) async throws -> Caller {
        guard case .keys(let store, let clock) = self else { return try await caller([:], from: address) }
        let now = clock.now()
        let found = try await store.read { transaction in
            try WebSession.find(session, at: now, in: transaction).map { row in
                (
                    row: row, key: try row.prefix.flatMap { try KeyQuery.key(ofPrefix: $0, in: transaction) },
                    limits: try Accounts.limits(of: row.accountID, in: transaction)
                )
            }
        }
        guard let found else { throw Problem(.unauthorized, "nobody is logged in here any more; log in again") }
        guard let prefix = found.row.prefix else {
            return Caller(accountID: found.row.accountID, actor: "web", scopes: .full, limits: found.limits)
        }
        guard let key = found.key else { throw Problem(.unauthorized, "the API key \(prefix) was deleted") }
        var caller = try key.caller(at: now, from: address)
        guard caller.accountID == found.row.accountID else { throw Problem(.unauthorized, "the API key \(prefix) was deleted") }
        caller.actor = "web \(prefix)"
        return caller
    }

    /// The key itself, as the login page takes it.
    /// - Throws: ``Problem``.
    func key(_ text: String, from address: [UInt8]?) async throws -> Caller {
        try await caller([.authorization: "Bearer \(text)"], from: address)
    }
}

/// A key and one of its tokens, as far as the question is who may come in.
struct KeyQuery: Sendable {
    private var id: String
    private var prefix: String
    private var accountID: String
    private var scopes: Scopes
    private var ranges: IPRanges
    private var ends: [Timestamp]
    private var isRevoked: Bool
    private var grants: Scopes?
    private var boundTo: Owner?
    private var limits: AccountLimits

    /// Lets the key in or says why not.
    func caller(at now: Timestamp, from address: [UInt8]?) throws(Problem) -> Caller {
        guard !isRevoked else { throw Problem(.unauthorized, "this API key was revoked") }
        guard ends.allSatisfy({ now < $0 }) else { throw Problem(.unauthorized, "this API key has expired") }
        guard ranges.list.isEmpty || address.map(ranges.allow) == true else {
            throw Problem(.forbidden, "this API key may not be used from this address")
        }
        return Caller(
            accountID: accountID, keyID: id, tokenPrefix: prefix, actor: prefix, scopes: scopes, grants: grants, boundTo: boundTo,
            limits: limits)
    }

    /// The key that a token belongs to; nil when nobody knows it.
    static func key(of hash: TokenHash, in transaction: Transaction) throws -> KeyQuery? {
        guard let found = try find(hash.prefix, in: transaction), ConstantTime.isSame(found.sha256, hash.sha256) else { return nil }
        return found.key
    }

    /// The key that a token of this prefix belongs to, for whoever has shown the token before.
    static func key(ofPrefix prefix: String, in transaction: Transaction) throws -> KeyQuery? {
        try find(prefix, in: transaction)?.key
    }

    private static func find(_ prefix: String, in transaction: Transaction) throws -> (key: KeyQuery, sha256: String)? {
        try transaction.first(
            """
            SELECT k.id, k.account_id, k.scopes, k.allowed_ips, k.expires_after, k.expires_at, k.revoked_at, t.sha256,
                   t.issued_at, t.grace_until, k.grants, o.name, a.plan, a.limits
            FROM key_tokens t JOIN api_keys k ON k.id = t.key_id JOIN accounts a ON a.id = k.account_id
            LEFT JOIN owners o ON o.id = k.bound_owner_id WHERE t.prefix = ?
            """, [.text(prefix)]
        ) { row in
            let issued = try Timestamp(row.text(8))
            var ends: [Timestamp] = []
            if let after = row.optionalText(4) { ends.append(issued + (try TimeSpan(after))) }
            for place in [5, 9] { if let end = row.optionalText(place) { ends.append(try Timestamp(end)) } }
            let key = KeyQuery(
                id: row.text(0), prefix: prefix, accountID: row.text(1), scopes: try Scopes(stored: row.text(2)),
                ranges: try IPRanges(list(row.text(3))), ends: ends, isRevoked: row.optionalText(6) != nil,
                grants: try row.optionalText(10).map { try Scopes(stored: $0) }, boundTo: try row.optionalText(11).map { try Owner($0) },
                limits: try Accounts.limits(plan: row.text(12), own: row.text(13)))
            return (key: key, sha256: row.text(7))
        }
    }

    private static func list(_ json: String) throws(Rejection) -> Node {
        var reader = JSONReader(Array(json.utf8))
        return try reader.node()
    }
}
