import ArgumentParser
import Reconciler

/// `reconcile schema`: for editors.
struct SchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Prints the manifest's JSON Schema, so that editors complete and check it.",
        discussion: """
            With it in reconcile.schema.json, a manifest's first line can be \
            "# yaml-language-server: $schema=reconcile.schema.json".
            """)

    @OptionGroup var output: OutputOptions

    func run() async throws { try Session(output).write(ManifestSchema.json) }
}
