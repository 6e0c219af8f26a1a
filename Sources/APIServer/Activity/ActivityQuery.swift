import EmailConnect

/// Reads how keys were used.
enum ActivityQuery {
    /// The keys in the order of their creation, each with its use, and its place in that order.
    static func keys(
        of account: String, after: Int, offset: Int, limit: Int, in transaction: Transaction
    ) throws -> [(place: Int, json: String)] {
        let keys = try transaction.all(
            """
            SELECT k.rowid, k.id, k.key, k.name, o.name FROM api_keys k LEFT JOIN owners o ON o.id = k.owner_id
            WHERE k.account_id = ? AND k.rowid > ? ORDER BY k.rowid LIMIT ? OFFSET ?
            """, [.text(account), .integer(after), .integer(limit), .integer(offset)]
        ) { (place: $0.integer(0), id: $0.text(1), key: $0.optionalText(2), name: $0.text(3), owner: $0.optionalText(4)) }
        return try keys.map { key in
            let tokens = try transaction.all(
                "SELECT prefix, requests, first_at, last_at, last_ip FROM key_use WHERE key_id = ? ORDER BY last_at DESC, prefix",
                [.text(key.id)]
            ) { (prefix: $0.text(0), requests: $0.integer(1), first: $0.text(2), last: $0.text(3), address: $0.optionalText(4)) }
            let scopes = try seen("key_scopes", "scope", key.id, in: transaction)
            let addresses = try seen("key_addresses", "address", key.id, in: transaction)
            var json = JSONWriter()
            json.object { json in
                json.member("id", key.id)
                json.member("key", key.key)
                json.member("name", key.name)
                json.member("managed_by", key.owner)
                json.member("requests", tokens.reduce(0) { $0 + $1.requests })
                json.member("first_used_at", tokens.map(\.first).min())
                json.member("last_used_at", tokens.first?.last)
                json.member("last_used_ip", tokens.first?.address)
                json.array("tokens") { json in
                    for token in tokens {
                        json.object { json in
                            json.member("prefix", token.prefix)
                            json.member("requests", token.requests)
                            json.member("last_used_at", token.last)
                        }
                    }
                }
                json.object("scopes") { json in for scope in scopes { json.member(scope.name, scope.last) } }
                json.object("addresses") { json in for address in addresses { json.member(address.name, address.last) } }
            }
            return (key.place, json.text)
        }
    }

    private static func seen(_ table: String, _ column: String, _ key: String, in transaction: Transaction) throws -> [(
        name: String, last: String
    )] {
        try transaction.all("SELECT \(column), last_at FROM \(table) WHERE key_id = ? ORDER BY \(column)", [.text(key)]) {
            (name: $0.text(0), last: $0.text(1))
        }
    }
}
