import ArgumentParser
import EmailConnectClient
import Reconciler

/// `reconcile state`: the account as it is, for `plan --state`.
struct StateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state", abstract: "Saves the account's state, without secrets, for plan --state.",
        discussion: "A review then needs neither network nor key. A key with the four :read scopes is enough.")

    @OptionGroup var account: AccountOptions

    @Option(help: ArgumentHelp("Where it goes; standard output if left out.", valueName: "file"), completion: .file())
    var out = "-"

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let session = Session(output)
        try await session.run("state", .text) {
            let status = try await session.withAccount(account, ServerPins(), writes: false) { client, _ in
                try session.save(try await client.savedState(), to: out)
                return .done
            }
            try session.exit(status)
        }
    }
}
