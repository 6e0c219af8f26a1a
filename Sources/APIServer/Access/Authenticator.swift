import Crypto
import EmailConnect

/// Finds out who is calling.
enum Authenticator: Sendable {
    /// Everybody needs a key.
    case keys(Store, Clock)
    /// The one caller is the process itself, over a socket that only it can reach.
    case local(accountID: String)

    /// The caller behind a request.
    /// - Parameters:
    ///   - header: the value of `Authorization`.
    ///   - address: the caller's address, 4 or 16 bytes; nil over a Unix socket.
    func caller(_ header: String?, from address: [UInt8]?) async throws -> Caller {
        switch self {
        case .local(let accountID): return Caller(accountID: accountID, keyID: nil, actor: "local", scopes: .full)
        case .keys(let store, let clock):
            guard let header else { throw Problem(.unauthorized, "send the API key as Authorization: Bearer KEY") }
            let parts = header.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer", let token = Token(String(parts[1])) else {
                throw Problem(.unauthorized, "this is no API key; one begins with ec_ and has 61 characters")
            }
            let hash = token.hash
            guard let key = try await store.read({ try Self.key(of: hash, in: $0) }) else {
                throw Problem(.unauthorized, "this API key is not known, or was deleted")
            }
            return try key.caller(at: clock.now(), from: address, prefix: hash.prefix)
        }
    }

    private struct Key: Sendable {
        var id: String
        var accountID: String
        var scopes: Scopes
        var ranges: IPRanges
        var ends: [Timestamp]
        var isRevoked: Bool
        var grants: Scopes?
        var boundTo: Owner?

        func caller(at now: Timestamp, from address: [UInt8]?, prefix: String) throws(Problem) -> Caller {
            guard !isRevoked else { throw Problem(.unauthorized, "this API key was revoked") }
            guard ends.allSatisfy({ now < $0 }) else { throw Problem(.unauthorized, "this API key has expired") }
            guard ranges.list.isEmpty || address.map(ranges.allow) == true else {
                throw Problem(.forbidden, "this API key may not be used from this address")
            }
            return Caller(accountID: accountID, keyID: id, actor: prefix, scopes: scopes, grants: grants, boundTo: boundTo)
        }
    }

    private static func key(of hash: TokenHash, in transaction: Transaction) throws -> Key? {
        let found = try transaction.first(
            """
            SELECT k.id, k.account_id, k.scopes, k.allowed_ips, k.expires_after, k.expires_at, k.revoked_at, t.sha256,
                   t.issued_at, t.grace_until, k.grants, o.name
            FROM key_tokens t JOIN api_keys k ON k.id = t.key_id LEFT JOIN owners o ON o.id = k.bound_owner_id WHERE t.prefix = ?
            """, [.text(hash.prefix)]
        ) { row in
            let issued = try Timestamp(row.text(8))
            var ends: [Timestamp] = []
            if let after = row.optionalText(4) { ends.append(issued + (try TimeSpan(after))) }
            for place in [5, 9] { if let end = row.optionalText(place) { ends.append(try Timestamp(end)) } }
            let key = Key(
                id: row.text(0), accountID: row.text(1), scopes: try Scopes(stored: row.text(2)),
                ranges: try IPRanges(Self.list(row.text(3))), ends: ends, isRevoked: row.optionalText(6) != nil,
                grants: try row.optionalText(10).map { try Scopes(stored: $0) }, boundTo: try row.optionalText(11).map { try Owner($0) })
            return (key: key, sha256: row.text(7))
        }
        guard let found, isSame(found.sha256, hash.sha256) else { return nil }
        return found.key
    }

    /// In constant time.
    private static func isSame(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | $1.0 ^ $1.1 } == 0
    }

    private static func list(_ json: String) throws(Rejection) -> Node {
        var reader = JSONReader(Array(json.utf8))
        return try reader.node()
    }
}
