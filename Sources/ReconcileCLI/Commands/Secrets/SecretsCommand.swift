import ArgumentParser

/// `reconcile secrets`: values encrypted with age, which may stand in a manifest.
struct SecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets", abstract: "Makes keys for age-encrypted values, encrypts and decrypts.",
        discussion: """
            An encrypted value stands in a manifest as { age: "..." }, and may be in Git. Whoever runs plan or apply has the key in \
            RECONCILE_AGE_KEY, or in a file that RECONCILE_AGE_KEY_FILE names; without it the value is neither compared nor \
            sent. The format is age's: its own program opens what this one writes, and the other way round.
            """,
        subcommands: [SecretsKeygenCommand.self, SecretsEncryptCommand.self, SecretsDecryptCommand.self])
}
