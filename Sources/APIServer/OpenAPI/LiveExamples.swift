import EmailConnect

/// Requests and answers of the live dialect for the document; a test sends the requests.
enum LiveExamples {
    static func creation(_ kind: Kind) -> String {
        switch kind {
        case .domain: #"{"domain":"acme.example"}"#
        case .webhook: #"{"name":"Helpdesk","url":"https://your-app.com/webhook","description":"Opens a ticket"}"#
        case .alias, .apiKey: #"{"domainId":"dom_4fK2x9QaB7cD1eF0","localPart":"support","webhookId":"wh_4fK2x9QaB7cD1eF0"}"#
        }
    }

    static func change(_ kind: Kind) -> String {
        switch kind {
        case .domain: #"{"allowAttachments":false,"includeEnvelope":true}"#
        case .webhook: #"{"name":"Helpdesk","url":"https://your-app.com/webhook"}"#
        case .alias, .apiKey: #"{"active":false}"#
        }
    }

    private static let times = #""createdAt":"2026-11-24T08:00:00Z","updatedAt":"2026-11-24T08:00:00Z""#

    static func record(_ kind: Kind) -> String {
        switch kind {
        case .domain:
            #"{"id":"dom_4fK2x9QaB7cD1eF0","domain":"acme.example","domainName":"acme.example","description":"","active":true,"webhookId":null,"allowAttachments":true,"includeEnvelope":false,"isVerified":false,\#(times)}"#
        case .webhook:
            #"{"id":"wh_4fK2x9QaB7cD1eF0","name":"Helpdesk","url":"https://your-app.com/webhook","description":"Opens a ticket","active":true,"verified":true,\#(times)}"#
        case .alias, .apiKey:
            #"{"id":"alias_4fK2x9QaB7cD1eF0","email":"support@acme.example","localPart":"support","domainId":"dom_4fK2x9QaB7cD1eF0","description":"","active":true,"webhookId":"wh_4fK2x9QaB7cD1eF0","destinationEmail":null,"allowAttachments":true,"includeEnvelope":false,"includeHtml":true,"includeText":true,\#(times)}"#
        }
    }

    static func list(_ kind: Kind) -> String { #"{"\#(kind.collection)":[\#(record(kind))],"total":1}"# }

    static let domainStatus =
        #"{"id":"dom_4fK2x9QaB7cD1eF0","domain":"acme.example","isVerified":false,"dnsRecords":[{"type":"MX","name":"acme.example","priority":10,"value":"mail.localhost","status":"verified"},{"type":"TXT","name":"_emailconnect.acme.example","priority":null,"value":"emailconnect-verification=7f3a90c2d4e15b687f3a90c2d4e15b68","status":"failed"}]}"#

    static let trigger =
        #"{"domainId":"dom_4fK2x9QaB7cD1eF0","webhookUrl":"https://n8n.your-app.com/webhook/d88abf53/emailconnect","webhookName":"Tickets","webhookDescription":"","firstOrCreate":true,"updateWebhookData":true,"autoVerify":true,"aliasType":"specific","localPart":"support"}"#

    static let triggerAnswer =
        #"{"success":true,"action":"created","webhook":\#(record(.webhook)),"alias":\#(record(.alias)),"domain":{"id":"dom_4fK2x9QaB7cD1eF0","webhookUpdated":false},"message":"Created alias support@acme.example"}"#

    static let teardown =
        #"{"webhookId":"wh_4fK2x9QaB7cD1eF0","expectedUrl":"https://n8n.your-app.com/webhook-test/d88abf53/emailconnect"}"#

    static let teardownAnswer = #"{"success":true,"action":"deleted","message":"The webhook was deleted"}"#
}
