import EmailConnect

extension APIKey: SlugNamed {
    static let query = RecordQuery<APIKey>()
    static func any(_ operation: Operation<APIKey>) -> AnyOperation { .apiKey(operation) }
    static var required: [String] { ["scopes", "token"] }

    static func check(_ stated: Stated<APIKey>, isNew: Bool, in ledger: LedgerTransaction) throws(Problem) {
        for (field, scopes) in [("scopes", stated.value.scopes), ("grants", stated.value.grants ?? .none)] where stated.states(field) {
            guard let missing = scopes.list.first(where: { !ledger.caller.mayGrant($0) }) else { continue }
            throw Problem(
                .forbidden, "a key cannot grant what it lacks: \(missing.rawValue)",
                items: [.init(pointer: "/\(field)", code: .forbidden, detail: "the calling key lacks \(missing.rawValue)")])
        }
        // Who acts for one owner makes no key that acts for others.
        if isNew || stated.states("bound_to") { try ledger.caller.requireOwner(stated.value.boundTo?.text) }
        if stated.states("token") {
            guard case .made = stated.value.token else { throw invalid("token", "expected a token's prefix and sha256") }
            guard ledger.batch.owner != nil || ledger.options.hasServersToken else {
                throw invalid("token", "only a batch with an owner brings its own token; POST /v1/api-keys makes one")
            }
        }
        if isNew, let end = stated.value.expiresAt, end <= ledger.time { throw invalid("expires_at", "the date is past") }
        if stated.value.expiresAfter != nil, stated.value.expiresAt != nil {
            throw invalid("expires_at", "a key has expires_after or expires_at, not both")
        }
    }

    /// Nobody gets at what they lack by way of a key that has it: a new token, a longer life and wider addresses take
    /// every scope of the key. And no change ends a key that is in use at once.
    static func checkUpdate(_ stated: Stated<APIKey>, of id: String, _ transfer: Transfer?, in ledger: LedgerTransaction) throws {
        if id == ledger.caller.keyID { try checkOwn(stated, ledger) }
        if stated.states("token"), ledger.batch.owner == nil {
            throw invalid("token", "only a batch with an owner brings a new token")
        }
        try checkRevoked(stated, of: id, ledger)
        let widening = ["token", "expires_after", "expires_at", "allowed_ips", "bound_to", "grace"].filter { stated.states($0) }
        let isTaken = transfer == .adopt || transfer.map { if case .takeOver = $0 { true } else { false } } ?? false
        guard let field = widening.first ?? (isTaken ? "" : nil) else { return }
        do throws(Problem) { try KeyControl.require(of: id, ledger.caller, in: ledger.transaction) } catch {
            throw Problem(
                error.code, error.detail, items: [.init(pointer: field.isEmpty ? "" : "/\(field)", code: error.code, detail: error.detail)])
        }
        if let end = stated.value.expiresAt, end <= ledger.time {
            throw invalid("expires_at", "the date is past; delete the key to end it")
        }
        guard let after = stated.value.expiresAfter, !stated.states("token") else { return }
        let live = try ledger.transaction.all(
            "SELECT issued_at FROM key_tokens WHERE key_id = ? AND grace_until IS NULL", [.text(id)]
        ) { try Timestamp($0.text(0)) }
        if live.contains(where: { $0 + after <= ledger.time }) {
            throw invalid("expires_after", "the key would end at once; make a new token with it, or delete the key")
        }
    }

    /// A revoked key is only made again by a plan, which was reviewed knowing that; not by a run that delivers late.
    private static func checkRevoked(_ stated: Stated<APIKey>, of id: String, _ ledger: LedgerTransaction) throws {
        guard stated.states("token"), ledger.batch.digest == nil else { return }
        let since = try ledger.transaction.first("SELECT revoked_at FROM api_keys WHERE id = ?", [.text(id)]) { $0.optionalText(0) }
        guard let since, let since else { return }
        let detail = "the key was revoked at \(since)"
        throw Problem(.revoked, detail, items: [.init(pointer: "/token", code: .revoked, detail: detail)])
    }

