import APIServer
import EmailConnect
import EmailConnectClient
import Reconciler
import Testing
import TestSupport

/// A random manifest as YAML, and the shuffles that must not matter.
private struct RandomManifest {
    var webhooks: [String: String] = [:]
    var domains: [String: (fields: String, aliases: [String: String])] = [:]
    var keys: [String: String] = [:]

    private static let hookNames = ["a", "b", "c", "d", "e"]
    private static let domainNames = ["one.example", "two.example", "three.example", "bücher.example"]
    private static let aliasNames = ["x", "y", "z", "info", "\"*\""]

    init(_ generator: inout SeededGenerator) {
        for name in Self.hookNames where generator.chance(60) { webhooks[name] = Self.webhook(&generator) }
        let hooks = webhooks.keys.sorted()
        for name in Self.domainNames where generator.chance(60) {
            var aliases: [String: String] = [:]
            for alias in Self.aliasNames where generator.chance(50) {
                var fields = ["description: \"\(Int.random(in: 0..<3, using: &generator))\""]
                if generator.chance(30) { fields.append("enabled: false") }
                if let hook = hooks.randomElement(using: &generator), generator.chance(70) { fields.append("webhook: \(hook)") }
                aliases[alias] = "{ \(fields.joined(separator: ", ")) }"
            }
            var fields = "description: \"\(Int.random(in: 0..<3, using: &generator))\", include_envelope: \(generator.chance(50))"
            if let hook = hooks.randomElement(using: &generator), generator.chance(30) { fields += ", webhook: \(hook)" }
            domains[name] = (fields, aliases)
        }
        for name in ["k1", "k2"] where generator.chance(50) {
            let scopes = ["[aliases]", "[domains:read, emails:read]", "[full]"].randomElement(using: &generator) ?? "[full]"
            let rest = generator.chance(50) ? ", expires_after: 90d" : ", allowed_ips: [10.0.0.0/8]"
            keys[name] = "{ scopes: \(scopes)\(rest), deliver_to: { file: \(name).key } }"
        }
    }

    private static func webhook(_ generator: inout SeededGenerator) -> String {
        let number = Int.random(in: 0..<3, using: &generator)
        var fields = generator.chance(25) ? ["url: { env: URL\(number) }"] : ["url: https://h\(number).example/in"]
        var headers: [String] = []
        if generator.chance(40) { headers.append("X-Team: \"\(number)\"") }
        if generator.chance(40) { headers.append("Authorization: { env: TOKEN\(number), prefix: \"Bearer \" }") }
        if !headers.isEmpty { fields.append("headers: { \(headers.joined(separator: ", ")) }") }
        if generator.chance(25) { fields.append("signing_secret: { env: SIGN\(number) }") }
        if generator.chance(30) { fields.append("enabled: false") }
        return "{ \(fields.joined(separator: ", ")) }"
    }

    func yaml(owner: String = "prop", shuffledBy generator: inout SeededGenerator) -> String {
        let head = "version: 1\nmanifest: \(owner)\nenvironment: test\n"
        var sections: [String] = []
        sections.append("webhooks: { \(webhooks.shuffled(using: &generator).map { "\($0.key): \($0.value)" }.joined(separator: ", ")) }\n")
        sections.append("api_keys: { \(keys.shuffled(using: &generator).map { "\($0.key): \($0.value)" }.joined(separator: ", ")) }\n")
        let domains = domains.shuffled(using: &generator).map { name, domain in
            let aliases = domain.aliases.shuffled(using: &generator).map { "\($0.key): \($0.value)" }.joined(separator: ", ")
            return "\(name): { \(domain.fields), aliases: { \(aliases) } }"
        }
        sections.append("domains: { \(domains.joined(separator: ", ")) }\n")
        return head + sections.shuffled(using: &generator).joined()
    }
}

@Suite("For every manifest and every account")
struct PropertyTests {
    private static let environment: [String: String] = {
        var values: [String: String] = [:]
        for number in 0..<3 {
            values["URL\(number)"] = "https://secret\(number).example/canary"
            values["TOKEN\(number)"] = "canary-token\(number)"
            values["SIGN\(number)"] = "canary-sign\(number)"
        }
        return values
    }()

    private func plan(_ yaml: String, _ client: AccountClient, _ environment: [String: String] = environment) async throws
        -> Pipeline.Planned
    {
        let effects = Effects.test(files: ["m.yaml": yaml], environment: environment)
        let loaded = Pipeline.load("m.yaml", effects)
        var desired = try #require(loaded.desired, "\(loaded.diagnostics)\n\(yaml)")
        let planned = try await Pipeline.plan(desired, file: "m.yaml", from: client, effects)
        guard !planned.plan.refusals.isEmpty else { return planned }
        for refusal in planned.plan.refusals {
            if refusal.guarded == "deletes" { desired.consent.deletes = refusal.count } else { desired.consent.mailMoves = refusal.count }
        }
        return try await Pipeline.plan(desired, file: "m.yaml", from: client, effects)
    }

