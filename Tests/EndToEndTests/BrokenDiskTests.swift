import Foundation
import Testing
import TestSupport

/// strace lets single system calls on the database's files fail, so that no small disk and no other user is needed.
@Suite("A broken disk")
struct BrokenDiskTests {
    private static let old = """
        version: 1
        manifest: disk
        environment: test
        webhooks:
          hook: { url: https://hooks.example/old, headers: { Authorization: { env: TOKEN } } }
          gone: { url: https://hooks.example/gone }
        domains:
          acme.example: { aliases: { support: hook, old: gone } }

        """

    private static let new = """
        version: 1
        manifest: disk
        environment: test
        webhooks:
          hook: { url: https://hooks.example/new, headers: { Authorization: { env: TOKEN } } }
        domains:
          acme.example: { description: Main, aliases: { support: hook, info: hook } }
        api_keys:
          reader: { scopes: [domains:read], deliver_to: { file: keys/reader.key } }

        """

    private static let database = ".reconcile/local.db"
    private static let environment = ["TOKEN": "canary"]

    /// A fault for strace: which call, how it fails, from which time on.
    struct Fault: Sendable, CustomTestStringConvertible {
        let call: String
        let error: String
        let when: String

        init(_ call: String, _ error: String, _ when: String) { (self.call, self.error, self.when) = (call, error, when) }

        var testDescription: String { "\(error) from \(call) \(when)" }
        var options: [String] { ["-e", "trace=\(call)", "-e", "inject=\(call):error=\(error):when=\(when)"] }
    }

    private func reconcile(_ arguments: String..., in folder: Scratch) async throws -> CommandResult {
        try await Command.run(Command.binary, arguments, in: folder.path, environment: Self.environment)
    }

    /// An account that the older manifest made, with the newer manifest beside it.
    private func prepared() async throws -> Scratch {
        let folder = try Scratch()
        try folder.write(Self.old, to: "reconcile.yaml")
        let applied = try await reconcile("apply", "--local", "--auto-approve", in: folder)
        try #require(applied.code == 0, "\(applied.errors)")
        try folder.write(Self.new, to: "reconcile.yaml")
        return folder
    }

    /// Runs a command under strace, which looks at the calls on some files of the database only.
    /// - Returns: how it ended, and how many calls failed.
    private func run(
        _ arguments: [String], _ options: [String], on files: [String] = ["", "-wal", "-journal"], in folder: Scratch
    ) async throws -> (result: CommandResult, faults: Int) {
        let hasStrace = FileManager.default.isExecutableFile(atPath: "/usr/bin/strace")
        try #require(hasStrace, "this test needs strace; apt-get install strace")
        let paths = files.flatMap { ["-P", folder.file(Self.database + $0)] }
        let result = try await Command.run(
            "/usr/bin/timeout",
            ["-k", "5", "60", "/usr/bin/strace", "-f", "-qq", "-o", folder.file("strace.log")] + paths + options
                + [Command.binary] + arguments,
            in: folder.path, environment: Self.environment)
        return (result, try folder.read("strace.log").split(separator: "\n").count { $0.contains("(INJECTED)") })
    }

    private func bytes(_ folder: Scratch) throws -> Data { try Data(contentsOf: URL(filePath: folder.file(Self.database))) }

