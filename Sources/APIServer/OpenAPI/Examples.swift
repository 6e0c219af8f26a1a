import EmailConnect

/// Requests and answers for the document; a test sends the requests.
enum Examples {
    static func creation(_ kind: Kind) -> String {
        switch kind {
        case .domain: #"{"name":"acme.example","description":"Main domain"}"#
        case .alias: #"{"domain_id":"dom_4fK2x9QaB7cD1eF0","name":"support","description":"Support ticket intake"}"#
        case .webhook:
            #"{"alias_id":"alias_4fK2x9QaB7cD1eF0","url":"https://your-app.com/webhook","headers":{"X-Custom-Header":"value"}}"#
        case .apiKey: #"{"name":"reporting","scopes":["aliases:read","domains:read"],"expires_after":"90d"}"#
        }
    }

    static func change(_ kind: Kind) -> String {
        switch kind {
        case .domain: #"{"description":"Receives mail for the shop"}"#
        case .alias: #"{"enabled":false}"#
        case .webhook: #"{"headers":{"X-Team":"support"}}"#
        case .apiKey: #"{"allowed_ips":["203.0.113.0/24"]}"#
        }
    }

    static func replacement(_ kind: Kind) -> String {
        switch kind {
        case .alias: #"{"domain":"acme.example","name":"support"}"#
        case .webhook: #"{"url":"https://your-app.com/webhook"}"#
        case .domain, .apiKey: creation(kind)
        }
    }

    static func plainBatch(_ kind: Kind) -> String {
        switch kind {
        case .apiKey:
            #"{"operations":[{"action":"update","data":{"id":"key_4fK2x9QaB7cD1eF0","description":"Reads what arrived"}}]}"#
        case .domain, .alias, .webhook:
            """
            {"operations":[{"action":"create","data":\(batchCreation(kind))},\
            {"action":"update","data":{"id":"\(kind.idPrefix)4fK2x9QaB7cD1eF0","description":"Changed"}}]}
            """
        }
    }

    private static func batchCreation(_ kind: Kind) -> String {
        kind == .webhook ? #"{"url":"https://your-app.com/other"}"# : creation(kind)
    }

    static let batch = """
        {"format":1,"owner":"acme-mail/production","operations":[\
        {"op":"create","kind":"webhook","expect":"absent","set":{"key":"helpdesk","url":"https://hooks.acme.example/in"}},\
        {"op":"create","kind":"domain","expect":"absent","set":{"name":"acme.example","webhook":"helpdesk"}},\
        {"op":"create","kind":"alias","expect":"absent","set":{"domain":"acme.example","name":"support","webhook":"helpdesk"}}]}
        """

    static let batchAnswer = #"{"revision":419,"results":[{"index":0,"status":201,"id":"wh_4fK2x9QaB7cD1eF0","version":1}]}"#

