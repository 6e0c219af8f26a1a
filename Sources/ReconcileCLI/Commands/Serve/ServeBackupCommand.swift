import APIServer
import ArgumentParser
import EmailConnect
import FoundationEssentials
import Glibc
import Reconciler

/// `reconcile serve backup`: a copy of the database.
struct ServeBackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies a server's database as it is now, also while the server runs.",
        discussion: """
            The copy is one file, complete, readable for this user only. To restore it, start a server on it: its accounts count as \
            restored, so that a plan or a retry that was meant for the original does not fit.
            """)

    @Argument(help: "The copy; it must not exist.", completion: .file()) var file: String
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard !file.isEmpty, file != "-" else { throw ValidationError("a backup needs a file") }
    }

    func run() async throws {
        let session = Session(output)
        umask(0o077)
        guard !FileManager.default.fileExists(atPath: file) else {
            session.fail("\(Escaped.line(file)) exists", "name another file; it was left alone")
            throw ExitCode(ExitStatus.failed.rawValue)
        }
        try await session.run("serve backup", .text) {
            try await session.administering(database) { server in
                // Under its name only when it is whole.
                let part = "\(file).\(Randomness.system.identifier(8)).part"
                let removeParts = { @Sendable in
                    for suffix in ["", "-wal", "-shm", "-journal"] { try? FileManager.default.removeItem(atPath: part + suffix) }
                }
                session.interruption.onExit(removeParts)
                defer { removeParts() }
                try server.backUp(to: part)
                // The database has synced its pages already.
                do { try FileManager.default.moveItem(atPath: part, toPath: file) } catch {
                    session.fail("cannot write \(Escaped.line(file))", "check that its folder exists and may be written to")
                    throw ExitCode(ExitStatus.failed.rawValue)
                }
                session.note("Copied \(Escaped.line(database.db)) to \(Escaped.line(file)).")
            }
        }
    }
}