    private func expectClear(_ result: CommandResult, _ word: String, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(result.code == 1, "\(result.output)\(result.errors)", sourceLocation: sourceLocation)
        #expect(result.errors.contains(word), "\(result.errors)", sourceLocation: sourceLocation)
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)", sourceLocation: sourceLocation)
        for raw in ["SQLite", "DatabaseError", "Fatal error", "canary"] {
            #expect(!result.errors.contains(raw), "\(result.errors)", sourceLocation: sourceLocation)
        }
    }

    private func expectMended(_ folder: Scratch, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let applied = try await reconcile("apply", "--local", "--auto-approve", in: folder)
        #expect(applied.code == 0, "\(applied.errors)", sourceLocation: sourceLocation)
        let planned = try await reconcile("plan", "--local", "--detailed-exitcode", in: folder)
        #expect(planned.code == 0, "\(planned.output)", sourceLocation: sourceLocation)
        let checked = try await Command.run(
            "/usr/bin/sqlite3", [Self.database, "PRAGMA integrity_check; PRAGMA foreign_key_check"], in: folder.path)
        #expect(checked.output == "ok\n", sourceLocation: sourceLocation)
    }

    // MARK: Full, or failing

    @Test(
        "stops an apply with one clear line, nothing is lost, and the next apply does it all",
        arguments: [
            Fault("pwrite64", "ENOSPC", "1+"), Fault("pwrite64", "ENOSPC", "4+"), Fault("pwrite64", "ENOSPC", "16+"),
            Fault("pwrite64", "ENOSPC", "32+"), Fault("pwrite64", "EIO", "1+"), Fault("pwrite64", "EIO", "32+"),
            Fault("fdatasync", "EIO", "1+"), Fault("pread64", "EIO", "1+"),
        ])
    func failing(fault: Fault) async throws {
        let folder = try await prepared()
        let before = try await reconcile("plan", "--local", in: folder)
        let (applied, faults) = try await run(["apply", "--local", "--auto-approve"], fault.options, in: folder)
        #expect(faults > 0)
        expectClear(applied, "disk")
        let after = try await reconcile("plan", "--local", in: folder)
        #expect(after.output == before.output, "\(after.errors)")
        try await expectMended(folder)
    }

    @Test(
        "stops the first apply with one clear line, and the next one does it all",
        arguments: [Fault("pwrite64", "ENOSPC", "1+"), Fault("pwrite64", "ENOSPC", "20+"), Fault("fdatasync", "EIO", "1+")])
    func failingAtFirst(fault: Fault) async throws {
        let folder = try Scratch()
        try folder.write(Self.new, to: "reconcile.yaml")
        let (applied, faults) = try await run(["apply", "--local", "--auto-approve"], fault.options, in: folder)
        #expect(faults > 0)
        expectClear(applied, "disk")
        try await expectMended(folder)
    }

    @Test("never lets a batch count as applied that could not be synced")
    func unsynced() async throws {
        // The first sync is of the log's new header. Faults are counted for each thread: when the two fall on two threads, as they
        // may on a busy machine, the batch's own is spared, and only what comes after its answer fails.
        var isRefused = false
        for _ in 0..<8 where !isRefused {
            let folder = try await prepared()
            let (applied, answers) = try await traced(["-e", "inject=fdatasync:error=EIO:when=2+"], in: folder)
            #expect(try folder.read("strace.log").contains("(INJECTED)"))
            #expect(answers.allSatisfy { $0 }, "an answer went out before its batch was synced")
            #expect(applied.code != 0 || !answers.isEmpty, "what was not answered is not done")
            isRefused = applied.code != 0
            try await expectMended(folder)
        }
        #expect(isRefused, "no sync of a batch failed, or none that failed was noticed")
    }

    /// Applies under strace.
    /// - Returns: how it ended, and of each good answer to a write whether the log had been synced by then.
    private func traced(_ options: [String], in folder: Scratch) async throws -> (result: CommandResult, answers: [Bool]) {
        let hasStrace = FileManager.default.isExecutableFile(atPath: "/usr/bin/strace")
        try #require(hasStrace, "this test needs strace; apt-get install strace")
        let result = try await Command.run(
            "/usr/bin/timeout",
            [
                "60", "/usr/bin/strace", "-f", "-qq", "-y", "-o", folder.file("strace.log"), "-e",
                "trace=pwrite64,fdatasync,fsync,write,writev",
            ]
                + options + [Command.binary, "apply", "--local", "--auto-approve"],
            in: folder.path, environment: Self.environment)
        var (isAsked, isWritten, isSynced) = (false, false, false)
        var answers: [Bool] = []
        for line in try folder.read("strace.log").split(separator: "\n") {
            if line.contains(#""POST /v1/"#) { (isAsked, isWritten, isSynced) = (true, false, false) }
            if line.contains("local.db-wal>") {
                if line.contains("pwrite64(") { (isWritten, isSynced) = (true, false) }
                if line.contains("fdatasync(") || line.contains("fsync(") { isSynced = !line.contains("(INJECTED)") }
            }
            if line.contains("fdatasync resumed"), line.contains("(INJECTED)") { isSynced = false }
            if isAsked, line.contains(#""HTTP/1.1 2"#) {
                answers.append(isWritten && isSynced)
                isAsked = false
            }
        }
        return (result, answers)
    }

    @Test("has every batch and every acknowledgement before they are answered, so that no power cut takes them back")
    func synced() async throws {
        let folder = try await prepared()
        let (applied, answers) = try await traced([], in: folder)
        #expect(applied.code == 0, "\(applied.errors)")
        #expect(answers == [true, true], "an answer was sent before the log was synced")
    }

    @Test(
        "of a server is named to the client, and the same server takes the batch once there is room",
        arguments: ["ENOSPC", "EIO"])
    func server(error: String) async throws {
        let hasStrace = FileManager.default.isExecutableFile(atPath: "/usr/bin/strace")
        try #require(hasStrace, "this test needs strace; apt-get install strace")
        let folder = try Scratch()
        try folder.write(Self.old, to: "reconcile.yaml")
        try folder.write(Self.new, to: "new.yaml")
        // Each thread's 12th write fails, so that a second or third apply finds a thread that has had its fault.
        let script = """
            trap 'kill -KILL $pid 2>/dev/null' EXIT
            start() {
                rm -f said && mkfifo said
                timeout -k 5 120 bash -c 'echo $$ > pid; exec "$@"' - "$@" serve --db a.db --port 0 --key-file key --quiet \
                    > said 2>> serve.log & job=$!
                exec 3< said; read -r -t 60 line <&3 || exit 9; pid=$(cat pid)
                export EMAILCONNECT_URL=${line#listening on } EMAILCONNECT_API_KEY=$(cat key)
            }
            end() { kill -TERM $pid; wait $job || exit 3; exec 3<&-; pid=; }
            start "$1"; timeout 60 "$1" apply --auto-approve > /dev/null || exit 4; end
            mv new.yaml reconcile.yaml
            start strace -DD -f -qq -o strace.log -P "$PWD/a.db" -P "$PWD/a.db-wal" -e trace=pwrite64 \
                -e inject=pwrite64:error=$2:when=12..12 "$1"
            timeout 60 "$1" apply --auto-approve > /dev/null; echo "first $?"
            for attempt in 1 2 3 4 5; do timeout 60 "$1" apply --auto-approve > /dev/null 2>&1 && echo done && break; done
            timeout 60 "$1" plan --detailed-exitcode > /dev/null 2>&1; echo "plan $?"
            end
            grep -q INJECTED strace.log || exit 5
            sqlite3 a.db 'PRAGMA integrity_check'
            """
        let result = try await Command.run(
            "/bin/bash", ["-c", script, "-", Command.binary, error], in: folder.path, environment: Self.environment)
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.output == "first 1\ndone\nplan 0\nok\n")
        #expect(result.errors.contains("disk"), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    }

    @Test("ends a server with one clear line that cannot start on it", arguments: ["ENOSPC", "EIO"])
    func serverStart(error: String) async throws {
        let folder = try await prepared()
        let (served, faults) = try await run(
            ["serve", "--db", Self.database, "--port", "0", "--key-file", "key"], Fault("pwrite64", error, "1+").options, in: folder)
        #expect(faults > 0)
        expectClear(served, "disk")
        #expect(!FileManager.default.fileExists(atPath: folder.file("key")))
        try await expectMended(folder)
    }

    // MARK: Read-only

    @Test(
        "that may only be read stops apply and serve with one clear line, and nothing changes", arguments: ["EACCES", "EROFS"],
        [["apply", "--local", "--auto-approve"], ["serve", "--db", ".reconcile/local.db", "--port", "0", "--key-file", "key"]])
    func readOnly(error: String, arguments: [String]) async throws {
        let folder = try await prepared()
        let before = try bytes(folder)
        // SQLite tries to open it for writing first, then for reading.
        let (result, faults) = try await run(arguments, Fault("openat", error, "1").options, on: [""], in: folder)
        #expect(faults == 1)
        expectClear(result, "may not be written to")
        #expect(try bytes(folder) == before)
        try await expectMended(folder)
    }

    @Test("that may only be read is planned on: a plan opens nothing for writing")
    func readOnlyPlan() async throws {
        let folder = try await prepared()
        let (planned, _) = try await run(["plan", "--local"], ["-e", "trace=openat"], on: [""], in: folder)
        #expect(planned.code == 0, "\(planned.errors)")
        #expect(planned.output.contains("to add"))
        let opened = try folder.read("strace.log").split(separator: "\n").filter { $0.contains("openat(") }
        #expect(!opened.isEmpty && opened.allSatisfy { $0.contains("O_RDONLY") }, "\(opened)")
    }

    @Test("need not have any room for a plan, which leaves the database byte for byte", arguments: [false, true])
    func planWritesNothing(isFull: Bool) async throws {
        let folder = try await prepared()
        let before = try bytes(folder)
        let fault = Fault("pwrite64", "ENOSPC", isFull ? "1+" : "60000")
        let (planned, faults) = try await run(["plan", "--local", "--detailed-exitcode"], fault.options, in: folder)
        #expect(planned.code == 2, "\(planned.errors)")
        #expect(faults == 0)
        #expect(try bytes(folder) == before)
    }

    // MARK: Damaged

    /// What happened to the database's bytes.
    enum Damage: String, CaseIterable, Sendable {
        case header, restOfFirstPage, secondPage, middle, allButFirstPage, half, halfOfAPage, fewBytes

        func damage(_ bytes: inout Data) {
            let page = 4096
            switch self {
            case .header: Self.overwrite(&bytes, 0..<100)
            case .restOfFirstPage: Self.overwrite(&bytes, 100..<page)
            case .secondPage: Self.overwrite(&bytes, page..<2 * page)
            case .middle: Self.overwrite(&bytes, bytes.count / page / 4 * page..<bytes.count / page * 3 / 4 * page)
            case .allButFirstPage: Self.overwrite(&bytes, page..<bytes.count)
            case .half: bytes = bytes.prefix(bytes.count / page / 2 * page)
            case .halfOfAPage: bytes = bytes.prefix(bytes.count / page / 2 * page + page / 2)
            case .fewBytes: bytes = bytes.prefix(50)
            }
        }

        static func overwrite(_ bytes: inout Data, _ range: Range<Int>) {
            var generator = SeededGenerator(seed: 7)
            for place in range { bytes[place] = UInt8.random(in: 0...255, using: &generator) }
        }
    }

    /// A database with a key and all, in one file, damaged.
    private func damaged(_ damage: (inout Data) -> Void) async throws -> Scratch {
        let folder = try await prepared()
        let applied = try await reconcile("apply", "--local", "--auto-approve", in: folder)
        #expect(applied.code == 0, "\(applied.errors)")
        for file in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: folder.file(Self.database + file)) }
        var all = try bytes(folder)
        damage(&all)
        try all.write(to: URL(filePath: folder.file(Self.database)))
        return folder
    }

    @Test("whose database is damaged is named as that, and plan leaves what is left of it", arguments: Damage.allCases)
    func damage(damage: Damage) async throws {
        let folder = try await damaged(damage.damage)
        let before = try bytes(folder)
        expectClear(try await reconcile("plan", "--local", in: folder), "is damaged")
        #expect(try bytes(folder) == before)
        expectClear(try await reconcile("apply", "--local", "--auto-approve", in: folder), "is damaged")
    }

    @Test(
        "whose database is damaged is not served from",
        arguments: [Damage.header, .restOfFirstPage, .secondPage, .allButFirstPage, .half, .halfOfAPage, .fewBytes])
    func damagedServer(damage: Damage) async throws {
        let folder = try await damaged(damage.damage)
        let served = try await Command.run(
            "/usr/bin/timeout", ["-k", "5", "30", Command.binary, "serve", "--db", Self.database, "--port", "0", "--key-file", "key"],
            in: folder.path)
        expectClear(served, "is damaged")
        #expect(!FileManager.default.fileExists(atPath: folder.file("key")))
    }

    @Test("that damages any one page crashes nothing, and what cannot be read is named as damaged")
    func anyPage() async throws {
        let folder = try await damaged { _ in }
        let whole = try bytes(folder)
        #expect(whole.count > 20 * 4096)
        var unnamed: [String] = []
        for page in 1..<whole.count / 4096 {
            var bytes = whole
            Damage.overwrite(&bytes, page * 4096..<(page + 1) * 4096)
            try bytes.write(to: URL(filePath: folder.file(Self.database)))
            for file in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: folder.file(Self.database + file)) }
            let planned = try await reconcile("plan", "--local", "--detailed-exitcode", in: folder)
            #expect((0...2).contains(planned.code), "page \(page + 1): \(planned.code) \(planned.errors)")
            #expect(!(planned.output + planned.errors).contains("canary"))
            if planned.code == 1, !planned.errors.contains("damaged") { unnamed.append("page \(page + 1): \(planned.errors)") }
        }
        #expect(unnamed.isEmpty)
    }
}
