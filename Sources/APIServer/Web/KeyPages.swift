import EmailConnect
import HTTPTypes
import Hummingbird

/// The tab API Keys: what there is, a new one, another token, the end.
extension Pages {
    /// A key's token that has just been made, or what went wrong.
    private struct Outcome {
        var token: Token?
        var what = ""
        var problem: String?
        var form = KeyForm()
    }

    struct KeyForm: Decodable {
        var name: String?
        var access: String?
        var scopes: [String]?
        var expires: String?
        var addresses: String?
    }

    /// How long a new key may last.
    private static let periods: [(value: String, text: String)] = [
        ("never", "never"), ("30d", "30 days"), ("90d", "90 days"), ("365d", "a year"),
    ]

    func keys(_ call: PageCall) async throws -> Response { try await keys(call, Outcome()) }

    private func keys(_ call: PageCall, _ outcome: Outcome) async throws -> Response {
        let page = Page(title: "API Keys", template: "keys", status: outcome.problem == nil ? .ok : .badRequest, tab: "/settings/api-keys")
        await gate.activity.flush()
        let now = clock.now()
        let mayWrite = call.caller.scopes.allows(.apiKeysWrite)
        let form = outcome.form
        var more: [String: any Sendable] = [
            "mayWrite": mayWrite, "name": form.name ?? "", "addresses": form.addresses ?? "", "isLimited": form.access == "limited",
            "choices": Scope.allCases.filter { $0 != .full && call.caller.mayGrant($0) }.map {
                Cells(["scope": $0.rawValue, "checked": form.scopes?.contains($0.rawValue) == true ? "checked" : ""]).byName
            },
        ]
        more["periods"] = Self.periods.map { period in
            Cells(["value": period.value, "text": period.text, "selected": period.value == form.expires ?? "90d" ? "selected" : ""]).byName
        }
        more["token"] = outcome.token?.secret.reveal()
        more["what"] = outcome.what
        more["problem"] = outcome.problem
        return try await table(call, page, .apiKey, adding: more) { after, transaction in
            try transaction.all(
                """
                SELECT k.rowid, k.id, coalesce(nullif(k.name, ''), k.key, k.id), k.scopes, k.expires_at, k.expires_after, k.revoked_at,
                       k.allowed_ips, o.name, (SELECT max(last_at) FROM key_use WHERE key_id = k.id),
                       (SELECT last_ip FROM key_use WHERE key_id = k.id ORDER BY last_at DESC LIMIT 1)
                FROM api_keys k LEFT JOIN owners o ON o.id = k.owner_id WHERE k.account_id = ? AND k.rowid > ? ORDER BY k.rowid LIMIT ?
                """, [.text(call.caller.accountID), .integer(after), .integer(Self.rowLimit + 1)]
            ) { row in
                let tokens = try KeyTokens.all(of: row.text(1), in: transaction)
                let status = try KeyTokens.status(
                    isRevoked: row.optionalText(6) != nil, end: row.optionalText(4), after: row.optionalText(5), tokens, at: now)
                let isUsable = status == .active || status == .undelivered
                let ends =
                    try row.optionalText(4) ?? row.optionalText(5).flatMap { after in
                        try tokens.last.map { (try Timestamp($0.issued) + TimeSpan(after)).text }
                    } ?? "never"
                return (
                    row.integer(0),
                    Cells([
                        "id": row.text(1), "name": row.text(2),
                        "scopes": try Scopes(stored: row.text(3)).list.map(\.rawValue).joined(separator: ", "),
                        "prefixes": tokens.map(\.prefix).joined(separator: ", "), "ends": ends, "status": status.rawValue,
                        "addresses": row.text(7) == "[]"
                            ? "anywhere" : row.text(7).filter { !#"[]""#.contains($0) }.replacing(",", with: ", "),
                        "owner": row.optionalText(8) ?? "", "used": row.optionalText(9) ?? "never", "from": row.optionalText(10) ?? "",
                        "mayAct": mayWrite && isUsable && row.text(1) != call.caller.keyID ? "yes" : "",
                        "isCaller": row.text(1) == call.caller.keyID ? "yes" : "",
                    ])
                )
            }
        }
    }

    func createKey(_ call: PageCall, _ bytes: [UInt8]) async throws -> Response {
        let form = try Self.decode(KeyForm.self, bytes)
        return try await act(call, form, "The new key") {
            try call.caller.require(.apiKeysWrite)
            call.context.notes.use([.apiKeysWrite])
            if form.access != "limited", form.scopes?.isEmpty == false {
                throw Problem(.invalid, "Full includes every scope: choose Limited to, or no scopes")
            }
            var reader = JSONReader(form.request)
            let (operation, token) = try Routes.creation(APIKey.self, try reader.node(), random)
            _ = try await ledger.commit(Batch(owner: nil, operations: [operation]), by: call.caller, CommitOptions(hasServersToken: true))
            return token
        }
    }

    func rotateKey(_ call: PageCall) async throws -> Response {
        try await act(call, KeyForm(), "The new token") {
            call.context.notes.use([.apiKeysWrite])
            return try await ledger.rotate(key: call.id, grace: nil, by: call.caller)
        }
    }

    func revokeKey(_ call: PageCall) async throws -> Response {
        try await act(call, KeyForm(), "") {
            call.context.notes.use([.apiKeysWrite])
            try await ledger.revoke(key: call.id, by: call.caller)
            return nil
        }
    }

    /// Does it and shows the keys again, with the token or with what went wrong.
    private func act(_ call: PageCall, _ form: KeyForm, _ what: String, _ body: () async throws -> Token?) async throws -> Response {
        do {
            guard let token = try await body() else { return Self.redirect("/settings/api-keys") }
            return try await keys(call, Outcome(token: token, what: what))
        } catch let problem as Problem {
            return try await keys(call, Outcome(problem: problem.detail, form: form))
        } catch let rejection as Rejection {
            return try await keys(call, Outcome(problem: rejection.sentence, form: form))
        }
    }
}

extension Pages.KeyForm {
    /// The form as the API's own request.
    fileprivate var request: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            if let name, !name.isEmpty { json.member("name", name) }
            json.member("scopes", access == "limited" ? scopes ?? [] : ["full"])
            if let expires, expires != "never", !expires.isEmpty { json.member("expires_after", expires) }
            let ranges = (addresses ?? "").split { " ,;\r\n\t".contains($0) }.map(String.init)
            if !ranges.isEmpty { json.member("allowed_ips", ranges) }
        }
        return json.bytes
    }
}
