import APIServer
import EmailConnect
import EmailConnectClient
import Foundation
import Reconciler
import Testing
import TestSupport

/// Random worlds: what every plan and every apply must be, whatever was done before. A failing one is made smaller and printed.
/// `WORLD_SEEDS=300 WORLD_FIRST=1000 swift test --filter Property` runs others, `WORLD_STEPS=20` longer ones.
@Suite("For every manifest and every account")
struct PropertyTests {
    private static func setting(_ name: String, _ usual: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap(Int.init) ?? usual
    }
    private static let seeds = setting("WORLD_FIRST", 0)..<(setting("WORLD_FIRST", 0) + setting("WORLD_SEEDS", 24))

    @Test("a plan is what it says, an apply is what its plan says, and then there is nothing to do", arguments: seeds)
    func world(seed: Int) async throws {
        let world = World(seed: seed, steps: Self.setting("WORLD_STEPS", 9))
        if let report = try await world.report(tries: Self.setting("WORLD_TRIES", 60)) { Issue.record(Comment(rawValue: report)) }
    }

    /// Worlds that random ones were made smaller to.
    @Test("what the server would refuse, the plan names", arguments: 0..<4)
    func found(place: Int) async throws {
        var (first, second) = (WorldManifest("prop"), WorldManifest("prop"))
        switch place {
        case 0:
            // A protected alias goes along with its domain.
            first.domains["one.example"] = .init()
            first.domains["one.example"]?.aliases["x"] = ["protected": "true"]
        case 1:
            // An alias keeps its webhook, since that is left to others, and the webhook goes.
            first.webhooks["a"] = .init(["url": "https://h0.example/in"])
            first.domains["one.example"] = .init()
            second.domains = first.domains
            first.domains["one.example"]?.aliases["x"] = ["webhook": "a"]
            second.domains["one.example"]?.aliases["x"] = ["ignore_fields": "[webhook]"]
        case 2:
            // An alias is let go, and its domain goes.
            first.domains["one.example"] = .init()
            first.domains["one.example"]?.aliases["x"] = [:]
            second.removed["alias:x@one.example"] = true
        default:
            // A domain is let go with its aliases, and their webhook goes.
            first.webhooks["a"] = .init(["url": "https://h0.example/in"])
            first.domains["one.example"] = .init()
            first.domains["one.example"]?.aliases["x"] = ["webhook": "a"]
            second.removed["domain:one.example"] = true
        }
        let report = try await World([.apply(first, secrets: 0, .fine), .apply(second, secrets: 0, .fine)]).report(tries: 0)
        if let report { Issue.record(Comment(rawValue: report)) }
    }

    @Test("the order of a batch's operations does not matter", arguments: 0..<8)
    func batchOrder(seed: Int) async throws {
        var generator = SeededGenerator(seed: 1000 + UInt64(seed))
        let seedBatch = try Self.names(["a", "b", "c", "d"])
        let change = try Self.rename([("a", "b"), ("b", "c"), ("c", "a")]) + [Self.create("e"), Self.delete("d"), Self.create("d")]
        var outcomes: Set<String> = []
        for _ in 0..<4 {
            let operations = change.shuffled(using: &generator)
            let outcome = try await TestServer.with(.local) { server in
                try await AccountClient.with(server.endpoint) { client in
                    let owner = try Owner("prop/test")
                    _ = try await client.commit(Batch(owner: owner, operations: seedBatch), idempotencyKey: "1")
                    _ = try await client.commit(Batch(owner: owner, operations: operations), idempotencyKey: "2")
                    let state = try await client.state(of: [.domain, .alias], seenBy: owner)
                    return state.aliases.map { "\($0.value.name?.text ?? "") \($0.value.description) \($0.version)" }.joined(
                        separator: "; ")
                }
            }
            outcomes.insert(outcome)
        }
        #expect(outcomes == ["a c 2; b a 2; c b 2; d  1; e  1"])
    }

    private static func names(_ names: [String]) throws -> [AnyOperation] {
        var domain = Domain()
        domain.name = try DomainName("one.example")
        return [.domain(Operation(.create(Stated(domain, rows: domain.worthWriting)), expect: .absent))]
            + (try names.map { try create($0, description: $0) })
    }

    private static func create(_ name: String, description: String = "") throws -> AnyOperation {
        var alias = Alias()
        alias.domain = .name(try DomainName("one.example"))
        alias.name = try LocalPart(name)
        alias.description = description
        return .alias(Operation(.create(Stated(alias, rows: alias.worthWriting)), expect: .absent))
    }

    private static func rename(_ pairs: [(String, String)]) throws -> [AnyOperation] {
        try pairs.map { from, to in
            var alias = Alias()
            alias.name = try LocalPart(to)
            let rows = Alias.fields.indices.filter { Alias.fields[$0].name == "name" }
            return .alias(Operation(.update(.name("\(from)@one.example"), Stated(alias, rows: rows)), expect: .version(1)))
        }
    }

    private static func delete(_ name: String) -> AnyOperation {
        .alias(Operation(.delete(.name("\(name)@one.example"), nil), expect: .version(1)))
    }
}
