@testable import APIServer
import EmailConnect
import Foundation
import HTTPTypes
import Testing
import TestSupport

@Suite("The OpenAPI document")
struct OpenAPITests {
    private typealias Object = [String: Any]

    private static func document(_ account: Account) async throws -> Object {
        let answer = try await account.call(.get, "/openapi.json", headers: [.authorization: ""])
        #expect(answer.status == 200 && answer.headers[.contentType] == "application/json")
        return answer.json
    }

    private static func value(_ object: Object, _ path: String...) -> Object {
        path.reduce(object) { $0[$1] as? Object ?? [:] }
    }

    @Test("has every route, with a name of its own, and none that is not there")
    func routes() async throws {
        try await Account.with { account in
            let document = try await Self.document(account)
            var documented: Set<String> = []
            for (path, operations) in Self.value(document, "paths") {
                for (method, operation) in operations as? Object ?? [:] {
                    documented.insert("\(method.uppercased()) \(path)")
                    let answers = Self.value(operation as? Object ?? [:], "responses")
                    #expect(answers.keys.contains { $0.hasPrefix("2") }, "\(method) \(path)")
                    for (status, answer) in answers where Int(status) ?? 0 < 300 && (path.hasPrefix("/v1") || path.hasPrefix("/api")) {
                        #expect(Self.value(answer as? Object ?? [:], "headers")["X-RateLimit-Limit"] != nil, "\(method) \(path) \(status)")
                    }
                }
            }
            #expect(documented == Set(account.routes.map { "\($0.method.rawValue) \($0.path)" }))
            #expect(Set(account.routes.map(\.name)).count == account.routes.count)
            let text = try await account.call(.get, "/openapi.json").text
            for schema in text.matches(of: /#\/components\/(\w+)\/(\w+(?:-\w+)*)/) {
                #expect(Self.value(document, "components", String(schema.1))[String(schema.2)] != nil, "\(schema.0)")
            }
            let codes = Self.value(document, "components", "schemas", "Problem", "properties", "code")["enum"] as? [String]
            #expect(codes == Problem.Code.allCases.map(\.rawValue))
        }
    }

