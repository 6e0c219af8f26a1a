import ArgumentParser
import EmailConnect
import Reconciler

/// `reconcile secrets decrypt`: standard input, or a file.
struct SecretsDecryptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decrypt", abstract: "Decrypts an age file, and writes what is in it to standard output.",
        discussion: "The key comes from --identity, RECONCILE_AGE_KEY or RECONCILE_AGE_KEY_FILE.")

    @Argument(help: "The file; - reads standard input.", completion: .file())
    var file = "-"

    @Option(name: [.short, .long], help: ArgumentHelp("A file of keys; may be given again.", valueName: "file"), completion: .file())
    var identity: [String] = []

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let session = Session(output)
        try await session.run("secrets decrypt", .text) {
            var identities: [AgeIdentity] = []
            do {
                var files = identity
                if let file = session.effects.environment("RECONCILE_AGE_KEY_FILE"), !file.isEmpty, identity.isEmpty { files.append(file) }
                for file in files { identities += try AgeIdentity.list(in: try session.effects.readFile(file)) }
                if let text = session.effects.environment("RECONCILE_AGE_KEY"), !text.isEmpty, identity.isEmpty {
                    identities += try AgeIdentity.list(in: Array(text.utf8))
                }
            } catch let failure as FileFailure {
                session.fail(failure.problem, "name a file of keys with --identity")
                throw ExitCode(ExitStatus.failed.rawValue)
            } catch let rejection as Rejection {
                session.fail("the key: \(rejection.problem)", rejection.remedy)
                throw ExitCode(ExitStatus.failed.rawValue)
            }
            let content = file == "-" ? try session.standardInput() : try session.bytes(of: file)
            let plain: [UInt8]
            do throws(AgeFailure) { plain = try Age.decrypt(content, with: identities) } catch { throw session.failing(error) }
            try session.write(plain)
        }
    }
}