    private static func common(_ kind: Kind) -> String {
        #"""
        "id":"\#(kind.idPrefix)4fK2x9QaB7cD1eF0","version":1,"managed_by":null,"created_at":"2026-11-24T08:00:00Z",\#
        "updated_at":"2026-11-24T08:00:00Z"
        """#
    }

    static func record(_ kind: Kind) -> String {
        let own =
            switch kind {
            case .domain:
                #""webhook_id":null,"received":7,"last_received_at":"2026-11-24T08:00:00Z",\#(dns),"name":"acme.example","description":"Main domain","enabled":true,"protected":false,"allow_attachments":true,"include_envelope":false"#
            case .alias:
                #""webhook_id":null,"domain":"acme.example","domain_id":"dom_4fK2x9QaB7cD1eF0","address":"support@acme.example","received":7,"last_received_at":"2026-11-24T08:00:00Z","name":"support","description":"Support ticket intake","enabled":true,"protected":false"#
            case .webhook:
                #""url":"https://your-app.com/webhook","headers":{"X-Custom-Header":"value"},"secret_headers":{},"signing_secret":null,"alias_ids":["alias_4fK2x9QaB7cD1eF0"],"verified":false,"verified_at":null,"suspended_at":null,"failures":0,"last_delivered_at":"2026-11-24T08:00:01Z","last_failed_at":null,"key":null,"name":"","description":"","enabled":true,"protected":false"#
            case .apiKey: key
            }
        return "{\(common(kind)),\(own)}"
    }

    private static let dns =
        #""verification":{"status":"pending","checked_at":null,"records":[]},"dns_records":[{"type":"MX","name":"acme.example","priority":10,"value":"mail.localhost"},{"type":"TXT","name":"_emailconnect.acme.example","priority":null,"value":"emailconnect-verification=7f3a91c2d0e4b5867f3a91c2d0e4b586"}]"#

    static let verified =
        #"{"verified":true,"verified_at":"2026-11-24T08:00:00Z","response_code":200,"failure":null,"code_until":null}"#

    private static let key =
        #""revoked_at":null,"bound_to":null,"token":"delivered","tokens":[{"prefix":"ec_4fK2x9Qa","issued_at":"2026-11-24T08:00:00Z","acknowledged_at":"2026-11-24T08:00:00Z","grace_until":null}],"status":"active","last_used_at":"2026-11-24T09:30:00Z","last_used_ip":"203.0.113.7","key":null,"name":"reporting","description":"","protected":false,"scopes":["aliases:read","domains:read"],"grants":null,"expires_after":"90d","expires_at":null,"rotate_every":null,"grace":"1d","allowed_ips":[]"#

    static var rotated: String {
        #"{"api_key":"ec_4fK2x9Qa_0000000000000000000000000000000000000000000000000","# + record(.apiKey).dropFirst()
    }

    static func page(_ kind: Kind) -> String {
        #"{"data":[\#(record(kind))],"page":1,"limit":50,"total":1,"has_more":false,"next_cursor":null}"#
    }

    private static let commit =
        #""revision":419,"time":"2026-11-24T08:00:00Z","owner":"acme-mail/production","actor":"ec_4fK2x9Qa","digest":"7f3a91c2d0e4b586""#

    static let applies =
        #"{"data":[{\#(commit),"sequence":4711,"context":{"commit":"9fceb02"},"operations":3}],"limit":50,"has_more":false,"next_cursor":null}"#

    static let changes =
        #"{"data":[{\#(commit),"kind":"domain","resource_id":"dom_4fK2x9QaB7cD1eF0","before":null,"after":{"name":"acme.example"}}],"limit":50,"has_more":false,"next_cursor":null}"#

    private static let limits = #"[{"window":"hour","limit":1000,"remaining":988,"reset":1795510800}]"#

    static let activity =
        #"{"data":[{"id":"key_4fK2x9QaB7cD1eF0","key":null,"name":"reporting","managed_by":null,"requests":12,"first_used_at":"2026-11-24T08:00:00Z","last_used_at":"2026-11-24T09:30:00Z","last_used_ip":"203.0.113.7","tokens":[{"prefix":"ec_4fK2x9Qa","requests":12,"last_used_at":"2026-11-24T09:30:00Z"}],"scopes":{"aliases:read":"2026-11-24T09:30:00Z"},"addresses":{"203.0.113.7":"2026-11-24T09:30:00Z"}}],"page":1,"limit":50,"total":1,"has_more":false,"next_cursor":null,"rate_limits":\#(limits)}"#

    static let root =
        #"{"name":"EmailConnect API","version":"v1","account_id":"acct_7f3a91c2d0e4","scopes":["full"],"limits":{"webhooks":{"used":1,"limit":10000},"domains":{"used":1,"limit":10000},"aliases":{"used":1,"limit":1000000},"api_keys":{"used":1,"limit":1000}},"rate_limits":\#(limits)}"#
}