    @Test("has every field of every kind, in requests and in answers, under the names of the wire")
    func fields() async throws {
        try await Account.with { account in
            let schemas = Self.value(try await Self.document(account), "components", "schemas")
            func check<R: Resource>(_: R.Type) {
                let create = Self.value(schemas, "\(R.schemaName)Create", "properties")
                let answer = Self.value(schemas, R.schemaName, "properties")
                for field in R.fields where field.name != "key" && field.name != "token" {
                    for name in field.wireNames { #expect(create[name] != nil, "\(R.schemaName)Create has no \(name)") }
                    if field.name != "webhook" { #expect(answer[field.name] != nil, "\(R.schemaName) has no \(field.name)") }
                    let about = Self.value(create, field.name)["description"] as? String
                    #expect(about?.hasPrefix(field.about) == true, "\(R.schemaName).\(field.name)")
                }
            }
            check(Domain.self)
            check(Alias.self)
            check(Webhook.self)
            check(APIKey.self)
        }
    }

    @Test("shows answers as they are: the same members, none missing and none beside them")
    func answers() async throws {
        try await Account.with { account in
            let schemas = Self.value(try await Self.document(account), "components", "schemas")
            func members(_ schema: Object) -> (all: Set<String>, required: Set<String>) {
                (Set(Self.value(schema, "properties").keys), Set(schema["required"] as? [String] ?? []))
            }
            func check(_ object: Object, _ schema: Object, _ what: String) {
                let (all, required) = members(schema)
                #expect(!all.isEmpty, "\(what) is described")
                #expect(Set(object.keys).isSubset(of: all), "\(what): \(Set(object.keys).subtracting(all)) are not in the document")
                #expect(Set(object.keys).isSuperset(of: required), "\(what): \(required.subtracting(object.keys)) are missing")
            }
            let domain = try await account.call(.post, "/v1/domains", Examples.creation(.domain)).json
            let alias = try await account.call(.post, "/v1/aliases", #"{"domain":"acme.example","name":"a"}"#).json
            let webhook = try await account.call(
                .post, "/v1/webhooks", #"{"secret_url":"https://a.example/","headers":{"X-A":"1","Authorization":"x"}}"#
            ).json
            let key = try await account.call(.post, "/v1/api-keys", Examples.creation(.apiKey)).json
            for (name, object) in [("Domain", domain), ("Alias", alias), ("Webhook", webhook), ("ApiKey", key)] {
                check(object, Self.value(schemas, name), name)
            }
            let id = domain["id"] as? String ?? ""
            let verified = try await account.call(.post, "/v1/domains/\(id)/verify").json["verification"] as? Object ?? [:]
            check(verified, Self.value(schemas, "DomainVerification"), "a domain's verification")
            check(
                (verified["records"] as? [Object])?.first ?? [:],
                Self.value(schemas, "DomainVerification", "properties", "records", "items"), "a record that was looked for")
            check((domain["dns_records"] as? [Object])?.first ?? [:], Self.value(schemas, "DnsRecord"), "a DNS record")
            check(
                try await account.call(.post, "/v1/webhooks/\(webhook["id"] ?? "")/verify").json,
                Self.value(schemas, "WebhookVerification"),
                "a webhook's verification")
            let token = (key["tokens"] as? [Object])?.first ?? [:]
            check(token, Self.value(schemas, "ApiKey", "properties", "tokens", "items"), "a token")
            try await account.call(.patch, "/v1/aliases/\(alias["id"] ?? "")", #"{"webhook_id":"\#(webhook["id"] ?? "")"}"#)
            let mail = try await account.receive(Account.message(to: "a@acme.example"))
            let email = try #require(account.items(mail).first)
            check(email, Self.value(schemas, "Email"), "an email")
            await account.server.courier { _ in Attempt(milliseconds: 1, result: .success(.init(status: 200))) }.deliverDue()
            let whole = try await account.call(.get, "/v1/emails/\(email["id"] ?? "")").json
            check(whole, Self.value(schemas, "EmailWithDeliveries"), "an email with its deliveries")
            check((whole["deliveries"] as? [Object])?.first ?? [:], Self.value(schemas, "Delivery"), "a delivery")
            let statistics = try await account.call(.get, "/v1/statistics").json
            check(statistics, Self.value(schemas, "Statistics"), "the statistics")
            for list in ["days", "domains", "aliases"] {
                let item = try #require((statistics[list] as? [Object])?.first)
                check(item, Self.value(schemas, "Statistics", "properties", list, "items"), list)
            }
            let batch = try await account.batch([#"{"op":"create","kind":"domain","set":{"name":"b.example"}}"#]).json
            check(batch, Self.value(schemas, "BatchAnswer"), "a batch's answer")
            check(
                (batch["results"] as? [Object])?.first ?? [:], Self.value(schemas, "BatchAnswer", "properties", "results", "items"),
                "a result")
            check(try await account.call(.get, "/v1").json, Self.value(schemas, "Root"), "the root")
            let activity = try await account.call(.get, "/v1/activity").json
            check(activity, Self.value(schemas, "Activity"), "the activity")
            check(
                (activity["data"] as? [Object])?.first ?? [:], Self.value(schemas, "Activity", "properties", "data", "items"), "a key's use"
            )
            for (path, name) in [("applies", "Apply"), ("changes", "Change")] {
                let items = try await account.call(.get, "/v1/\(path)").json["data"] as? [Object] ?? []
                check(try #require(items.first), Self.value(schemas, name), name)
            }
            check(try await account.call(.get, "/v1/domains/none").json, Self.value(schemas, "Problem"), "a problem")
            check(
                try await account.call(.post, "/v1/domains", "{}").json["errors"].flatMap { ($0 as? [Object])?.first } ?? [:],
                Self.value(schemas, "Problem", "properties", "errors", "items"), "an error")
        }
    }

    @Test("has examples that work: each request is taken, each answer is one")
    func examples() async throws {
        try await Account.with { account in
            // The things that the examples speak of, by the ids that they speak of.
            var ids: [String: String] = [:]
            func real(_ text: String) -> String { ids.reduce(text) { $0.replacing($1.key, with: $1.value) } }
            for kind in [Kind.domain, .alias, .webhook, .apiKey] {
                let path = "/v1/\(kind.collection)"
                let made = try await account.call(.post, path, real(Examples.creation(kind)))
                #expect(made.status == 201, "\(kind): \(made.text)")
                ids["\(kind.idPrefix)4fK2x9QaB7cD1eF0"] = made.string("id")
                let item = "\(path)/\(made.string("id"))"
                #expect(try await account.call(.patch, item, real(Examples.change(kind))).status == 200)
                #expect(try await account.call(.put, item, real(Examples.replacement(kind))).status == 200)
                if kind != .apiKey { ids["acme.example\",\"desc"] = "other.example\",\"desc" }
                ids["\"support\""] = "\"sales\""
                let batch = try await account.call(.post, "\(path)/batch", real(Examples.plainBatch(kind)))
                #expect(batch.status == 200, "\(kind): \(batch.text)")
                ids["\"support\""] = nil
                ids["acme.example\",\"desc"] = nil
            }
            let batch = try await account.call(.post, "/v1/batch", Examples.batch.replacing("acme.example", with: "batch.example"))
            #expect(batch.status == 200, "\(batch.text)")
            for route in account.routes {
                for example in route.answers.compactMap(\.example) {
                    #expect(throws: Never.self, "\(route.name)") { try JSONSerialization.jsonObject(with: Data(example.utf8)) }
                }
            }
        }
    }

    @Test("has the live dialect beside it: examples that work, and answers with the members that they have")
    func live() async throws {
        let others = Others()
        try await Account.with(others: others) { account in
            let document = try await Self.document(account)
            let schemas = Self.value(document, "components", "schemas")
            var ids = ["support": "support", "acme.example": "acme.example"]
            func real(_ text: String) -> String { ids.reduce(text) { $0.replacing($1.key, with: $1.value) } }
            for (name, prefix) in [("domains", "dom"), ("webhooks", "wh"), ("aliases", "alias")] {
                let kind = try #require(Kind.allCases.first { $0.collection == name })
                let made = try await account.node(.post, "/api/\(name)", real(LiveExamples.creation(kind)))
                #expect(made.status == 201, "\(made.text)")
                ids["\(prefix)_4fK2x9QaB7cD1eF0"] = String(try #require(made.text.firstMatch(of: /"id":"(\w+)"/)).1)
            }
            for route in account.routes where route.dialect.keyHeader != nil && route.method != .delete {
                let path = route.path.split(separator: "/")
                let prefix = ["domains": "dom", "aliases": "alias", "webhooks": "wh"][path[1]] ?? ""
                let id = ids["\(prefix)_4fK2x9QaB7cD1eF0"] ?? ""
                (ids["support"], ids["acme.example"]) = (route.name.lowercased(), "live.example")
                ids["4fK2x9QaB7cD1eF04fK2x9QaB7cD1eF0"] = others.code
                let answer = try await account.node(
                    route.method, route.path.replacing("{id}", with: id), route.body.map { real($0.example) })
                #expect(answer.status == route.answers.first?.status, "\(route.name): \(answer.text)")
                let operation = Self.value(document, "paths", route.path, route.method.rawValue.lowercased())
                #expect((operation["security"] as? [Object])?.count == 2, "\(route.name): a header, or Bearer")
                let content = Self.value(operation, "responses", String(answer.status), "content", "application/json", "schema")
                let schema =
                    (content["$ref"] as? String).map { Self.value(schemas, String($0.split(separator: "/").last ?? "")) } ?? content
                let required = Set(schema["required"] as? [String] ?? [])
                #expect(!required.isEmpty && Set(answer.json.keys).isSuperset(of: required), "\(route.name)")
                #expect(Set(answer.json.keys).isSubset(of: Self.value(schema, "properties").keys), "\(route.name): \(answer.text)")
                if let records = answer.json["dnsRecords"] {
                    let first = try #require((records as? [Object])?.first)
                    let described = Self.value(schema, "properties", "dnsRecords", "items", "properties")
                    #expect(Set(first.keys) == Set(described.keys), "\(route.name): a DNS record")
                }
                let refusal = Self.value(operation, "responses", "400")["$ref"] as? String
                #expect(refusal == "#/components/responses/LiveError400", "\(route.name)")
            }
        }
    }
}
