import EmailConnect

/// Who gets hold of a key gets what it may do. So a new token, a longer life, other addresses and a new owner take everything
/// that the key may do, that it may grant, and for whom it acts.
enum KeyControl {
    /// Refuses a caller who would gain by the key.
    static func require(of id: String, _ caller: Caller, in transaction: Transaction) throws(Problem) {
        let stored: (scopes: Scopes, grants: Scopes?, boundTo: String?)?
        do {
            stored = try transaction.first(
                "SELECT k.scopes, k.grants, o.name FROM api_keys k LEFT JOIN owners o ON o.id = k.bound_owner_id WHERE k.id = ?",
                [.text(id)]
            ) { (try Scopes(stored: $0.text(0)), try $0.optionalText(1).map { try Scopes(stored: $0) }, $0.optionalText(2)) }
        } catch { throw StoreFailure.problem(error) }
        guard let stored else { return }
        if let missing = (stored.scopes.list + (stored.grants?.list ?? [])).first(where: { !caller.mayGrant($0) }) {
            throw Problem(.forbidden, "the calling key lacks \(missing.rawValue), which this key has or may grant")
        }
        if let bound = caller.boundTo, stored.boundTo != bound.text {
            throw Problem(.boundKey, "this API key acts for \(bound.text) only, and that key does not")
        }
    }
}
