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
            let identities: [AgeIdentity]
            do throws(FileFailure) { identities = try AgeIdentity.load(files: identity, session.effects) } catch {
                session.fail("the key: \(error.problem)", "name a file of keys with --identity")
                throw ExitCode(ExitStatus.failed.rawValue)
            }
            let content = file == "-" ? try session.standardInput() : try session.bytes(of: file)
            let plain: [UInt8]
            do throws(AgeFailure) { plain = try Age.decrypt(content, with: identities) } catch { throw session.failing(error) }
            try session.write(plain)
        }
    }
}
