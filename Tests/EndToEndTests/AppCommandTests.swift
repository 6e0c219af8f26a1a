import EmailConnect
import Foundation
import Synchronization
import Testing
import TestSupport

@Suite("The program, where a server has nothing but /api", .serialized, .timeLimit(.minutes(5)))
struct AppCommandTests {
    private static let manifest = """
        version: 1
        manifest: app
        environment: test
        webhooks: { a: { url: https://a.example/in }, b: { url: https://b.example/in, name: a } }
        domains: { one.example: { webhook: a, aliases: { v: a, w: b, x: {}, y: {}, z: {} } } }

        """

    private func reconcile(_ arguments: String..., in folder: Scratch, _ environment: [String: String]) async throws -> CommandResult {
        try await Command.run(Command.binary, arguments, in: folder.path, environment: environment)
    }

    @Test("finds that out by itself, and keeps its inventory beside the manifest", arguments: ["/v1", "/api", "/api/"])
    func endToEnd(path: String) async throws {
        try await AppWorld.with { world in
            let (folder, environment) = (try Scratch(), world.environment(path))
            try folder.write(Self.manifest, to: "reconcile.yaml")
            let planned = try await reconcile("plan", "--detailed-exitcode", "--out", "plan", in: folder, environment)
            #expect(planned.code == 2 && planned.output.contains("8 to add."), "\(planned.output)\(planned.errors)")
            #expect(folder.names == ["plan", "reconcile.yaml"], "plan writes nothing but the plan")
            let digest = try #require(planned.output.firstMatch(of: /Plan ([0-9a-f-]{19}):/)).1
            let applied = try await reconcile("apply", "--plan", "plan", in: folder, environment)
            #expect(applied.code == 0 && applied.output.contains("Applied as revision 1: 8 added"), "\(applied.output)\(applied.errors)")
            #expect(applied.errors.contains("11 calls, at "), "\(applied.errors)")
            #expect(try folder.read("inventory/app/test.json").contains("\"owner\":\"app/test\""))
            let again = try await reconcile("plan", "--detailed-exitcode", in: folder, environment)
            #expect(again.code == 0, "\(again.output)\(again.errors)")
            let repeated = try await reconcile("apply", "--expect", String(digest), in: folder, environment)
            #expect(repeated.code == 0 && repeated.output.contains("Already applied as revision 1."), "\(repeated.output)")
            let destroyed = try await reconcile("destroy", "--auto-approve", "--allow-deletes", "8", in: folder, environment)
            #expect(destroyed.code == 0, "\(destroyed.output)\(destroyed.errors)")
            let truth = try await world.truth()
            #expect(truth.webhooks.isEmpty && truth.domains.isEmpty && truth.aliases.isEmpty)
        }
    }

    @Test("exports an account that is there already, and adopts it")
    func export() async throws {
        try await AppWorld.with { world in
            let (folder, environment) = (try Scratch(), world.environment())
            try await world.edit(
                #"{"op":"create","kind":"webhook","set":{"name":"Help desk","url":"https://h.example/in"}},"#
                    + #"{"op":"create","kind":"domain","set":{"name":"one.example"}},"#
                    + #"{"op":"create","kind":"alias","set":{"domain":"one.example","name":"x","description":"y"}}"#)
            let exported = try await reconcile(
                "export", "--manifest", "app", "--environment", "test", "--out", "reconcile.yaml", in: folder, environment)
            #expect(exported.code == 0, "\(exported.errors)")
            let planned = try await reconcile("plan", in: folder, environment)
            #expect(planned.code == 0 && planned.output.contains(": 3 to adopt."), "\(planned.output)\(planned.errors)")
            #expect(try await reconcile("apply", "--auto-approve", in: folder, environment).code == 0)
            let after = try await reconcile("plan", "--detailed-exitcode", in: folder, environment)
            #expect(after.code == 0, "\(after.output)\(after.errors)")
        }
    }

    @Test("says so where a command needs what is not there", arguments: [["audit"], ["history"], ["keys", "list"], ["state"]])
    func missing(words: [String]) async throws {
        try await AppWorld.with { world in
            let folder = try Scratch()
            try folder.write(Self.manifest, to: "reconcile.yaml")
            let result = try await Command.run(Command.binary, words, in: folder.path, environment: world.environment())
            #expect(result.code == 1 && result.errors.contains("this needs /v1"), "\(result.errors)")
        }
    }

    @Test("lists what is done when the server refuses a call, and goes on when the manifest is mended")
    func refused() async throws {
        try await AppWorld.with { world in
            let (folder, environment) = (try Scratch(), world.environment())
            try folder.write(Self.manifest.replacing("https://b.example/in", with: "http://10.0.0.1/in"), to: "reconcile.yaml")
            let refused = try await reconcile("apply", "--auto-approve", in: folder, environment)
            #expect(
                refused.code == 6 && refused.output.contains("Applied in part: 1 of 8 operations."), "\(refused.output)\(refused.errors)")
            #expect(refused.errors.contains("error: webhook b: http://127.0.0.1:\(world.port)/api refused: url: "), "\(refused.errors)")
            #expect(try !folder.read("inventory/app/test.json").contains("\"name\":\"b\""), "what was refused is not waited for")
            try folder.write(Self.manifest, to: "reconcile.yaml")
            #expect(try await reconcile("apply", "--auto-approve", in: folder, environment).code == 0)
            #expect(try await reconcile("plan", "--detailed-exitcode", in: folder, environment).code == 0)
        }
    }

