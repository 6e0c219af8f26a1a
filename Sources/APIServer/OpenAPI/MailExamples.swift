/// Mail's requests and answers for the document.
extension Examples {
    static let message =
        #""From: Jane Doe <jane@customer.example>\r\nTo: support@acme.example\r\nSubject: It does not start\r\n\r\nSince this morning.\r\n""#

    private static let emailMembers =
        #""id":"email_4fK2x9QaB7cD1eF0","status":"delivered","reason":null,"domain_id":"dom_4fK2x9QaB7cD1eF0","alias_id":"alias_4fK2x9QaB7cD1eF0","webhook_id":"wh_4fK2x9QaB7cD1eF0","sender":"jane@customer.example","recipient":"support@acme.example","from":"Jane Doe <jane@customer.example>","to":"support@acme.example","subject":"It does not start","message_id":null,"size":125,"received_at":"2026-11-24T08:00:00Z","attempts":1,"next_attempt_at":null,"finished_at":"2026-11-24T08:00:01Z","replayable":true"#

    static let received = #"{"data":[{\#(emailMembers)}]}"#

    static let emails =
        #"{"data":[{\#(emailMembers)}],"page":1,"limit":50,"total":1,"has_more":false,"next_cursor":null}"#

    static let email =
        #"{\#(emailMembers),"deliveries":[{"id":"dlv_4fK2x9QaB7cD1eF0","webhook_id":"wh_4fK2x9QaB7cD1eF0","attempt":1,"started_at":"2026-11-24T08:00:00Z","duration_ms":84,"delivered":true,"response_code":200,"failure":null,"excerpt":"ok","next_attempt_at":null}]}"#

    private static let counts = #""total":12,"queued":1,"delivered":10,"failed":0,"blocked":0,"refused":1"#

    static let statistics =
        #"{"since":"2026-11-24T00:00:00Z","until":null,"emails":{\#(counts)},"attempts":{"total":11,"delivered":10},"days":[{"date":"2026-11-24",\#(counts)}],"domains":[{"domain_id":"dom_4fK2x9QaB7cD1eF0","name":"acme.example",\#(counts)}],"aliases":[{"alias_id":"alias_4fK2x9QaB7cD1eF0","address":"support@acme.example","last_received_at":"2026-11-24T08:00:00Z",\#(counts)}]}"#
}
