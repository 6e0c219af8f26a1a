import ArgumentParser
import EmailConnect
import Reconciler

/// `reconcile secrets encrypt`: standard input, so that the value is in no argument and no history of a shell.
struct SecretsEncryptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "encrypt", abstract: "Encrypts standard input for one or more recipients.",
        discussion: "One newline at its end is dropped when it is used. --yaml writes it as a manifest takes it.")

    @Option(name: [.short, .long], help: ArgumentHelp("Who can open it: age1...; may be given again.", valueName: "recipient"))
    var recipient: [String] = []

    @Option(
        name: [.customShort("R"), .long], help: ArgumentHelp("A file with a recipient on each line.", valueName: "file"),
        completion: .file())
    var recipientsFile: [String] = []

    @Flag(help: "Write age: | and the value below it, to be pasted into a manifest.")
    var yaml = false

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if recipient.isEmpty, recipientsFile.isEmpty {
            throw ValidationError("name who can open it: --recipient age1... (reconcile secrets keygen makes one)")
        }
    }

    func run() async throws {
        let session = Session(output)
        try await session.run("secrets encrypt", .text) {
            var recipients: [AgeRecipient] = []
            do {
                for text in recipient { recipients.append(try AgeRecipient(text)) }
                for file in recipientsFile { recipients += try AgeRecipient.list(in: try session.effects.readFile(file)) }
            } catch let failure as FileFailure {
                session.fail(failure.problem, "name a file of recipients")
                throw ExitCode(ExitStatus.failed.rawValue)
            } catch let rejection as Rejection {
                session.fail("a recipient: \(rejection.problem)", rejection.remedy)
                throw ExitCode(ExitStatus.failed.rawValue)
            }
            let content = try session.standardInput()
            var generator = SystemRandomNumberGenerator()
            let file: [UInt8]
            do throws(AgeFailure) { file = try Age.encrypt(content, to: recipients, using: &generator) } catch {
                throw session.failing(error)
            }
            let text = String(decoding: file, as: UTF8.self)
            let lines = text.split(separator: "\n").map { "  \($0)\n" }.joined()
            try session.write(yaml ? "age: |\n\(lines)" : text)
        }
    }
}
