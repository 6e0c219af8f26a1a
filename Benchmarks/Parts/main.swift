// Does what plan and apply do with files in the place of an account, and says what each part took:
//   parts MANIFEST STATE [--until load|state|plan|render|batch|answer] [--format text|json|markdown]
// STATE is what `reconcile state` wrote. Each line has a part and its milliseconds of user CPU. With --until it ends there: two runs under
// an instruction counter and the difference between them are a part's instructions.
import EmailConnect
import Glibc
import Reconciler
import Synchronization

func fail(_ problem: String) -> Never {
    print("error: \(problem)")
    exit(64)
}

/// A file, whole.
func contents(_ path: String) throws(FileFailure) -> [UInt8] {
    guard let file = unsafe fopen(path, "r") else { throw FileFailure("\(path) cannot be read") }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
        let count = unsafe fread(&chunk, 1, chunk.count, file)
        if count == 0 { return bytes }
        bytes += chunk[..<count]
    }
}

/// Only files are read; everything else that a command might do is not done here.
let effects = Effects(
    readFile: contents, matching: { path, _ in [path] }, listFiles: { _ in [] }, resolve: { path, _ in path },
    writeSecret: { _, _ in }, writeFile: { _, _ in }, runProgram: { _ in Secret("") }, isReadableByAll: { _ in false },
    isRegularFile: { _ in true }, probe: { _, _ in }, isInterrupted: { false }, environment: { _ in nil },
    random: {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    })

/// Says what the parts take, one after the other.
final class Parts: Sendable {
    private let last = Mutex(Parts.user)
    private let until: String

    init(until: String) { self.until = until }

    /// Seconds of user CPU until now.
    private static var user: Double {
        var usage = rusage()
        _ = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) / 1e6
    }

    func end(_ part: String) {
        let now = Self.user
        print("\(part)\t\(Int(((now - last.withLock { $0 }) * 1000).rounded()))")
        if part == until { exit(0) }
        last.withLock { $0 = now }
    }
}

/// An account whose state is a file, and which takes every batch.
struct FileAccount: AccountReader, AccountWriter {
    let bytes: [UInt8]
    let parts: Parts

    func state(of kinds: [Kind], seenBy viewer: Viewer) async throws(AccountFailure) -> AccountState {
        var decoder = StateDecoder(seenBy: viewer)
        do throws(Rejection) {
            // In pieces, as a network brings it.
            for start in stride(from: 0, to: bytes.count, by: 1 << 16) {
                try decoder.feed(bytes[start..<min(start + 1 << 16, bytes.count)])
            }
            return try decoder.finish()
        } catch { throw AccountFailure(.unreachable, error.problem, error.remedy) }
    }

    func applied(_ digest: String, by owner: Owner) async throws(AccountFailure) -> ApplyRecord? { nil }

    func commit(_ batch: Batch, idempotencyKey: String) async throws(AccountFailure) -> BatchAnswer {
        var json = JSONWriter(reserving: batch.operations.count * 256)
        batch.write(to: &json)
        parts.end("batch")
        let results = batch.operations.indices.map { BatchAnswer.Result(index: $0, status: 201, id: "alias_0000000000000000", version: 1) }
        var answer = JSONWriter()
        BatchAnswer(revision: 1, results: results).write(to: &answer)
        parts.end("(server)")
        do throws(Rejection) { return try BatchAnswer(answer.bytes) } catch {
            throw AccountFailure(.unreachable, error.problem, error.remedy)
        }
    }

    func acknowledge(key id: String, prefix: String) async throws(AccountFailure) {}
}

/// Takes an option out of the arguments.
func option(_ name: String, from arguments: inout [String]) -> String? {
    guard let place = arguments.firstIndex(of: name), place + 1 < arguments.count else { return nil }
    defer { arguments.removeSubrange(place...(place + 1)) }
    return arguments[place + 1]
}

var arguments = Array(CommandLine.arguments.dropFirst())
let format = option("--format", from: &arguments)
let parts = Parts(until: option("--until", from: &arguments) ?? "")
guard arguments.count == 2 else { fail("parts MANIFEST STATE [--until PART] [--format text|json|markdown]") }

parts.end("start")
let loaded = Pipeline.load(arguments[0], effects).withoutSources
guard let desired = loaded.desired else { fail("the manifest has a mistake; reconcile validate shows it") }
parts.end("load")
let account = FileAccount(bytes: try contents(arguments[1]), parts: parts)
parts.end("(file)")
_ = try await account.state(of: Kind.allCases, seenBy: desired.viewer)
parts.end("state")
// Reads the state once more: what the diff takes is this less the part before.
let planned = try await Pipeline.plan(desired, file: loaded.file, from: account, effects)
parts.end("state and plan")
let text =
    switch format {
    case "json": PlanJSON.render(planned.plan, server: "files", command: "plan", exit: .done)
    case "markdown": PlanMarkdown(planned.plan, server: "files").text
    default: PlanText(.plain).render(planned.plan, server: "files")
    }
guard !text.isEmpty else { fail("nothing was rendered") }
parts.end("render")
let prepared = try Pipeline.prepare(planned, onLoopback: true, effects)
_ = try await Pipeline.apply(prepared, planned, to: account, onLoopback: true, effects)
parts.end("answer")
