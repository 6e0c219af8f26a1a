import EmailConnect

extension APIKey: SlugNamed {
    static let query = RecordQuery<APIKey>()
    static var required: [String] { ["scopes", "token"] }

    static func check(_ stated: Stated<APIKey>, isNew: Bool, in ledger: LedgerTransaction) throws(Problem) {
        if stated.states("scopes"), let missing = stated.value.scopes.list.first(where: { !ledger.caller.scopes.allows($0) }) {
            throw Problem(
                .forbidden, "a key cannot grant what it lacks: \(missing.rawValue)",
                items: [.init(pointer: "/scopes", code: .forbidden, detail: "the calling key lacks \(missing.rawValue)")])
        }
        if stated.states("token") {
            guard case .made = stated.value.token else { throw invalid("token", "expected a token's prefix and sha256") }
        }
        if stated.value.expiresAfter != nil, stated.value.expiresAt != nil {
            throw invalid("expires_at", "a key has expires_after or expires_at, not both")
        }
    }

    static func references(_ stated: Stated<APIKey>, in ledger: inout LedgerTransaction) throws -> [(column: String, value: RowValue)] {
        // Stating one way to end takes the other away.
        if stated.value.expiresAfter != nil, !stated.states("expires_at") { return [("expires_at", .null)] }
        if stated.value.expiresAt != nil, !stated.states("expires_after") { return [("expires_after", .null)] }
        return []
    }

    static func writeDependents(_ stated: Stated<APIKey>, of id: String, isNew: Bool, in ledger: LedgerTransaction) throws -> Bool {
        guard stated.states("token"), case .made(let hash) = stated.value.token else { return false }
        do {
            // A token that a plain request makes is shown to the one who asked: there is nothing to acknowledge.
            try KeyTokens.add(
                hash, to: id, at: ledger.time, acknowledged: ledger.batch.owner == nil, in: ledger.transaction)
        } catch is NotUnique {
            throw Problem(.duplicate, "a token with the prefix \(hash.prefix) exists; make another")
        }
        return true
    }
}
