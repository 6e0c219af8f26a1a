import ArgumentParser

/// `reconcile keys`: what happens to API keys beside their definition.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Lists, rotates and revokes API keys, and makes short-lived ones.",
        discussion: "Keys that stay are declared in the manifest; apply makes them and delivers their tokens.",
        subcommands: [KeysListCommand.self, KeysRotateCommand.self, KeysRevokeCommand.self, KeysCreateCommand.self])
}

/// The manifest of a command whose arguments are keys.
struct ManifestOption: ParsableArguments {
    @Option(help: "The manifest.", completion: .file(extensions: ["yaml", "yml"]))
    var manifest = "reconcile.yaml"
}
