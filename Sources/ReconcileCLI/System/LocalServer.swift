import APIServer
import EmailConnect
import EmailConnectClient
import FoundationEssentials
import Glibc
import Logging
import Reconciler

/// The bundled server inside this process, over a socket in a folder that only this user can enter.
enum LocalServer {
    /// Where `--local` keeps its account.
    static let defaultDatabase = ".reconcile/local.db"

    /// Runs the server as long as `body` does.
    /// - Parameter writes: false works on a database that goes with the process when there is none yet.
    /// - Throws: `StoreFailure`, `FileFailure`, and what `body` throws.
    static func with<T: Sendable>(
        database: String, writes: Bool, interruption: Interruption, _ body: (Endpoint) async throws -> T
    ) async throws -> T {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        interruption.onExit { try? FileManager.default.removeItem(atPath: folder) }
        var path = database
        var access = BundledServer.Access.local
        if writes {
            try prepareFolder(of: database)
        } else if FileManager.default.fileExists(atPath: database) {
            (path, access) = try BundledServer.reading(database, copyingTo: folder)
        } else {
            (path, access) = ("\(folder)/account.db", .throwaway)
        }
        umask(0o077)
        // What goes wrong comes back with the answer.
        let logger = Logger(label: "local") { _ in SwiftLogNoOpLogHandler() }
        var options = ServerOptions()
        options.webhookTargets.allowsAll = true
        let server = try await BundledServer(database: path, access: access, options: options, logger: logger)
        let socket = "\(folder)/s"
        let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
        let running = Task {
            defer { isReady.finish() }
            try await server.run(at: .unix(path: socket), handlesSignals: false) { _ in isReady.yield() }
        }
        var started = false
        for await _ in ready {
            started = true
            break
        }
        guard started else {
            try await running.value
            throw FileFailure("the local server did not start")
        }
        do {
            let result = try await body(Endpoint(.unixSocket(path: socket), key: nil))
            await stop(running)
            return result
        } catch {
            await stop(running)
            throw error
        }
    }

    private static func stop(_ running: Task<Void, any Error>) async {
        running.cancel()
        _ = await running.result
    }

    /// A folder with mode 0700. A socket's path has little room, so a long TMPDIR is not used.
    private static func temporaryFolder() throws(FileFailure) -> String {
        var base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        if base.isEmpty || base.utf8.count > 60 { base = "/tmp" }
        while base.count > 1, base.hasSuffix("/") { base.removeLast() }
        var template = Array("\(base)/reconcile-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
            unsafe buffer.baseAddress.flatMap { unsafe mkdtemp($0) } != nil
        }
        guard made else { throw FileFailure("cannot make a folder in \(base)") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Makes the database's folder; `.reconcile` is for this user only and stays out of Git.
    private static func prepareFolder(of database: String) throws(FileFailure) {
        let folder = Paths.folder(of: database)
        do {
            if !FileManager.default.fileExists(atPath: folder) {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
            // Also in a folder that is there: an earlier run may have been stopped in between.
            let ignored = URL(filePath: "\(folder)/.gitignore")
            if database == defaultDatabase, (try? Data(contentsOf: ignored))?.isEmpty ?? true {
                try Data("*\n".utf8).write(to: ignored, options: .atomic)
            }
        } catch { throw FileFailure("cannot make the folder \(folder)") }
    }
}
