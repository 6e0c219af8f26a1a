import ArgumentParser

/// The command `reconcile`.
@main
struct Reconcile: AsyncParsableCommand {
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
            ValidateCommand.self, PlanCommand.self, ApplyCommand.self, ShowCommand.self, StateCommand.self, ExportCommand.self,
            HistoryCommand.self,
            DestroyCommand.self, KeysCommand.self, SecretsCommand.self, SchemaCommand.self, ServeCommand.self,
        ])
}
