import ArgumentParser
import EmailConnect
import EmailConnectClient
import Reconciler

/// `reconcile keys revoke`: at once, with every token.
struct KeysRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Ends an API key at once, with all its tokens.",
        discussion: """
            For a key that has leaked. What is left is a tombstone: plan refuses, with 4, to make the key again until it is removed from \
            the manifest, or has reissue: with a later date.
            """)

    @Argument(help: "A key as the manifest has it, or an id: key_...")
    var key: String

    @OptionGroup var argument: ManifestOption
    @OptionGroup var account: AccountOptions

    @Flag(help: "Revoke without asking.")
    var autoApprove = false

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let session = Session(output)
        guard autoApprove || session.isInteractive else {
            session.fail("there is no terminal to ask on", "add --auto-approve")
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        try await session.run("keys revoke", .text) {
            let isID = key.hasPrefix("key_")
            let desired = isID ? nil : try session.loadOrExit(argument.manifest).desired
            let status = try await session.withAccount(account, desired?.pins ?? ServerPins(), writes: true) { client, name in
                let state = try await client.state(of: [.apiKey], seenBy: desired?.viewer ?? Viewer(nil))
                let found = state.apiKeys.first { isID ? $0.id == key : $0.owner == desired?.owner && $0.value.key?.text == key }
                guard let found else {
                    let known = state.apiKeys.filter { $0.owner == desired?.owner }.compactMap { $0.value.key?.text }
                    let guess = Spelling.nearest(to: key, in: known).map { "did you mean \($0)?" }
                    session.fail(
                        "\(desired?.owner.text ?? "the account") has no api key \(Escaped.line(key))",
                        guess ?? "reconcile keys list --all names them")
                    return .failed
                }
                if let since = state.revoked[found.id] {
                    try session.write("Revoked already, at \(since.text).\n")
                    return .done
                }
                let title = "api key \(Escaped.line(found.value.key?.text ?? found.value.name)) (\(found.id)) on \(name)"
                guard try autoApprove || session.confirm("Revoke \(title)? Only yes does: ") else {
                    session.note("Nothing was revoked.")
                    return .failed
                }
                try await client.revoke(key: found.id)
                try session.write("Revoked \(title).\n")
                return .done
            }
            try session.exit(status)
        }
    }
}
