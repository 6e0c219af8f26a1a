import APIServer
import EmailConnect
import EmailConnectClient
import Reconciler
import Synchronization
import Testing
import TestSupport

@Suite("Through /api", .serialized, .timeLimit(.minutes(5)))
struct AppDialectTests {
    private static let first = """
        version: 1
        manifest: app
        environment: test
        webhooks:
          a: { url: https://a.example/in, description: first }
          b: { url: https://b.example/in }
        domains:
          one.example: { webhook: a, include_envelope: true, aliases: { x: a, y: { webhook: b, enabled: false }, "*": {} } }
          two.example: { aliases: { z: {} } }

        """
    private static let second = """
        version: 1
        manifest: app
        environment: test
        webhooks:
          a: { url: https://a.example/other }
          c: { url: https://c.example/in, name: b }
        domains:
          one.example: { webhook: c, aliases: { x: c, w: { moved_from: y, webhook: a, description: moved }, y: c } }
          three.example: { description: new, aliases: { n: a } }
        removed: [{ webhook: b }, { domain: two.example }, { alias: "*@one.example" }]

        """
    private static let owner = "app/test"

    /// Exactly what a manifest states: nothing twice, nothing left over, all of it in the inventory, and no more to do.
    private func expectDone(_ world: AppWorld, _ yaml: String, _ comment: Comment? = nil) async throws {
        world.network.reset()
        let owner = try Owner(Self.owner)
        let planned = try await world.with(owner) { try await world.plan(yaml, by: $0) }
        #expect(planned.plan.isEmpty && planned.plan.conflicts.isEmpty, "\(PlanText(.plain).render(planned.plan, server: "s"))")
        let (truth, desired) = (try await world.truth(), try #require(Pipeline.load("m.yaml", .test(files: ["m.yaml": yaml])).desired))
        #expect(truth.webhooks.map(\.value.name).sorted() == desired.webhooks.map(\.value.name).sorted(), comment)
        #expect(
            truth.webhooks.compactMap { $0.value.url?.shown.word }.sorted()
                == desired.webhooks.compactMap { $0.value.url?.shown.word }.sorted(), comment)
        #expect(truth.domains.compactMap(\.value.name).sorted() == desired.domains.compactMap(\.value.name).sorted(), comment)
        #expect(truth.aliases.compactMap(\.value.naturalKey).sorted() == desired.aliases.compactMap(\.value.naturalKey).sorted(), comment)
        let inventory = try #require(world.shelf[owner])
        for id in truth.webhooks.map(\.id) + truth.domains.map(\.id) + truth.aliases.map(\.id) {
            #expect(inventory.contains("\"\(id)\""), "\(id) is not in the inventory")
        }
    }

    @Test("an apply makes the account so, call by call, and then there is nothing to do")
    func converges() async throws {
        try await AppWorld.with { world in
            let applied = try #require(try await world.apply(Self.first))
            #expect(applied.exit == .done && applied.revision == 1 && applied.counts.add == 8)
            try await expectDone(world, Self.first)
            #expect(try await world.apply(Self.second)?.exit == .done)
            try await expectDone(world, Self.second)
            let y = try await world.truth().aliases.first { $0.value.naturalKey?.description == "w@one.example" }
            #expect(y?.value.description == "moved", "a renamed alias is the one that was there")
            #expect(try await world.apply(Self.second) == nil)
        }
    }