    @Test("takes the dialect that the manifest pins, and no other")
    func pin() async throws {
        try await AppWorld.with { world in
            let folder = try Scratch()
            try folder.write(Self.manifest + "server: { dialect: v1 }\n", to: "v1.yaml")
            try folder.write(Self.manifest + "server: { dialect: app }\n", to: "app.yaml")
            try folder.write(Self.manifest + "server: { dialect: v2 }\n", to: "v2.yaml")
            let documented = try await reconcile("plan", "v1.yaml", in: folder, world.environment("/v1"))
            #expect(documented.code == 1 && documented.errors.contains("it answered 404"), "\(documented.errors)")
            for path in ["/v1", "/api", ""] {
                let app = try await reconcile("plan", "app.yaml", in: folder, world.environment(path))
                #expect(app.code == 0 && app.output.contains("/api  (revision 0)"), "\(app.output)\(app.errors)")
            }
            let unknown = try await reconcile("validate", "v2.yaml", in: folder, [:])
            #expect(unknown.code == 1 && unknown.errors.contains("no dialect of a server"), "\(unknown.errors)")
            let protected =
                Self.manifest.replacing("one.example: {", with: "one.example: { protected: true,") + "server: { dialect: app }\n"
            try folder.write(protected, to: "protected.yaml")
            let validated = try await reconcile("validate", "protected.yaml", in: folder, [:])
            #expect(validated.code == 1, "\(validated.output)")
            #expect(
                validated.errors.contains(
                    "protected.yaml:5:12: error: server.dialect is app, which has no place for domain one.example.protected"),
                "\(validated.errors)")
            let elsewhere = try await reconcile("plan", "app.yaml", in: folder, world.environment("/elsewhere"))
            #expect(elsewhere.code == 1 && elsewhere.errors.contains("404"), "\(elsewhere.errors)")
        }
    }

    @Test("killed at a call goes on where it was, with the same approval", arguments: [0, 3, 4, 5, 7, 9, 12])
    func killed(place: Int) async throws {
        try await AppWorld.with { world in
            let (folder, environment) = (try Scratch(), world.environment())
            try folder.write(Self.manifest, to: "reconcile.yaml")
            let planned = try await reconcile("plan", in: folder, environment)
            let digest = String(try #require(planned.output.firstMatch(of: /Plan ([0-9a-f-]{19}):/)).1)
            let running = Mutex<RunningCommand?>(nil)
            // Three requests of plan, three before the first call.
            world.network.play { number, _ in
                guard number == 3 + place else { return .none }
                running.withLock { $0?.kill() }
                return .dropAnswer
            }
            let killed = try await Command.start(
                Command.binary, ["apply", "--expect", digest], in: folder.path, environment: environment
            ) { command in running.withLock { $0 = command } }
            #expect(killed.code == 9 || place >= 11 && killed.code == 0, "\(killed.code) \(killed.errors)")
            world.network.reset()
            let again = try await reconcile("apply", "--expect", digest, in: folder, environment)
            #expect(again.code == 0, "\(again.output)\(again.errors)")
            let after = try await reconcile("plan", "--detailed-exitcode", in: folder, environment)
            #expect(after.code == 0, "\(after.output)")
            let truth = try await world.truth()
            #expect(truth.webhooks.count == 2 && truth.domains.count == 1 && truth.aliases.count == 5)
            let inventory = try folder.read("inventory/app/test.json")
            #expect(
                (truth.webhooks.map(\.id) + truth.aliases.map(\.id)).allSatisfy {
                    inventory.contains("\"\($0)\"") || !inventory.contains("\"id\":null")
                })
        }
    }

    @Test("stopped by Ctrl-C between two calls says what is done and what is left, with 6", arguments: ["text", "json"])
    func interrupted(format: String) async throws {
        try await AppWorld.with { world in
            let (folder, environment) = (try Scratch(), world.environment())
            try folder.write(Self.manifest, to: "reconcile.yaml")
            let (arrivals, hasArrived) = AsyncStream.makeStream(of: Void.self)
            let gate = DispatchSemaphore(value: 0)
            let isFirst = Mutex(true)
            world.network.play { _, line in
                guard line.hasPrefix("POST /api/aliases"),
                    isFirst.withLock({ first in
                        defer { first = false }; return first
                    })
                else {
                    return .none
                }
                hasArrived.yield()
                gate.wait()
                return .none
            }
            let result = try await Command.start(
                Command.binary, ["apply", "--auto-approve", "--format", format], in: folder.path, environment: environment
            ) { command in
                defer { gate.signal() }
                for await _ in arrivals { break }
                command.interrupt()
                try await command.waits(forErrors: "Stopping after what is being sent")
            }
            #expect(result.code == 6, "\(result.output)\(result.errors)")
            #expect(result.errors.contains("interrupted"))
            if format == "text" {
                #expect(result.output.contains("Applied in part: 4 of 8 operations.\n  done  webhook a\n"), "\(result.output)")
                #expect(result.output.contains("  left  alias z@one.example\n"))
            } else {
                #expect(
                    result.output.contains(#""done":["webhook a","webhook b","domain one.example","alias v@one.example"]"#),
                    "\(result.output)")
                #expect(result.output.contains(#""exit":{"code":6,"reason":"applied_in_part"}"#))
            }
            world.network.reset()
            #expect(try await reconcile("apply", "--auto-approve", in: folder, environment).code == 0)
            #expect(try await world.truth().aliases.count == 5)
        }
    }
}
