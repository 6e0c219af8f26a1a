import ArgumentParser
import Reconciler

/// `reconcile schema`: for editors, and for programs that read plans.
struct SchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Prints the manifest's JSON Schema, so that editors complete and check it.",
        discussion: """
            With it in reconcile.schema.json, a manifest's first line can be \
            "# yaml-language-server: $schema=reconcile.schema.json".
            """)

    @Argument(help: "manifest, or plan: what --format json writes.")
    var of = Document.manifest

    @OptionGroup var output: OutputOptions

    enum Document: String, ExpressibleByArgument, CaseIterable {
        case manifest
        case plan
    }

    func run() async throws {
        let session = Session(output)
        switch of {
        case .manifest: try session.write(ManifestSchema.json)
        case .plan: try session.write(PlanSchema.json)
        }
    }
}
