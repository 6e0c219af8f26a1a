@testable import APIServer
import EmailConnect
import Foundation
import HTTPTypes
import Testing
import TestSupport

@Suite("A list")
struct ListTests {
    private func names(_ answer: Account.Answer) -> [String] {
        (answer.json["data"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
    }

    @Test("shows everything that is there all the time exactly once by cursor, whatever is made and deleted meanwhile")
    func cursor() async throws {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<5 {
            let steps = (0..<40).map { _ in Int.random(in: 0..<3, using: &generator) }
            try await Account.with { account in
                var kept: Set<String> = []
                var loose: [String] = []
                for number in 0..<12 {
                    let id = try await account.call(.post, "/v1/domains", "{\"name\":\"d\(number).example\"}").string("id")
                    if number % 2 == 0 { kept.insert("d\(number).example") } else { loose.append(id) }
                }
                var seen: [String] = []
                var next: String? = ""
                var step = 0
                while let cursor = next {
                    let page = try await account.call(.get, "/v1/domains?limit=2" + (cursor.isEmpty ? "" : "&cursor=\(cursor)"))
                    #expect(page.status == 200, "\(page.text)")
                    seen += names(page)
                    next = page.json["next_cursor"] as? String
                    #expect(page.json["has_more"] as? Bool == (next != nil))
                    #expect((page.json["page"] == nil) == !cursor.isEmpty)
                    switch steps[step] {
                    case 0: try await account.call(.post, "/v1/domains", "{\"name\":\"new\(step).example\"}")
                    case 1: if let id = loose.popLast() { #expect(try await account.call(.delete, "/v1/domains/\(id)").status == 204) }
                    default: if !loose.isEmpty { try await account.call(.delete, "/v1/domains/\(loose.removeFirst())") }
                    }
                    step += 1
                }
                #expect(kept.isSubset(of: seen), "\(seen)")
                #expect(Set(seen).count == seen.count, "each once: \(seen)")
            }
        }
    }

    @Test("refuses a cursor of another list, one that is none, and one beside a page")
    func refusals() async throws {
        try await Account.with { account in
            for number in 0..<3 { try await account.call(.post, "/v1/domains", "{\"name\":\"d\(number).example\"}") }
            let cursor = try #require(try await account.call(.get, "/v1/domains?limit=1").json["next_cursor"] as? String)
            #expect(names(try await account.call(.get, "/v1/domains?limit=1&cursor=\(cursor)")) == ["d1.example"])
            for bad in [
                "aliases?cursor=\(cursor)", "domains?cursor=x", "domains?cursor=dom_0", "domains?cursor=dom_-1",
                "domains?cursor=\(cursor)&page=2",
                "domains?cursor=", "activity?cursor=\(cursor)",
            ] { #expect(try await account.call(.get, "/v1/\(bad)").status == 400, "\(bad)") }
        }
    }

    @Test("counts what a filter leaves")
    func filters() async throws {
        try await Account.with { account in
            let hook = try await account.call(.post, "/v1/webhooks", #"{"url":"https://a.example/"}"#).string("id")
            for name in ["a", "b"] { try await account.call(.post, "/v1/domains", "{\"name\":\"\(name).example\"}") }
            for (domain, name, webhook) in [("a", "x", true), ("a", "y", false), ("b", "z", true)] {
                let more = webhook ? ",\"webhook_id\":\"\(hook)\"" : ""
                try await account.call(.post, "/v1/aliases", "{\"domain\":\"\(domain).example\",\"name\":\"\(name)\"\(more)}")
            }
            let filtered = try await account.call(.get, "/v1/aliases?webhook_id=\(hook)&limit=1")
            #expect(filtered.number("total") == 2 && filtered.json["has_more"] as? Bool == true)
            let next = try #require(filtered.json["next_cursor"] as? String)
            let last = try await account.call(.get, "/v1/aliases?webhook_id=\(hook)&limit=1&cursor=\(next)")
            #expect(names(last) == ["z"] && last.json["has_more"] as? Bool == false && last.json["next_cursor"] is NSNull)
        }
    }

    @Test("answers HEAD like GET without the body, and OPTIONS with what the path takes")
    func methods() async throws {
        try await Account.with { account in
            let id = try await account.call(.post, "/v1/domains", #"{"name":"a.example"}"#).string("id")
            for path in ["/v1", "/v1/domains", "/v1/domains/\(id)", "/v1/state", "/v1/activity", "/openapi.json", "/health"] {
                let (get, head) = (try await account.call(.get, path), try await account.call(.head, path))
                #expect(head.status == 200 && head.text.isEmpty, "\(path)")
                #expect(head.headers[.contentType] == get.headers[.contentType] && head.headers[.eTag] == get.headers[.eTag])
                #expect(try await account.call(.head, path, key: "bad").status == (path.hasPrefix("/v1") ? 401 : 200))
            }
            #expect(try await account.call(.head, "/v1/domains/\(id)", headers: [.ifNoneMatch: "\"1\""]).status == 304)
            #expect(try await account.call(.head, "/v1/domains/none").status == 404)
            #expect(try await account.call(.head, "/v1/batch").headers[.allow] == "OPTIONS, POST")
            for (path, allow) in [
                ("/v1/domains", "GET, HEAD, OPTIONS, POST"), ("/v1/domains/x", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
                ("/v1/batch", "OPTIONS, POST"), ("/v1/aliases/batch", "OPTIONS, POST"), ("/health", "GET, HEAD, OPTIONS"),
            ] {
                let answer = try await account.call(.options, path, key: "bad")
                #expect(answer.status == 204 && answer.headers[.allow] == allow)
                let refused = try await account.call(.trace, path)
                #expect(refused.status == 405 && refused.headers[.allow] == allow && refused.code == "method_not_allowed")
            }
        }
    }
}
