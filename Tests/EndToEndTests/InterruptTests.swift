import Foundation
import Testing
import TestSupport

@Suite("Ctrl-C", .serialized, .timeLimit(.minutes(5)))
struct InterruptTests {
    private static let manifest = """
        version: 1
        manifest: stop
        environment: test
        domains: { acme.example: { aliases: { support: {} } } }

        """
    private static let key = "api_keys: { k: { scopes: [domains:read], deliver_to: { file: k.key } } }\n"

    /// Runs apply through a proxy that holds one request until `meanwhile` lets it go.
    private func apply(
        _ manifest: String, _ arguments: [String] = ["apply", "--auto-approve"], holding line: String, in folder: Scratch? = nil,
        _ meanwhile: @escaping @Sendable (RunningCommand, _ letGo: () -> Void) async throws -> Void
    ) async throws -> (result: CommandResult, again: CommandResult, folder: Scratch) {
        let folder = try folder ?? Scratch()
        try folder.write(manifest, to: "reconcile.yaml")
        return try await TestServer.with { server in
            let (arrivals, hasArrived) = AsyncStream.makeStream(of: Void.self)
            let gate = DispatchSemaphore(value: 0)
            let held = line
            let result = try await HostileProxy.with(
                to: server.port,
                faults: { _, line in
                    guard line.hasPrefix(held) else { return .none }
                    hasArrived.yield()
                    gate.wait()
                    return .none
                }
            ) { port in
                let environment = ["EMAILCONNECT_URL": "http://127.0.0.1:\(port)/v1", "EMAILCONNECT_API_KEY": server.key]
                return try await Command.start(Command.binary, arguments, in: folder.path, environment: environment) { command in
                    // Also when something goes wrong: the proxy has to come to its end.
                    defer { for _ in 0..<10 { gate.signal() } }
                    for await _ in arrivals { break }
                    try await meanwhile(command) { gate.signal() }
                }
            }
            let environment = ["EMAILCONNECT_URL": "http://127.0.0.1:\(server.port)/v1", "EMAILCONNECT_API_KEY": server.key]
            let again = try await Command.reconcile("apply", "--auto-approve", in: folder.path, environment: environment)
            return (result, again, folder)
        }
    }

    @Test("before anything is written ends the run with 130, in JSON too", arguments: [[], ["--format", "json"]])
    func beforeWriting(format: [String]) async throws {
        let (result, again, _) = try await apply(
            Self.manifest, ["apply", "--auto-approve"] + format, holding: "GET /v1/state"
        ) { command, _ in
            command.interrupt()
            try await command.waits(forErrors: "interrupted; nothing was written")
        }
        #expect(result.code == 130, "\(result.errors)")
        #expect(result.output.contains(#""exit":{"code":130,"reason":"interrupted"}"#) == !format.isEmpty)
        #expect(again.output.contains("Applied as revision 1"), "nothing was written")
    }

    @Test("while a batch is being sent lets it come to its end, and says what was done")
    func whileWriting() async throws {
        let (result, again, _) = try await apply(Self.manifest, holding: "POST /v1/batch") { command, letGo in
            command.interrupt()
            try await command.waits(forErrors: "Stopping after what is being sent")
            letGo()
        }
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.output.contains("Applied as revision 1: 2 added"))
        #expect(again.output.contains("Nothing to apply."))
    }

    @Test("before a new key was delivered ends with 6 and names it; the next run issues it again")
    func undelivered() async throws {
        let (result, again, folder) = try await apply(Self.manifest + Self.key, holding: "POST /v1/batch") { command, letGo in
            command.interrupt()
            try await command.waits(forErrors: "Stopping after what is being sent")
            letGo()
        }
        #expect(result.code == 6, "\(result.errors)")
        #expect(result.output.contains("Not delivered: api key k: the run was interrupted before; the next apply issues it again."))
        #expect(again.output.contains("Delivered api key k to file k.key."), "\(again.output)")
        #expect(try folder.read("k.key").hasPrefix("ec_"))
    }

    @Test("twice stops at once and says that nobody knows; the next run is harmless")
    func twice() async throws {
        let (result, again, _) = try await apply(Self.manifest, holding: "POST /v1/batch") { command, _ in
            command.interrupt()
            try await command.waits(forErrors: "Stopping after what is being sent")
            command.interrupt()
            try await command.waits(forErrors: "nobody knows")
        }
        #expect(result.code == 1, "\(result.errors)")
        #expect(again.code == 0, "\(again.errors)")
    }

    @Test("of a local run leaves no folder behind")
    func local() async throws {
        let folder = try Scratch()
        try folder.write(Self.manifest, to: "reconcile.yaml")
        try folder.write("", to: "tmp/keep")
        // script(1) runs the command on a pseudo-terminal, which makes SIGINT of the character that Ctrl-C types.
        let script = """
            mkfifo in
            timeout 30 script -qefc "$1 apply --local" out <in >/dev/null &
            exec 3>in
            until grep -q 'Only yes' out 2>/dev/null; do kill -0 $! || exit 9; done
            printf '\\003' >&3
            wait $!
            """
        let result = try await Command.run(
            "/bin/bash", ["-c", script, "-", Command.binary], in: folder.path,
            environment: ["TMPDIR": folder.file("tmp"), "TERM": "xterm"])
        #expect(result.code == 130, "\(result.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("tmp")) == ["keep"])
        #expect(try folder.read("out").contains("interrupted; nothing was written"))
    }

    @Test("twice ends the program that takes a key too, so that it does not put an old one into the place of a new one")
    func program() async throws {
        let folder = try Scratch()
        let words = #"[sh, -c, "cat >/dev/null; echo $$ >told; exec tail -f /dev/null"]"#
        try folder.write(
            Self.manifest + "api_keys: { k: { scopes: [domains:read], deliver_to: { command: \(words) } } }\n", to: "reconcile.yaml")
        _ = try await Command.run("/usr/bin/mkfifo", ["told"], in: folder.path)
        try await TestServer.with { server in
            let environment = ["EMAILCONNECT_URL": "http://127.0.0.1:\(server.port)/v1", "EMAILCONNECT_API_KEY": server.key]
            var program = ""
            let result = try await Command.start(
                Command.binary, ["apply", "--auto-approve", "--allow-commands"], in: folder.path, environment: environment
            ) { command in
                program = try await Command.run("/usr/bin/head", ["-n", "1", "told"], in: folder.path).output.trimmingCharacters(
                    in: .newlines)
                command.interrupt()
                try await command.waits(forErrors: "Ctrl-C again stops at once")
                command.interrupt()
            }
            #expect(result.code == 1 && result.errors.contains("stopped at once"), "\(result.errors)")
            let state = try? String(contentsOfFile: "/proc/\(program)/stat", encoding: .utf8)
            #expect(!program.isEmpty && state?.contains(") Z ") ?? true, "it is gone, or nobody has asked how it ended yet: \(state ?? "")")
        }
    }
}
