import ArgumentParser
import EmailConnect
import EmailConnectClient
import Reconciler

/// `reconcile dns`: the DNS records that domains need.
struct DNSCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dns", abstract: "Prints the DNS records that each domain needs, and looks whether they are there.",
        discussion: """
            For the domains that a manifest declares, or those of --domain; the account says what they need. It reads with one request: \
            a key with domains:read is enough. --check lets the server look for the records, which takes domains:write, and exits with 1 \
            when a domain lacks one.

            zone is for BIND and whoever reads its files, octodns for octoDNS's YamlProvider, terraform for the provider hashicorp/dns.
            """)

    @Argument(help: "The manifest; reconcile.yaml if left out.", completion: .file(extensions: ["yaml", "yml"]))
    var manifest: String?

    @Option(help: ArgumentHelp("Only this domain, whether a manifest declares it or not; may be given again.", valueName: "name"))
    var domain: [String] = []

    @OptionGroup var account: AccountOptions

    @Option(help: "table, zone, octodns, terraform or json.")
    var format = DNSFormat.table

    @Option(
        help: ArgumentHelp(
            "A zone that domains below it are part of; may be given again. Each domain is its own zone if left out.", valueName: "name"))
    var zone: [String] = []

    @Option(
        help: ArgumentHelp("A folder for zone and octodns, with a file for each zone; standard output if left out.", valueName: "folder"),
        completion: .directory)
    var out: String?

    @Flag(help: "Let the server look for the records first.")
    var check = false

    @OptionGroup var output: OutputOptions

    enum DNSFormat: String, ExpressibleByArgument, CaseIterable {
        case table
        case zone
        case octodns
        case terraform
        case json
    }

    func validate() throws {
        if manifest != nil, !domain.isEmpty { throw ValidationError("--domain names the domains; no manifest is read then") }
        if out == "" { throw ValidationError("--out takes a folder") }
        if out != nil, format != .zone, format != .octodns { throw ValidationError("--out goes with --format zone or octodns") }
        if !zone.isEmpty, format == .table || format == .json {
            throw ValidationError("--zone goes with --format zone, octodns or terraform")
        }
        do throws(Rejection) {
            _ = try names(domain)
            _ = try names(zone)
        } catch { throw ValidationError(error.sentence) }
    }

    private func names(_ texts: [String]) throws(Rejection) -> [DomainName] {
        var names: [DomainName] = []
        for text in texts { names.append(try DomainName(text)) }
        return names
    }

    func run() async throws {
        let session = Session(output)
        try await session.run("dns", format == .json ? .json : .text) {
            let desired = try domain.isEmpty ? session.loadOrExit(manifest ?? "reconcile.yaml").desired : nil
            let wanted = try desired?.domains.compactMap(\.value.name) ?? names(domain)
            if wanted.isEmpty { session.note("The manifest declares no domain.") }
            let status = try await session.withAccount(account, desired?.pins ?? ServerPins(), writes: check) { client, _ in
                let known = Dictionary(try await client.status(of: [.domain]).domains.map { ($0.name, $0) }) { first, _ in first }
                var domains = Set(wanted).sorted().compactMap { known[$0] }
                if check { for index in domains.indices { domains[index] = try await client.verify(domain: domains[index].id) } }
                for name in Set(wanted).sorted() where known[name] == nil {
                    session.fail("the account has no domain \(name.text)", "reconcile apply makes those that the manifest declares")
                }
                let lacks = check && domains.contains { $0.verification.status != .verified }
                if lacks, format != .table { noteLacking(domains, session) }
                let status: ExitStatus = lacks || domains.count < Set(wanted).count ? .failed : .done
                try write(domains, status, session)
                return status
            }
            try session.exit(status)
        }
    }

    /// What a table shows and the other formats have no place for.
    private func noteLacking(_ domains: [DomainStatus], _ session: Session) {
        for domain in domains where domain.verification.status != .verified {
            session.fail(
                "\(domain.name.text) lacks DNS records", "reconcile dns --check --domain \(domain.name.text) shows which")
        }
    }

    private func write(_ domains: [DomainStatus], _ status: ExitStatus, _ session: Session) throws {
        let zones = DNSZone.zones(of: domains, cuts: try names(zone))
        switch format {
        case .table: try session.write(DNSText.table(domains, session.style))
        case .json: try session.writeJSON(DNSText.json(domains, errors: session.errors, exit: status))
        case .terraform: try session.write(DNSText.terraform(zones))
        case .zone:
            if let out { return try save(zones, in: out, as: "zone", DNSText.zoneFile, session) }
            try session.write(zones.map(DNSText.zoneFile).joined(separator: "\n"))
        case .octodns:
            if let out { return try save(zones, in: out, as: "yaml", DNSText.octoDNS, session) }
            guard zones.count <= 1 else {
                session.fail("octoDNS has a file for each zone, and these are \(zones.count)", "add --out FOLDER, or name one --domain")
                throw ExitCode(ExitStatus.usage.rawValue)
            }
            try session.write(zones.map(DNSText.octoDNS).joined())
        }
    }

    private func save(_ zones: [DNSZone], in folder: String, as ending: String, _ text: (DNSZone) -> String, _ session: Session) throws {
        for zone in zones { try session.save(Array(text(zone).utf8), to: "\(folder)/\(zone.name.text).\(ending)") }
        session.note("\(zones.count) \(zones.count == 1 ? "zone" : "zones") written to \(Escaped.line(folder)).")
    }
}
