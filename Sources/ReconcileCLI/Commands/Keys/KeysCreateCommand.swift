import ArgumentParser
import EmailConnect
import EmailConnectClient
import Reconciler

/// `reconcile keys create`: short-lived, for one job.
struct KeysCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Makes a short-lived API key, for one job, and prints it.",
        discussion: """
            It can do nothing that the key which makes it cannot, and ends by itself. Keys that stay are declared in the manifest. \
            In a script: EMAILCONNECT_API_KEY=$(reconcile keys create --expires 1h --scopes aliases:read)
            """)

    @Option(help: ArgumentHelp("How long it lives: 30m, 1h; a day at most.", valueName: "duration"))
    var expires: String

    @Option(help: ArgumentHelp("What it may do, with commas: aliases:read,emails:read.", valueName: "scopes"))
    var scopes: String

    @Option(help: "A name for people.")
    var name = "short-lived"

    @Option(help: ArgumentHelp("Where it may be used from; may be given again.", valueName: "range"))
    var allowIp: [String] = []

    @Option(help: ArgumentHelp("A file for it, for this user only; standard output if left out.", valueName: "file"), completion: .file())
    var out = "-"

    @OptionGroup var account: AccountOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        do { _ = try key } catch let rejection as Rejection { throw ValidationError(rejection.sentence) }
    }

    private var key: APIKey {
        get throws {
            var key = APIKey()
            key.name = name
            key.scopes = try Scopes(.sequence(scopes.split(separator: ",").map { .scalar(Scalar(String($0), .plain)) }, .start))
            let life = try TimeSpan(expires)
            guard life.seconds <= APIKey.shortLife.seconds else {
                throw Rejection("--expires takes a day at most", "declare a key that lives longer in the manifest")
            }
            key.expiresAfter = life
            if !allowIp.isEmpty { key.allowedIPs = try IPRanges(.sequence(allowIp.map { .scalar(Scalar($0, .plain)) }, .start)) }
            return key
        }
    }

    func run() async throws {
        let session = Session(output)
        try await session.run("keys create", .text) {
            let status = try await session.withAccount(account, ServerPins(), writes: true) { client, _ in
                if out != "-" { try session.effects.probe(.file(out), ".") }
                let made = try await client.create(try key)
                if out == "-" { try session.write("\(made.reveal())\n") } else { try session.effects.writeSecret(out, made) }
                return .done
            }
            try session.exit(status)
        }
    }
}
