import APIServer
import ArgumentParser
import EmailConnect
import FoundationEssentials
import Glibc
import Logging
import Reconciler

/// `reconcile serve`: the bundled API server.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs the bundled API server on a SQLite file.",
        discussion: """
            A new database gets a first API key with every scope. It is shown once, on a terminal, or written to \
            --key-file. SIGTERM and Ctrl-C end the server after the answers under way.
            """)

    @Option(
        help: ArgumentHelp(
            "The database; it is made if it does not exist. --local keeps its own in .reconcile/local.db.", valueName: "file"),
        completion: .file())
    var db = "emailconnect.db"

    @Option(help: "The address to listen at; 0.0.0.0 opens the server to the network, without TLS.")
    var host = "127.0.0.1"

    @Option(help: "The port; 0 lets the system choose.")
    var port = 8080

    @Option(help: ArgumentHelp("Where the first key is written, readable for this user only.", valueName: "file"), completion: .file())
    var keyFile: String?

    @Flag(help: "Accept webhooks whose host is private to a network or this machine.")
    var allowPrivateTargets = false

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("--port takes 0 to 65535") }
    }

    func run() async throws {
        let session = Session(output)
        // The database holds hashes of keys and the secrets of webhooks.
        umask(0o077)
        do {
            let server = try await BundledServer(
                database: db, access: .keys, allowsPrivateTargets: allowPrivateTargets, logger: session.logger)
            try await handOverFirstKey(server, session)
            let host = host
            try await server.run(at: .tcp(host: host, port: port), handlesSignals: true) { port in
                try? session.write("listening on http://\(host.contains(":") ? "[\(host)]" : host):\(port)/v1\n")
            }
        } catch let failure as StoreFailure {
            session.fail(failure.problem, failure.remedy)
            throw ExitCode(ExitStatus.failed.rawValue)
        } catch let code as ExitCode {
            throw code
        } catch {
            session.fail(
                "cannot listen at \(Escaped.line(host)) port \(port)", "check the address, or choose another port; --port 0 finds one")
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }

    /// The key counts once it has been handed over; a start that is stopped before makes another one the next time.
    private func handOverFirstKey(_ server: BundledServer, _ session: Session) async throws {
        if let keyFile, FileManager.default.fileExists(atPath: keyFile) {
            // An earlier start may have been stopped right after it wrote the file.
            let text = (try? session.effects.readFile(keyFile)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            if try await server.handOver(firstKey: Secret(String(text.prefix { !$0.isWhitespace }))) { return }
        }
        guard let key = try await server.makeFirstKey() else {
            if keyFile != nil { session.note("The database has a key with every scope already; none was made.") }
            return
        }
        if let keyFile {
            guard !FileManager.default.fileExists(atPath: keyFile) else {
                session.fail("\(Escaped.line(keyFile)) exists, and may hold another server's key", "name another --key-file")
                throw ExitCode(ExitStatus.failed.rawValue)
            }
            do throws(FileFailure) { try session.effects.writeSecret(keyFile, key) } catch {
                session.fail("the first key could not be written: \(error.problem)", "name another --key-file")
                throw ExitCode(ExitStatus.failed.rawValue)
            }
            session.note("The first API key is in \(Escaped.line(keyFile)).")
        } else if session.showsSecrets {
            try session.write("The first API key, shown once:\n\n  \(key.reveal())\n\n")
        } else {
            session.fail("the first API key is shown on a terminal only", "add --key-file FILE")
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        try await server.handOver(firstKey: key)
    }
}
