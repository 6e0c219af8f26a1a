import ArgumentParser
import EmailConnect
import EmailConnectClient
import Reconciler

/// `reconcile audit`: reads, never writes.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Looks for keys that are too old, too wide or unused, and for domains, webhooks and aliases that should not be.",
        discussion: """
            The whole account, whoever manages it. Exit code 1 when something is found that is as bad as --fail-on, or worse. A key with \
            the four :read scopes is enough.
            """)

    @Option(
        help: ArgumentHelp("A manifest whose lines sarif points at.", valueName: "file"), completion: .file(extensions: ["yaml", "yml"]))
    var manifest: String?

    @OptionGroup var account: AccountOptions

    @Option(help: "low, medium, high or none: from there on, exit with 1.")
    var failOn = FailOn.high

    @Option(help: "text, json or sarif (code scanning).")
    var format = AuditFormat.text

    @OptionGroup var output: OutputOptions

    enum FailOn: String, ExpressibleByArgument, CaseIterable {
        case low
        case medium
        case high
        case none
    }

    enum AuditFormat: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
        case sarif
    }

    func run() async throws {
        let session = Session(output)
        try await session.run("audit", format == .json ? .json : .text) {
            let desired = try manifest.map { try session.loadOrExit($0).desired }
            let status = try await session.withAccount(account, desired?.pins ?? ServerPins(), writes: false) { client, _ in
                let state = try await client.state(of: Kind.allCases, seenBy: Viewer(nil))
                let audit = Audit(state, try await client.keyUse(), try await client.status(of: [.domain, .webhook]))
                let limit = AuditSeverity(rawValue: failOn.rawValue)
                let isBad = audit.findings.contains { finding in limit.map { finding.check.severity >= $0 } ?? false }
                let status = isBad ? ExitStatus.failed : .done
                switch format {
                case .text: try session.write(AuditText.render(audit, session.style))
                case .json: try session.writeJSON(AuditText.json(audit, exit: status))
                case .sarif: try session.write(AuditText.sarif(audit, desired, version: Reconcile.configuration.version))
                }
                return status
            }
            try session.exit(status)
        }
    }
}
