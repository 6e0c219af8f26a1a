import APIServer
import EmailConnect
import EmailConnectClient
import Reconciler
import Testing
import TestSupport

@Suite("A new API key")
struct KeyDeliveryTests {
    private static let manifest =
        "version: 1\nmanifest: keys\nenvironment: test\napi_keys: { reader: { scopes: [domains:read], deliver_to: { file: out/reader.key } } }\n"

    private func run(_ client: AccountClient, _ sink: TestSink, environment: [String: String] = [:], onLoopback: Bool = true) async throws
        -> Applied
    {
        let effects = Effects.test(files: ["m.yaml": Self.manifest], environment: environment, sink: sink)
        let desired = try #require(Pipeline.load("m.yaml", effects).desired)
        let planned = try await Pipeline.plan(desired, file: "m.yaml", from: client, effects)
        let prepared = try Pipeline.prepare(planned, onLoopback: onLoopback, effects)
        return try await Pipeline.apply(prepared, planned, to: client, onLoopback: onLoopback, effects)
    }

    @Test("that was revoked is not made again by itself; reissue: makes it valid with a new token, once")
    func reissued() async throws {
        try await TestServer.with { server in
            let folder = try Scratch()
            func write(_ more: String) throws {
                try folder.write(
                    "version: 1\nmanifest: m\nenvironment: e\napi_keys: { k: { scopes: [domains:read], \(more)deliver_to: { file: k } } }\n",
                    to: "reconcile.yaml")
            }
            let base = "http://127.0.0.1:\(server.port)/v1"
            let environment = ["EMAILCONNECT_URL": base, "EMAILCONNECT_API_KEY": server.key]
            func run(_ arguments: String...) async throws -> CommandResult {
                try await Command.run(Command.binary, arguments, in: folder.path, environment: environment)
            }
            try write("")
            #expect(try await run("apply", "--auto-approve").code == 0)
            let first = try folder.read("k")
            let script =
                "id=$(curl -sf -H \"$2\" \"$1/api-keys\" | jq -r '.data[] | select(.key == \"k\") | .id'); "
                + "curl -sf -X POST -H \"$2\" \"$1/api-keys/$id/revoke\""
            let revoked = try await Command.run(
                "/bin/bash", ["-c", script, "-", base, "Authorization: Bearer \(server.key)"], in: folder.path)
            #expect(revoked.code == 0, "\(revoked.errors)")
            let held = try await run("apply", "--auto-approve")
            #expect(held.code == 4)
            #expect(held.errors.contains("api key k was revoked"), "\(held.errors)")
            try write("reissue: 2100-01-01, ")
            #expect(try await run("apply", "--auto-approve").code == 0)
            let second = try folder.read("k")
            #expect(first != second)
            for (key, status) in [(first, "401"), (second, "200")] {
                let answer = try await Command.run(
                    "/usr/bin/curl",
                    ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Authorization: Bearer \(key.dropLast())", "\(base)/domains"],
                    in: folder.path)
                #expect(answer.output == status)
            }
            #expect(try await run("plan", "--detailed-exitcode").code == 0)
        }
    }

    @Test("is delivered and acknowledged, and works")
    func delivered() async throws {
        try await TestServer.with { server in
            let sink = TestSink()
            let applied = try await AccountClient.with(server.endpoint) { try await run($0, sink) }
            #expect(applied.exit == .done)
            let key = try #require(sink["out/reader.key"])
            var endpoint = server.endpoint
            endpoint.key = key
            let state = try await AccountClient.with(endpoint) { try await $0.state(of: [.domain], seenBy: Owner("keys/test")) }
            #expect(state.header.kinds == [.domain])
        }
    }

