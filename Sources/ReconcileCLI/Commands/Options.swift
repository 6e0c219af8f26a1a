import ArgumentParser
import EmailConnect
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

    @Option(
        help: ArgumentHelp(
            "Up to when a request that failed on the way is sent again; 0 sends it once.", valueName: "seconds"))
    var retry = 60

    func validate() throws {
        guard (0...3600).contains(retry) else { throw ValidationError("--retry takes 0 to 3600") }
        if localDb == "" { throw ValidationError("--local-db takes a file") }
        if localDb != nil, !local { throw ValidationError("--local-db goes with --local") }
        if caFile != nil, local { throw ValidationError("--ca-file has no use with --local") }
    }
}

/// What whoever runs the command agrees to; the manifest's allow: does the same, reviewed.
struct ConsentOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Agree to exactly so many deletions.", valueName: "n"))
    var allowDeletes: Int?

    @Option(help: ArgumentHelp("Agree to exactly so many addresses whose mail goes elsewhere.", valueName: "n"))
    var allowMailMoves: Int?

    @Option(help: ArgumentHelp("Adopt what nobody manages: a domain, an address, or all.", valueName: "name"))
    var adopt: [String] = []

    @Option(help: ArgumentHelp("Take over what another manifest manages.", valueName: "owner=name"))
    var takeOver: [String] = []

    func validate() throws { _ = try consent }

    /// The options' consent.
    var consent: Consent {
        get throws {
            var consent = Consent()
            consent.deletes = allowDeletes
            consent.mailMoves = allowMailMoves
            do {
                for name in adopt {
                    if name == "all" { consent.adoptsAll = true } else { consent.adopt.insert(try ResourceName(adopting: name)) }
                }
                for pair in takeOver {
                    let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
                    guard parts.count == 2 else { throw Rejection("--take-over takes OWNER=NAME", "as in web/production=acme.example") }
                    consent.takeOver[try Owner(parts[0]), default: []].insert(try ResourceName(parts[1]))
                }
            } catch let rejection as Rejection { throw ValidationError(rejection.sentence) }
            return consent
        }
    }
}

/// What a run says of itself.
struct RunOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Goes into the account's history; commit, actor, repository and run come from the CI's environment.", valueName: "key=value"))
    var context: [String] = []

    @Option(help: ArgumentHelp("The number of this run; the account refuses a lower one later.", valueName: "n"))
    var sequence: Int?

    @Flag(help: "Apply though a run with a higher --sequence was here.")
    var allowOlder = false

    @Flag(help: "Start the programs that the manifest takes secrets from and delivers keys to.")
    var allowCommands = false

    func validate() throws {
        if let sequence, sequence < 1 { throw ValidationError("--sequence takes a number above zero") }
        _ = try pairs
    }

    private var pairs: [String: String] {
        get throws {
            var pairs: [String: String] = [:]
            // CI passes variables that may be empty.
            for pair in context where !pair.hasSuffix("=") {
                let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2, (1...64).contains(parts[0].utf8.count), parts[1].utf8.count <= 1024 else {
                    throw ValidationError("--context takes KEY=VALUE, with at most 64 and 1,024 bytes")
                }
                pairs[parts[0]] = parts[1]
            }
            return pairs
        }
    }

    /// What this run says of itself, and what it may do.
    func run(_ effects: Effects, variables: [String]? = nil) throws -> Run {
        Run(
            context: Run.context(effects.environment, adding: try pairs), sequence: sequence, allowsOlder: allowOlder,
            allowsCommands: allowCommands, variables: variables)
    }
}

/// What no pull request can loosen.
struct PolicyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("A file with version: 1 and policy:, which tightens the manifest's own.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var policy: [String] = []
}

/// What a manifest may read of the environment.
struct VariableOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The variables that the manifest may name under env:, with * for any text; may be given again. All if left out.",
            valueName: "pattern"))
    var allowEnv: [String] = []

    /// The patterns; nil for all variables.
    var patterns: [String]? { allowEnv.isEmpty ? nil : allowEnv }
}

/// How much a command says.
struct OutputOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Say nothing on standard error but errors.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say on standard error what takes how long.")
    var verbose = false
}

/// How a result is written.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
}

/// How a saved plan is written.
enum PageFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
    case markdown
    case html

    /// What is written when there is no plan to show.
    var output: OutputFormat { self == .json ? .json : .text }
}

/// How a plan is written: as a page, or at the lines of its manifest.
enum PlanFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
    case markdown
    case html
    case github
    case gitlab

    /// What is written when there is no plan to show.
    var output: OutputFormat { self == .json ? .json : .text }
}
