import ArgumentParser
import EmailConnect
import Reconciler

/// `reconcile secrets keygen`: as age-keygen.
struct SecretsKeygenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen", abstract: "Makes a key: the file is secret, the recipient that it prints is not.")

    @Option(help: ArgumentHelp("The file, for this user only. One that is there is not replaced.", valueName: "file"), completion: .file())
    var out: String

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if out.isEmpty || out == "-" { throw ValidationError("--out takes a file; a key is not printed") }
    }

    func run() async throws {
        let session = Session(output)
        try await session.run("secrets keygen", .text) {
            guard (try? session.effects.readFile(out)) == nil else {
                session.fail("\(Escaped.line(out)) is there already", "choose another file: who has the old key needs it")
                throw ExitCode(ExitStatus.failed.rawValue)
            }
            var generator = SystemRandomNumberGenerator()
            let identity: AgeIdentity
            do throws(AgeFailure) { identity = try AgeIdentity(using: &generator) } catch { throw session.failing(error) }
            do throws(FileFailure) { try session.effects.writeSecret(out, identity.keyFile()) } catch {
                session.fail(error.problem, "choose another file")
                throw ExitCode(ExitStatus.failed.rawValue)
            }
            try session.write("\(identity.recipient.text)\n")
        }
    }
}
