import ArgumentParser
import EmailConnect
import EmailConnectClient
import Reconciler

/// `reconcile keys list`.
struct KeysListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Shows how old each API key is, when it was used last, when it ends and is to be rotated.",
        discussion: "A key with the four :read scopes is enough.")

    @OptionGroup var argument: ManifestOption
    @OptionGroup var account: AccountOptions

    @Flag(help: "Every key of the account; the manifest is not read.")
    var all = false

    @Option(help: "text or json.")
    var format = OutputFormat.text

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let session = Session(output)
        try await session.run("keys list", format) {
            let desired = all ? nil : try session.loadOrExit(argument.manifest).desired
            let status = try await session.withAccount(account, desired?.pins ?? ServerPins(), writes: false) { client, _ in
                let state = try await client.state(of: Kind.allCases, seenBy: desired?.viewer ?? Viewer(nil))
                let list = KeyList(state, try await client.keyUse(), of: desired?.owner)
                switch format {
                case .text: try session.write(list.text(session.style))
                case .json: try session.writeJSON(list.json(exit: .done))
                }
                return .done
            }
            try session.exit(status)
        }
    }
}
