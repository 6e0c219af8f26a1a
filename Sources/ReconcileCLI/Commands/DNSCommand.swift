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
        _ = try names(domain, of: "--domain")
        _ = try names(zone, of: "--zone")
    }

    private func names(_ texts: [String], of option: String) throws -> [DomainName] {
        try texts.map { text in
            do throws(Rejection) { return try DomainName(text) } catch {
                throw ValidationError("\(option) \(Escaped.quoted(text)): \(error.sentence)")
            }
        }
    }

    func run() async throws {
        let session = Session(output)
        try await session.run("dns", format == .json ? .json : .text) {
            let desired = try domain.isEmpty ? session.loadOrExit(manifest ?? "reconcile.yaml").desired : nil
            let wanted = try desired?.domains.compactMap(\.value.name) ?? names(domain, of: "--domain")
            if wanted.isEmpty { session.note("The manifest declares no domain.") }
            try checkZones(wanted, session)
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
                if format != .json, DNSText.leadsNowhere(domains) { noteMailHost(session) }
                try write(domains, status, session)
                return status
            }
            try session.exit(status)
        }
    }

    /// A zone without any of the domains was meant to have some.
    private func checkZones(_ wanted: [DomainName], _ session: Session) throws {
        let empty = try names(zone, of: "--zone").filter { zone in
            !wanted.contains { $0 == zone || $0.text.hasSuffix(".\(zone.text)") }
        }
        guard !wanted.isEmpty, !empty.isEmpty else { return }
        for zone in empty { session.fail("no domain is in the zone \(zone.text)", "--zone names one that domains are below") }
        throw ExitCode(ExitStatus.usage.rawValue)
    }

    /// Before somebody publishes it.
    private func noteMailHost(_ session: Session) {
        session.note(
            "The server was not told its mail host, and these MX records lead nowhere: start it with serve --mail-host NAME before they go "
                + "into a zone.")
    }

    /// What a table shows and the other formats have no place for.
    private func noteLacking(_ domains: [DomainStatus], _ session: Session) {
        for domain in domains where domain.verification.status != .verified {
            session.fail(
                "\(domain.name.text) lacks DNS records", "reconcile dns --check --domain \(domain.name.text) shows which")
        }
    }

    private func write(_ domains: [DomainStatus], _ status: ExitStatus, _ session: Session) throws {
        let zones = DNSZone.zones(of: domains, cuts: try names(zone, of: "--zone"))
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
        let files = zones.map { (name: "\($0.name.text).\(ending)", text: text($0)) }
        // All or none: half of the zones are worse than none of them.
        if let long = files.first(where: { $0.name.utf8.count > SystemFiles.longestName }) {
            session.fail(
                "no file can be called \(long.name): \(SystemFiles.longestName) bytes are the most",
                "leave --out out, or put the domain into a zone above it with --zone")
            throw ExitCode(ExitStatus.failed.rawValue)
        }
        for file in files { try session.save(Array(file.text.utf8), to: "\(folder)/\(file.name)") }
        session.note("\(zones.count) \(zones.count == 1 ? "zone" : "zones") written to \(Escaped.line(folder)).")
    }
}
