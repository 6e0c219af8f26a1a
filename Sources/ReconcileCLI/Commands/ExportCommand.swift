import ArgumentParser
import EmailConnect
import Reconciler

/// `reconcile export`: reads, never writes to the account.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes a manifest for what an account holds already.",
        discussion: """
            What nobody manages, and what this manifest manages. Planned right after, it shows adoptions and no other change. \
            Secrets are never read: they become references to fill in. Comments with "decide:" say where a decision is wanted. \
            A key with the four :read scopes is enough.
            """)

    @OptionGroup var account: AccountOptions

    @Option(help: "The manifest's name; with the environment the owner of all in it.")
    var manifest: String?

    @Option(help: "The environment.")
    var environment: String?

    @Option(help: ArgumentHelp("Only what this manifest lacks, as a file for its include:.", valueName: "manifest"), completion: .file())
    var into: String?

    @Option(help: ArgumentHelp("Only this domain with its aliases and their webhooks; may be given again.", valueName: "name"))
    var domain: [String] = []

    @Option(
        help: ArgumentHelp("Where it goes; standard output if left out. A file that is there is not replaced.", valueName: "file"),
        completion: .file())
    var out = "-"

    @Flag(help: "Replace the file of --out.")
    var force = false

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if into != nil, manifest != nil || environment != nil {
            throw ValidationError("--into has the manifest's name and environment already")
        }
        if out.isEmpty { throw ValidationError("--out takes a file") }
        do {
            _ = try owner
            _ = try domains
        } catch let rejection as Rejection { throw ValidationError(rejection.sentence) }
    }

    private var owner: Owner {
        get throws { Owner(manifest: try Slug(manifest ?? "mail"), environment: try Slug(environment ?? "production")) }
    }

    private var domains: [DomainName] { get throws { try domain.map { try DomainName($0) } } }

    func run() async throws {
        let session = Session(output)
        try await session.run("export", .text) {
            var options = Exporter.Options(owner: try owner)
            options.domains = try domains
            options.pinsAccount = !account.local
            var viewer = DesiredState(owner: try owner)
            if let into {
                let (desired, _) = try session.loadOrExit(into)
                (options.owner, options.into, options.manifest, viewer) = (desired.owner, desired, into, desired)
            }
            if out != "-", !force, (try? session.effects.readFile(out)) != nil {
                session.fail("\(Escaped.line(out)) is there already", "choose another file, or add --force")
                throw ExitCode(ExitStatus.failed.rawValue)
            }
            let wanted = options
            let status = try await session.withAccount(account, viewer, beside: into ?? out, writes: false) { client, _ in
                let state = try await client.state(of: Kind.allCases, seenBy: wanted.owner)
                let exported: (text: String, isEmpty: Bool)
                do throws(Rejection) { exported = try Exporter.export(state, wanted) } catch {
                    session.fail(error.problem, error.remedy)
                    return .failed
                }
                if exported.isEmpty { session.note(into == nil ? "There is nothing to export." : "The manifest lacks nothing.") }
                if exported.isEmpty, into != nil { return .done }
                try session.save(Array(exported.text.utf8), to: out)
                return .done
            }
            try session.exit(status)
        }
    }
}
