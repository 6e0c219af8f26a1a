import ArgumentParser
import Glibc
import Reconciler

/// The command `reconcile`.
@main
struct Reconcile: AsyncParsableCommand {
    /// What is said of wrong arguments shows them, and a log may take a line for a command: none of them has a second line.
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if let odd = arguments.first(where: { $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } }) {
            _ = SystemFiles.write(
                Array("error: an argument has a control character: \(Escaped.quoted(odd))\n".utf8), to: STDERR_FILENO)
            _exit(ExitStatus.usage.rawValue)
        }
        if arguments.first != ServeCommand.configuration.commandName { Allocator.prepareForOneTask() }
        await main(arguments)
    }

    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Keeps an EmailConnect account equal to a YAML manifest.",
        discussion: """
            A manifest declares domains, aliases, webhooks and API keys. plan shows what differs from the account, apply \
            makes the account equal to it in one transaction.

            The account: EMAILCONNECT_URL and EMAILCONNECT_API_KEY in the environment, or --local for the bundled server \
            on a file, with nothing to start.

            Exit codes: 0 done or no change, 1 error, 2 changes pending (--detailed-exitcode), 3 not, or not any more, what was \
            approved, 4 refused by a guard or a policy, 5 something is another owner's or protected, 6 applied but a key was not delivered, \
            64 wrong usage, 130 interrupted before anything was written.
            """,
        version: "0.1.0",
        subcommands: [
            ValidateCommand.self, FmtCommand.self, PlanCommand.self, ApplyCommand.self, ShowCommand.self, StateCommand.self,
            ExportCommand.self, HistoryCommand.self, DestroyCommand.self, KeysCommand.self, AuditCommand.self, SecretsCommand.self,
            DNSCommand.self, SchemaCommand.self,
            ServeCommand.self,
        ])
}
