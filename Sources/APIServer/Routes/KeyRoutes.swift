import EmailConnect
import HTTPTypes
import Hummingbird

extension Routes {
    /// `POST /v1/api-keys/ID/acknowledge`: a token has reached its place.
    func acknowledge(_ call: Call) async throws -> Response {
        _ = try call.query()
        var prefix: String?
        for member in try await call.json().members("an object") {
            guard member.key.text == "prefix" else { throw Problem(.invalid, "send {\"prefix\": \"ec_...\"}") }
            prefix = try member.value.text()
        }
        guard let prefix else { throw Problem(.invalid, "send {\"prefix\": \"ec_...\"}") }
        try await ledger.acknowledge(key: call.id(), prefix: prefix, by: call.caller)
        return Response(status: .noContent)
    }

    /// `POST /v1/api-keys/ID/revoke`: the key ends at once and stays as a tombstone.
    func revoke(_ call: Call) async throws -> Response {
        _ = try call.query()
        try await ledger.revoke(key: call.id(), by: call.caller)
        return try await item(APIKey.self, call.id(), call, .ok)
    }

    /// `POST /v1/api-keys/ID/rotate`: a new token, shown once; the older ones get `grace`.
    func rotate(_ call: Call) async throws -> Response {
        _ = try call.query()
        var grace: TimeSpan?
        if call.hasBody {
            for member in try await call.json().members("an object") {
                guard member.key.text == "grace" else { throw Problem(.invalid, "send {\"grace\": \"24h\"}, or no body") }
                grace = try TimeSpan(member.value)
            }
        }
        let token = try await ledger.rotate(key: call.id(), grace: grace, by: call.caller)
        return try await item(APIKey.self, call.id(), call, .ok, token: token)
    }
}