    /// The key that is calling is not ended, narrowed or replaced by its own call: whoever does that is locked out.
    private static func checkOwn(_ stated: Stated<APIKey>, _ ledger: LedgerTransaction) throws {
        func refuse(_ field: String, _ what: String) -> Problem {
            let detail = "this is the key that is calling; another one has to \(what)"
            return Problem(.ownKey, detail, items: [.init(pointer: "/\(field)", code: .ownKey, detail: detail)])
        }
        if stated.states("token") { throw refuse("token", "replace its token") }
        if stated.states("scopes"), let lost = ledger.caller.scopes.list.first(where: { !stated.value.scopes.allows($0) }) {
            throw refuse("scopes", "take \(lost.rawValue) from it")
        }
        if stated.states("bound_to"), stated.value.boundTo != ledger.caller.boundTo {
            throw refuse("bound_to", "change for whom it acts")
        }
        guard let id = ledger.caller.keyID else { return }
        let stored = try ledger.transaction.first(
            "SELECT allowed_ips, expires_after, expires_at, grace, rotate_every, protected FROM api_keys WHERE id = ?", [.text(id)]
        ) {
            (
                ranges: $0.text(0), after: $0.optionalText(1), end: $0.optionalText(2), grace: $0.text(3), rotation: $0.optionalText(4),
                isProtected: $0.boolean(5)
            )
        }
        guard let stored else { return }
        // Whoever has got hold of a key cannot make it last.
        if stated.states("grace"), try TimeSpan(stored.grace) != stated.value.grace { throw refuse("grace", "change its grace") }
        if stated.states("rotate_every"), try stored.rotation.map({ try TimeSpan($0) }) != stated.value.rotateEvery {
            throw refuse("rotate_every", "change its rotation")
        }
        if stated.states("protected"), stored.isProtected != stated.value.protected { throw refuse("protected", "change its protection") }
        let ranges = stated.value.allowedIPs
        // Neither narrower, which locks it out, nor wider, which it was not given.
        if stated.states("allowed_ips"), ranges.column != .text(stored.ranges) {
            throw refuse("allowed_ips", "change where it may be used from")
        }
        if stated.states("expires_after"), try stored.after.map({ try TimeSpan($0) }) != stated.value.expiresAfter {
            throw refuse("expires_after", "change when it ends")
        }
        if stated.states("expires_at"), try stored.end.map({ try Timestamp($0) }) != stated.value.expiresAt {
            throw refuse("expires_at", "change when it ends")
        }
    }

    static func references(_ stated: Stated<APIKey>, in ledger: inout LedgerTransaction) throws -> [(column: String, value: RowValue)] {
        var columns: [(column: String, value: RowValue)] = []
        // Stating one way to end takes the other away.
        if stated.value.expiresAfter != nil, !stated.states("expires_at") { columns.append(("expires_at", .null)) }
        if stated.value.expiresAt != nil, !stated.states("expires_after") { columns.append(("expires_after", .null)) }
        if stated.states("bound_to") {
            let owner = try stated.value.boundTo.map { try Owners.row(of: $0, in: ledger) }
            columns.append(("bound_owner_id", RowValue(owner)))
        }
        return columns
    }

    static func writeDependents(_ stated: Stated<APIKey>, of id: String, isNew: Bool, in ledger: LedgerTransaction) throws -> Bool {
        guard stated.states("token"), case .made(let hash) = stated.value.token else { return false }
        do {
            // The tokens of a revoked key stay dead when the key is issued again.
            if !isNew {
                try ledger.transaction.run(
                    "DELETE FROM key_tokens WHERE key_id = ?1 AND EXISTS (SELECT 1 FROM api_keys WHERE id = ?1 AND revoked_at IS NOT NULL)",
                    [.text(id)])
            }
            // A token that a plain request makes is shown to the one who asked: there is nothing to acknowledge.
            try KeyTokens.add(
                hash, to: id, at: ledger.time, acknowledged: ledger.batch.owner == nil, in: ledger.transaction)
            // A new token in the place of a revoked one is somebody's decision to have the key again.
            if !isNew { try ledger.transaction.run("UPDATE api_keys SET revoked_at = NULL WHERE id = ?", [.text(id)]) }
        } catch is NotUnique {
            throw Problem(.duplicate, "a token with the prefix \(hash.prefix) exists; make another")
        }
        return true
    }
}
