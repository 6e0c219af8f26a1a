import ArgumentParser
import Reconciler

/// The manifest of a command that takes one.
struct ManifestArgument: ParsableArguments {
    @Argument(help: "The manifest.", completion: .file(extensions: ["yaml", "yml"]))
    var manifest = "reconcile.yaml"
}

/// Which account a command talks to.
struct AccountOptions: ParsableArguments {
    @Flag(help: "Use the bundled server inside this process; EMAILCONNECT_* and the manifest's pins are not looked at.")
    var local = false

    @Option(help: ArgumentHelp("The database of --local; .reconcile/local.db if left out.", valueName: "file"), completion: .file())
    var localDb: String?

    @Option(help: ArgumentHelp("PEM certificates to trust beside the system's.", valueName: "file"), completion: .file())
    var caFile: String?

    func validate() throws {
        if localDb == "" { throw ValidationError("--local-db takes a file") }
        if localDb != nil, !local { throw ValidationError("--local-db goes with --local") }
        if caFile != nil, local { throw ValidationError("--ca-file has no use with --local") }
    }
}

/// How much a command says.
struct OutputOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Say nothing on standard error but errors.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say on standard error what takes how long.")
    var verbose = false
}

/// How a plan is written.
enum PlanFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
}
