import APIServer
import ArgumentParser
import EmailConnect
import FoundationEssentials
import Reconciler

/// Hands the first key of an account to whoever runs the server: on a terminal, or in a file. The key counts once it has been handed
/// over; a start that is stopped before makes another one the next time.
struct FirstKey {
    private let session: Session
    private let keyFile: String?

    init(_ session: Session, keyFile: String?) {
        self.session = session
        self.keyFile = keyFile
    }

    /// The first key of a server that starts.
    func handOver(of server: BundledServer) async throws {
        if let keyFile, FileManager.default.fileExists(atPath: keyFile) {
            // An earlier start may have been stopped right after it wrote the file.
            let text = (try? session.effects.readFile(keyFile)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            if try await server.handOver(firstKey: Secret(String(text.prefix { !$0.isWhitespace }))) { return }
        }
        guard let key = try await server.makeFirstKey() else {
            if keyFile != nil {
                session.note(
                    "The database has a key already, or had one; none was made. reconcile serve link logs a browser in, to make another.")
            }
            return
        }
        try show(key)
        try await server.handOver(firstKey: key)
    }

    /// Refuses before anything is made what could not be handed over.
    func check() throws {
        if let keyFile {
            guard !FileManager.default.fileExists(atPath: keyFile) else {
                session.fail("\(Escaped.line(keyFile)) exists, and may hold another server's key", "name another --key-file")
                throw ExitCode(ExitStatus.failed.rawValue)
            }
        } else if !session.showsSecrets {
            session.fail("the first API key is shown on a terminal only", "add --key-file FILE")
            throw ExitCode(ExitStatus.usage.rawValue)
        }
    }

    /// Shows a key, or writes it.
    func show(_ key: Secret) throws {
        try check()
        guard let keyFile else {
            try session.write("The first API key, shown once:\n\n  \(key.reveal())\n\n")
            return
        }
        do throws(FileFailure) { try session.effects.writeSecret(keyFile, key) } catch {
            session.fail("the first key could not be written: \(error.problem)", "name another --key-file")
            throw ExitCode(ExitStatus.failed.rawValue)
        }
        session.note("The first API key is in \(Escaped.line(keyFile)).")
    }
}
