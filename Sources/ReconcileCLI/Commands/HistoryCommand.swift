import ArgumentParser
import EmailConnect
import EmailConnectClient
import Reconciler

/// `reconcile history`: who applied what, when, from which commit.
struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Shows who applied what, when, and from which commit; the latest first.",
        discussion: "A key with the four :read scopes is enough. GET /v1/changes has every single change.")

    @OptionGroup var argument: ManifestArgument
    @OptionGroup var account: AccountOptions

    @Flag(help: "Whoever did it: other manifests and plain requests too; the manifest is not read.")
    var all = false

    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit = 20

    @Option(help: "text or json.")
    var format = OutputFormat.text

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes 1 to 10000") }
    }

    func run() async throws {
        let session = Session(output)
        try await session.run("history", format) {
            let desired = all ? nil : try session.loadOrExit(argument.manifest).desired
            let status = try await session.withAccount(account, desired?.pins ?? ServerPins(), writes: false) { client, _ in
                var records: [ApplyRecord] = []
                var cursor: String?
                repeat {
                    let page = try await client.history(of: desired?.owner, limit: min(100, limit - records.count), after: cursor)
                    records += page.records
                    cursor = page.next
                } while cursor != nil && records.count < limit
                switch format {
                case .text: try session.write(HistoryText.render(records))
                case .json: try session.writeJSON(HistoryText.json(records, exit: .done))
                }
                return .done
            }
            try session.exit(status)
        }
    }
}