    private func apply(_ planned: Pipeline.Planned, _ client: AccountClient, _ environment: [String: String] = environment) async throws
        -> Applied
    {
        let effects = Effects.test(environment: environment, sink: TestSink())
        let prepared = try Pipeline.prepare(planned, onLoopback: true, effects)
        return try await Pipeline.apply(prepared, planned, to: client, onLoopback: true, effects)
    }

    private func text(_ planned: Pipeline.Planned) -> String {
        PlanText(.plain).render(planned.plan, server: "s") + PlanJSON.render(planned.plan, server: "s", command: "plan", exit: .done)
    }

    /// Each case walks one account through several manifests, with hand edits between.
    @Test("apply, then plan is empty; plan writes nothing; two plans are the same bytes; order does not matter", arguments: 0..<12)
    func converges(seed: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        try await TestServer.with(.local) { server in
            try await AccountClient.with(server.endpoint) { client in
                let viewer = try Owner("prop/test")
                for step in 0..<6 {
                    let manifest = RandomManifest(&generator)
                    let yaml = manifest.yaml(shuffledBy: &generator)
                    let before = try await client.state(of: Kind.allCases, seenBy: viewer)
                    let first = try await plan(yaml, client)
                    let second = try await plan(manifest.yaml(shuffledBy: &generator), client)
                    let after = try await client.state(of: Kind.allCases, seenBy: viewer)
                    #expect(text(first) == text(second), "seed \(seed) step \(step)")
                    #expect(!text(first).contains("canary"))
                    #expect(before.header.revision == after.header.revision, "plan writes nothing")
                    #expect(first.plan.conflicts.isEmpty)
                    if !first.plan.isEmpty { _ = try await apply(first, client) }
                    let rest = try await plan(yaml, client)
                    #expect(rest.plan.isEmpty, "seed \(seed) step \(step)\n\(text(rest))\n\(yaml)")
                    let forked = try await plan(yaml, client, [:])
                    #expect(forked.plan.digest == rest.plan.digest, "a fork without the secrets agrees")
                    try await edit(client, &generator)
                }
            }
        }
    }

    /// Somebody edits managed resources by hand: that is drift, and the next apply takes it back.
    private func edit(_ client: AccountClient, _ generator: inout SeededGenerator) async throws {
        let state = try await client.state(of: Kind.allCases, seenBy: Owner("prop/test"))
        var operations: [AnyOperation] = []
        for alias in state.aliases where generator.chance(30) {
            if generator.chance(50) {
                operations.append(.alias(Operation(.delete(.id(alias.id), nil), expect: nil)))
            } else {
                var value = Alias()
                value.description = "by hand"
                value.enabled = generator.chance(50)
                let rows = Alias.fields.indices.filter { ["description", "enabled"].contains(Alias.fields[$0].name) }
                operations.append(.alias(Operation(.update(.id(alias.id), Stated(value, rows: rows)), expect: nil)))
            }
        }
        guard !operations.isEmpty else { return }
        _ = try await client.commit(Batch(owner: nil, operations: operations), idempotencyKey: "edit-\(generator.next())")
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
        return [.domain(Operation(.create(Stated(domain, rows: domain.rowsWorthWriting)), expect: .absent))]
            + (try names.map { try create($0, description: $0) })
    }

    private static func create(_ name: String, description: String = "") throws -> AnyOperation {
        var alias = Alias()
        alias.domain = .name(try DomainName("one.example"))
        alias.name = try LocalPart(name)
        alias.description = description
        return .alias(Operation(.create(Stated(alias, rows: alias.rowsWorthWriting)), expect: .absent))
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

    @Test("two manifests on one account never touch each other's resources")
    func owners() async throws {
        var generator = SeededGenerator(seed: 42)
        try await TestServer.with(.local) { server in
            try await AccountClient.with(server.endpoint) { client in
                let theirs =
                    "version: 1\nmanifest: other\nenvironment: test\nwebhooks: { a: { url: https://o.example/ } }\ndomains: { other.example: { aliases: { x: a } } }\n"
                _ = try await apply(plan(theirs, client), client)
                func held() async throws -> [String] {
                    let state = try await client.state(of: Kind.allCases, seenBy: Owner("other/test"))
                    let owner = try Owner("other/test")
                    return state.webhooks.filter { $0.owner == owner }.map { "\($0)" }
                        + state.aliases.filter { $0.owner == owner }.map { "\($0)" }
                }
                let before = try await held()
                for _ in 0..<4 {
                    let planned = try await plan(RandomManifest(&generator).yaml(shuffledBy: &generator), client)
                    if !planned.plan.isEmpty { _ = try await apply(planned, client) }
                }
                #expect(try await held() == before)
                #expect(before.count == 2)
            }
        }
    }
}