    @Test("whose sink fails is issued again by the next run, and only then counts as delivered")
    func undelivered() async throws {
        try await TestServer.with(.local) { server in
            try await AccountClient.with(server.endpoint) { client in
                let failed = try await run(client, TestSink(isBroken: true))
                #expect(failed.exit == .partly)
                #expect(failed.undelivered.map(\.key) == ["reader"])
                let sink = TestSink()
                let again = try await run(client, sink)
                #expect(again.exit == .done)
                #expect(sink["out/reader.key"] != nil)
                let state = try await client.state(of: [.apiKey], seenBy: Owner("keys/test"))
                #expect(state.apiKeys.map(\.value.token) == [.delivered])
                let live = state.tokens.values.map { $0.count { $0.graceUntil == nil } }
                #expect(live == [1], "the lost token ends after the grace")
                let end = state.header.time + APIKey.defaultGrace
                #expect(state.tokens.values.joined().allSatisfy { $0.graceUntil.map { $0 <= end } ?? true }, "and not later")
            }
        }
    }

    @Test("does not go to a file on a CI runner that is lost with it")
    func runner() async throws {
        try await TestServer.with(.local) { server in
            try await AccountClient.with(server.endpoint) { client in
                await #expect(throws: ApplyRefusal.self) {
                    _ = try await run(client, TestSink(), environment: ["CI": "true"], onLoopback: false)
                }
                let local = try await run(client, TestSink(), environment: ["CI": "true"], onLoopback: true)
                #expect(local.exit == .done)
            }
        }
    }
}

/// An account whose acknowledgements find that another run has replaced the token, as often as told.
private struct ReplacedTokens: AccountReader, AccountWriter {
    let client: AccountClient
    let times: RequestCounter
    let limit: Int

    func state(of kinds: [Kind], seenBy viewer: Viewer) async throws(AccountFailure) -> AccountState {
        try await client.state(of: kinds, seenBy: viewer)
    }
    func applied(_ digest: String, by owner: Owner) async throws(AccountFailure) -> ApplyRecord? {
        try await client.applied(digest, by: owner)
    }
    func commit(_ batch: Batch, idempotencyKey: String) async throws(AccountFailure) -> BatchAnswer {
        try await client.commit(batch, idempotencyKey: idempotencyKey)
    }
    func acknowledge(key id: String, prefix: String) async throws(AccountFailure) {
        times.add()
        if times.count <= limit {
            // What another run does at this moment: it makes a token of its own, delivers and acknowledges it.
            var generator = SystemRandomNumberGenerator()
            let token = Token(using: &generator)
            var key = APIKey()
            key.token = .made(token.hash)
            let rows = APIKey.fields.indices.filter { APIKey.fields[$0].name == "token" }
            let other = Operation<APIKey>(.update(.id(id), Stated(key, rows: rows)), expect: nil)
            guard let owner = try? Owner("m/e") else { return }
            _ = try await client.commit(Batch(owner: owner, operations: [.apiKey(other)]), idempotencyKey: "other-\(times.count)")
            try await client.acknowledge(key: id, prefix: token.hash.prefix)
        }
        try await client.acknowledge(key: id, prefix: prefix)
    }
}

@Suite("Two runs that deliver one key")
struct OverlappingDeliveryTests {
    @Test("leave a token in the sink that is valid, or say that they did not", arguments: [(1, true), (2, true), (9, false)])
    func overlap(times: Int, works: Bool) async throws {
        try await TestServer.with { server in
            let sink = TestSink()
            let yaml = "version: 1\nmanifest: m\nenvironment: e\napi_keys: { k: { scopes: [domains:read], deliver_to: { file: k } } }\n"
            let effects = Effects.test(files: ["m.yaml": yaml], sink: sink)
            let desired = try #require(Pipeline.load("m.yaml", effects).desired)
            let applied = try await AccountClient.with(server.endpoint) { client in
                let account = ReplacedTokens(client: client, times: RequestCounter(), limit: times)
                let planned = try await Pipeline.plan(desired, file: "m.yaml", from: account, effects)
                let prepared = try Pipeline.prepare(planned, onLoopback: true, effects)
                return try await Pipeline.apply(prepared, planned, to: account, onLoopback: true, effects)
            }
            #expect(applied.delivered.isEmpty == !works)
            #expect(applied.undelivered.isEmpty == works)
            guard works else { return }
            var endpoint = server.endpoint
            endpoint.key = sink["k"]
            let domains = try await AccountClient.with(endpoint) { try await $0.state(of: [.domain], seenBy: Viewer(nil)).domains }
            #expect(domains.isEmpty)
        }
    }
}