    @Test("for every account and every manifest", arguments: 0..<12)
    func random(seed: Int) async throws {
        try await AppWorld.with { world in
            var generator = SeededGenerator(seed: UInt64(seed))
            var seen: Set<String> = []
            for _ in 0..<5 {
                let yaml = Self.manifest(&generator)
                seen.insert(yaml)
                try await world.apply(yaml)
                try await expectDone(world, yaml, "\(yaml)")
                let truth = try await world.truth()
                if let alias = truth.aliases.randomElement(using: &generator), generator.chance(50) {
                    try await world.edit(
                        generator.chance(50)
                            ? #"{"op":"delete","kind":"alias","id":"\#(alias.id)"}"#
                            : #"{"op":"update","kind":"alias","id":"\#(alias.id)","set":{"description":"by hand","webhook_id":null}}"#)
                }
                if let hook = truth.webhooks.randomElement(using: &generator), generator.chance(30) {
                    try await world.edit(
                        #"{"op":"update","kind":"webhook","id":"\#(hook.id)","set":{"url":"https://hand.example/in","name":"hand"}}"#)
                }
            }
            #expect(seen.count > 1)
        }
    }

    private static func manifest(_ generator: inout SeededGenerator) -> String {
        let hooks = ["a", "b", "c"].filter { _ in generator.chance(60) }
        func hook(_ generator: inout SeededGenerator) -> String { hooks.randomElement(using: &generator).map { ", webhook: \($0)" } ?? "" }
        var text = "version: 1\nmanifest: app\nenvironment: test\nwebhooks:\(hooks.isEmpty ? " {}" : "")\n"
        for name in hooks {
            let number = Int.random(in: 0..<3, using: &generator)
            text +=
                "  \(name): { url: https://h\(number).example/in, name: \(generator.chance(50) ? "same" : name), description: d\(number) }\n"
        }
        let domains = ["one.example", "two.example", "bücher.example"].filter { _ in generator.chance(70) }
        text += "domains:\(domains.isEmpty ? " {}" : "")\n"
        for domain in domains {
            text +=
                "  \(domain):\n    { description: d\(Int.random(in: 0..<2, using: &generator)), allow_attachments: \(generator.chance(50))"
            text += generator.chance(40) ? hook(&generator) : ""
            let aliases = ["x", "y", "z", "\"*\""].filter { _ in generator.chance(50) }
            let entries = aliases.map { name in
                "\(name): { enabled: \(generator.chance(80))\(generator.chance(60) ? hook(&generator) : "") }"
            }
            text += ", aliases: { \(entries.joined(separator: ", ")) } }\n"
        }
        return text
    }

    @Test(
        "a machine that dies at any call leaves nothing that the next run does not know, and nothing is made twice",
        arguments: [HostileProxy.Fault.dropBeforeRequest, .dropAnswer])
    func deaths(fault: HostileProxy.Fault) async throws {
        for (before, yaml) in [(nil, Self.first), (Self.first, Self.second)] {
            var number = 0
            var hasEnded = false
            while !hasEnded {
                let place = number
                hasEnded = try await AppWorld.with { world in
                    if let before { try await world.apply(before) }
                    let digest = try await world.with(try Owner(Self.owner)) { try await world.plan(yaml, by: $0).plan.digest.text }
                    world.network.die(at: place, fault)
                    let outcome = await Result { try await world.apply(yaml, approved: digest) }
                    guard world.shelf.isDead else {
                        if case .success(let applied) = outcome { #expect(applied?.exit == .done) } else { Issue.record("\(outcome)") }
                        return true
                    }
                    if case .success(let applied) = outcome { #expect(applied?.exit == .partly) }
                    world.shelf.revive()
                    world.network.reset()
                    // What was approved comes to its end under the same approval.
                    let rest = try await world.apply(yaml, approved: digest)
                    #expect(rest?.exit ?? .done == .done, "\(String(describing: rest))")
                    try await expectDone(world, yaml, "died at \(place)")
                    return false
                }
                number += 1
            }
            #expect(number > 12, "\(number) calls")
        }
    }

    @Test("a machine that dies again and again comes to the end all the same", arguments: 0..<8)
    func deaths(seed: Int) async throws {
        try await AppWorld.with { world in
            var generator = SeededGenerator(seed: UInt64(seed))
            for yaml in [Self.first, Self.second, Self.first] {
                world.network.reset()
                let digest = try await world.with(try Owner(Self.owner)) { try await world.plan(yaml, by: $0).plan.digest.text }
                for _ in 0..<4 {
                    world.network.die(
                        at: Int.random(in: 5..<14, using: &generator), generator.chance(50) ? .dropAnswer : .dropBeforeRequest)
                    _ = try? await world.apply(yaml, approved: digest)
                    world.shelf.revive()
                }
                world.network.reset()
                let last = try await world.apply(yaml, approved: digest)
                #expect(last?.exit ?? .done == .done)
                try await expectDone(world, yaml)
            }
        }
    }

    @Test("a network that breaks and a server that has enough only take longer", arguments: 0..<8)
    func faults(seed: Int) async throws {
        try await AppWorld.with { world in
            let generator = Mutex(SeededGenerator(seed: UInt64(seed)))
            let faults: [HostileProxy.Fault] = [
                .tooManyRequests, .unavailable, .dropBeforeRequest, .dropAnswer, .truncateAnswer, .badGateway, .badGatewayAfter,
                .serverError,
            ]
            world.network.play { _, _ in
                generator.withLock { $0.chance(25) ? faults.randomElement(using: &$0) ?? .none : .none }
            }
            for yaml in [Self.first, Self.second] {
                for _ in 0..<10 {
                    do {
                        if try await world.apply(yaml)?.exit ?? .done == .done { break }
                    } catch let failure as AccountFailure {
                        #expect(!failure.problem.contains("Optional") && !failure.remedy.isEmpty, "\(failure)")
                    }
                }
            }
            try await expectDone(world, Self.second)
        }
    }

    // MARK: who manages what

    @Test("what is there already is adopted only with consent, a webhook by its name; two of a name are a conflict that names both")
    func adoption() async throws {
        try await AppWorld.with { world in
            let yaml = """
                version: 1
                manifest: app
                environment: test
                webhooks: { a: { url: https://a.example/in } }
                domains: { one.example: { aliases: { x: a } } }

                """
            let hook = #"{"op":"create","kind":"webhook","set":{"name":"a","url":"https://hand.example/in"}}"#
            try await world.edit(
                hook + #",{"op":"create","kind":"domain","set":{"name":"one.example"}}"#)
            let owner = try Owner(Self.owner)
            func conflicts(_ yaml: String) async throws -> [Conflict] {
                try await world.with(owner) { try await world.plan(yaml, by: $0).plan.conflicts }
            }
            let found = try await conflicts(yaml)
            #expect(found.map(\.title) == ["webhook a", "domain one.example"])
            let id = try #require(try await world.truth().webhooks.first?.id)
            #expect(found.map(\.problem) == ["exists and nobody manages it: \(id)", "exists and nobody manages it"])
            #expect(found[0].remedy.contains("adopt: { id: \(id) }") && found[1].remedy.contains("allow: { adopt: [one.example] }"))
            let agreed =
                yaml.replacing("a: { url: https://a.example/in }", with: "a: { url: https://a.example/in, adopt: { id: \(id) } }")
                + "allow: { adopt: [one.example] }\n"
            let applied = try #require(try await world.apply(agreed))
            #expect(applied.counts.adopt == 2 && applied.counts.add == 1, "\(applied)")
            try await expectDone(world, yaml)

            world.shelf[owner] = nil
            try await world.edit(hook)
            let ids = try await world.truth().webhooks.map(\.id).sorted()
            let both = try #require(try await conflicts(yaml).first { $0.kind == .webhook })
            #expect(both.problem.contains("2 webhooks have the name a") && ids.allSatisfy(both.problem.contains), "\(both)")
            #expect(both.remedy.contains("adopt: { id: \(ids[0]) }"))
        }
    }

    @Test("a webhook that may have been made, and one of its name by somebody else, are not told apart by guessing")
    func ambiguous() async throws {
        try await AppWorld.with { world in
            // Three requests of plan, three before the first call: the fourth is lost on its way back.
            world.network.die(at: 6, .dropAnswer)
            _ = try? await world.apply(Self.first)
            world.shelf.revive()
            world.network.reset()
            try await world.edit(#"{"op":"create","kind":"webhook","set":{"name":"a","url":"https://hand.example/in"}}"#)
            let ids = try await world.truth().webhooks.map(\.id)
            #expect(ids.count == 2)
            let failure = await #expect(throws: AccountFailure.self) { try await world.apply(Self.first) }
            #expect(failure?.problem.contains("webhook a was being made, and there are 2 of its name now") == true)
            #expect(ids.allSatisfy { failure?.problem.contains($0) == true })
            // Who knows says which one.
            let owner = try Owner(Self.owner)
            let made = try #require(try await world.truth().webhooks.first { $0.value.url?.shown.word == "https://a.example/in" }?.id)
            let other = try #require(ids.first { $0 != made })
            try await world.edit(#"{"op":"delete","kind":"webhook","id":"\#(other)"}"#)
            #expect(try await world.apply(Self.first)?.exit == .done)
            #expect(try #require(world.shelf[owner]).contains("\"\(made)\""))
            try await expectDone(world, Self.first)
        }
    }

    @Test("another manifest's are known by its inventory, and no id stands in two")
    func others() async throws {
        try await AppWorld.with { world in
            try await world.apply(Self.first)
            let other = Self.first.replacing("manifest: app", with: "manifest: other")
            let conflicts = try await world.with(try Owner("other/test")) { try await world.plan(other, by: $0).plan.conflicts }
            #expect(conflicts.contains { $0.title == "domain one.example" && $0.problem == "is managed by app/test" }, "\(conflicts)")

            let owner = try Owner(Self.owner)
            let inventory = try #require(world.shelf[owner])
            world.shelf[try Owner("other/test")] = inventory.replacing("\"owner\":\"app/test\"", with: "\"owner\":\"other/test\"")
            let failure = await #expect(throws: AccountFailure.self) { try await world.apply(Self.first) }
            #expect(failure?.problem.contains("stands in the inventories of") == true, "\(String(describing: failure))")

            world.shelf[try Owner("other/test")] = nil
            world.shelf[owner] = inventory.replacing("/api\"", with: "/elsewhere\"")
            let elsewhere = await #expect(throws: AccountFailure.self) { try await world.apply(Self.first) }
            #expect(elsewhere?.problem.contains("is about http://127.0.0.1:") == true, "\(String(describing: elsewhere))")
            world.shelf[owner] = "{}"
            let broken = await #expect(throws: AccountFailure.self) { try await world.apply(Self.first) }
            #expect(broken?.problem.contains("cannot be read as an inventory") == true)
        }
    }

    @Test("what the dialect has no place for is named before anything is written")
    func untold() async throws {
        try await AppWorld.with { world in
            let yaml = """
                version: 1
                manifest: app
                environment: test
                server: { account: acct_1 }
                webhooks:
                  a: { url: { env: URL } }
                  b: { url: https://b.example/in, headers: { X-Team: t }, signing_secret: { env: S } }
                domains: { one.example: { protected: true, aliases: { x: { protected: true } } } }
                api_keys: { k: { scopes: [domains:read], deliver_to: { file: k } } }

                """
            let failure = await #expect(throws: AccountFailure.self) { try await world.apply(yaml) }
            guard case .refused(let problem) = failure?.kind else { return #expect(Bool(false), "\(String(describing: failure))") }
            #expect(
                problem.items.map(\.detail) == [
                    "server.account: nothing tells which account answers (m.yaml:4)", "api key k: keys are managed by hand (m.yaml:9)",
                    "webhook a.url: by reference (m.yaml:6)", "webhook b.headers (m.yaml:7)", "webhook b.signing_secret (m.yaml:7)",
                    "domain one.example.protected (m.yaml:8)", "alias x@one.example.protected (m.yaml:8)",
                ])
            #expect(world.shelf.writes == 0)
        }
    }

    @Test("an approved plan is not applied when what it touches has moved, neither before nor while it is sent")
    func moved() async throws {
        try await AppWorld.with { world in
            try await world.apply(Self.first)
            let owner = try Owner(Self.owner)
            let effects = Effects.test(files: ["m.yaml": Self.second])
            try await world.with(owner) { account in
                let planned = try await world.plan(Self.second, by: account)
                let prepared = try Pipeline.prepare(planned, onLoopback: true, effects)
                try await world.edit(#"{"op":"update","kind":"alias","name":"x@one.example","set":{"description":"by hand"}}"#)
                let before = try await world.truth()
                let refusal = await #expect(throws: ApplyRefusal.self) {
                    try await Pipeline.apply(prepared, planned, to: account, onLoopback: true, effects)
                }
                #expect(refusal?.exit == .stale && refusal?.problems.contains { $0.contains("x@one.example") } == true)
                #expect(try await world.truth() == before)
                let again = await #expect(throws: ApplyRefusal.self) {
                    try await Pipeline.check(
                        try await world.plan(Self.second, by: account), against: .digest(written: planned.plan.digest.text), account)
                }
                #expect(again?.exit == .stale)
            }
            // What it does not touch may move.
            try await world.edit(#"{"op":"create","kind":"domain","set":{"name":"loose.example"}}"#)
            #expect(try await world.apply(Self.second)?.exit == .done)
        }
    }

    @Test("drift is told from a changed manifest, and an approval that was used says so")
    func drift() async throws {
        try await AppWorld.with { world in
            let owner = try Owner(Self.owner)
            let digest = try await world.with(owner) { try await world.plan(Self.first, by: $0).plan.digest.text }
            try await world.apply(Self.first, approved: digest)
            try await world.with(owner) { account in
                let planned = try await world.plan(Self.first, by: account)
                guard case .alreadyApplied(let record) = try await Pipeline.check(planned, against: .digest(written: digest), account)
                else {
                    Issue.record("it was applied already")
                    return
                }
                #expect(record.revision == 1)
            }
            try await world.edit(#"{"op":"update","kind":"alias","name":"x@one.example","set":{"description":"by hand"}}"#)
            try await world.edit(#"{"op":"delete","kind":"alias","name":"y@one.example"}"#)
            let plan = try await world.with(owner) { try await world.plan(Self.first, by: $0).plan }
            #expect(plan.aliases.map { plan.reason($0) } == [.server, .server])
            let refusal = await #expect(throws: ApplyRefusal.self) { try await world.apply(Self.first, approved: digest) }
            #expect(refusal?.problems.contains { $0.contains("alias x@one.example: not as it was applied") } == true)
        }
    }
}

extension Shown {
    fileprivate var word: String? { if case .text(let text) = self { text } else { nil } }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
