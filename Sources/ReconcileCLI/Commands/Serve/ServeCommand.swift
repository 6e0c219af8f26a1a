import APIServer
import ArgumentParser
import EmailConnect
import FoundationEssentials
import Glibc
import Logging
import Reconciler

/// `reconcile serve`: the bundled API server.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs the bundled API server on a SQLite file.",
        discussion: """
            A new database gets a first API key with every scope. It is shown once, on a terminal, or written to \
            --key-file. Beside the API under /v1 there are /settings for browsers, /docs, /openapi.json, /health and /metrics. \
            SIGTERM and Ctrl-C end the server after the answers under way.
            """,
        subcommands: [ServeAccountCommand.self, ServeLinkCommand.self, ServeBackupCommand.self])

    @OptionGroup var database: DatabaseOptions

    @Option(help: "The address to listen at; 0.0.0.0 opens the server to the network.")
    var host = "127.0.0.1"

    @Option(help: "The port; 0 lets the system choose.")
    var port = 8080

    @OptionGroup var firstKey: FirstKeyOptions

    @OptionGroup var mail: MailOptions

    @Option(
        help: ArgumentHelp(
            "Where domains' mail has to go, as their MX records say it; kept until another one is named.", valueName: "name"))
    var mailHost: String?

    @Option(
        help: ArgumentHelp("Look DNS records up in this file, as a zone's, and not in the DNS.", valueName: "file"), completion: .file())
    var dnsFile: String?

    @Flag(help: "Let accounts ask as often as they like.")
    var noRateLimits = false

    @Option(help: ArgumentHelp("Speak TLS with this certificate chain, PEM.", valueName: "file"), completion: .file())
    var tlsCert: String?

    @Option(help: ArgumentHelp("The certificate's private key, PEM.", valueName: "file"), completion: .file())
    var tlsKey: String?

    @Option(
        help: ArgumentHelp("Take a client's address from X-Forwarded-For when the request comes from there.", valueName: "cidr"))
    var trustedProxy: [String] = []

    @Option(help: ArgumentHelp("Under which URL browsers find the server, if it is not this machine.", valueName: "url"))
    var publicUrl: String?

    @Option(
        help: ArgumentHelp("Where Swagger UI's files are; without them /docs is a plain page.", valueName: "folder"), completion: .directory
    )
    var swaggerUi: String?

    @OptionGroup var log: LogOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("--port takes 0 to 65535") }
        guard (tlsCert == nil) == (tlsKey == nil) else { throw ValidationError("--tls-cert and --tls-key go together") }
        _ = try options
    }

    private var options: ServerOptions {
        get throws {
            var options = ServerOptions()
            options.limitsRequests = !noRateLimits
            do throws(Rejection) {
                var ranges: [IPRange] = []
                for text in trustedProxy { ranges.append(try IPRange(text)) }
                options.trustedProxies = IPRanges(ranges)
            } catch { throw ValidationError("--trusted-proxy takes addresses as in 10.0.0.0/8: \(error.problem)") }
            do throws(Rejection) { options.mailHost = try mailHost.map { (name) throws(Rejection) in try DomainName(name) } } catch {
                throw ValidationError("--mail-host: \(error.sentence)")
            }
            options.dnsFile = dnsFile
            options.hosts.insert(host)
            if let tlsCert, let tlsKey { options.certificate = .init(chain: tlsCert, key: tlsKey) }
            options.isSecure = tlsCert != nil
            try mail.set(in: &options)
            if let publicUrl {
                let parts = publicUrl.split(separator: "/", omittingEmptySubsequences: false)
                let isURL = parts.count >= 3 && (parts[0] == "https:" || parts[0] == "http:") && parts[1].isEmpty && !parts[2].isEmpty
                guard isURL, parts.count == 3 || parts.count == 4 && parts[3].isEmpty else {
                    throw ValidationError("--public-url takes https://HOST, without a path")
                }
                options.hosts.insert(public: String(parts[2]))
                options.isSecure = parts[0] == "https:"
            }
            options.swaggerFolder = swaggerUi ?? SwaggerFiles.folder
            return options
        }
    }

    func run() async throws {
        let session = Session(output)
        // The database holds hashes of keys and the secrets of webhooks.
        umask(0o077)
        if let swaggerUi, !SwaggerFiles.areIn(swaggerUi) {
            session.fail(
                "\(Escaped.line(swaggerUi)) has no swagger-ui-bundle.js", "fetch it with scripts/swagger-ui, or leave --swagger-ui out")
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        if let dnsFile {
            do throws(DNSFileFailure) { _ = try DNSFile.read(dnsFile) } catch {
                session.fail("--dns-file \(Escaped.line(dnsFile)): \(error.problem)", "it has records as a zone's file has them")
                throw ExitCode(ExitStatus.failed.rawValue)
            }
        }
        do {
            let server = try await BundledServer(
                database: database.db, access: .keys, options: try options, logger: log.logger)
            try await FirstKey(session, keyFile: firstKey.keyFile).handOver(of: server)
            let (host, isSecure, database, publicUrl) = (host, tlsCert != nil, database.db, publicUrl)
            let mailHost = mail.host
            try await server.run(at: .tcp(host: host, port: port), handlesSignals: true) { port in
                try? session.write("listening for mail on \(mailHost.contains(":") ? "[\(mailHost)]" : mailHost):\(port)\n")
            } onReady: { port in
                let url = "\(isSecure ? "https" : "http")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
                try? session.write("listening on \(url)/v1\n")
                guard session.showsSecrets else { return }
                // For whoever sits before the terminal; `serve link` makes another.
                if let link = try? await ServerAdministration(database: database).makeLoginLink(nil) {
                    try? session.write("log in once: \(LoginLink.text(link, at: publicUrl ?? url))\n")
                }
            }
        } catch let failure as StoreFailure {
            session.fail(failure.problem, failure.remedy)
            throw ExitCode(ExitStatus.failed.rawValue)
        } catch let code as ExitCode {
            throw code
        } catch is MailAddressFailure {
            session.fail(
                "cannot listen for mail at \(Escaped.line(mail.host)) port \(mail.smtp ?? 0)",
                "check the address, or choose another port; --smtp 0 finds one")
            throw ExitCode(ExitStatus.failed.rawValue)
        } catch let failure as CertificateFailure {
            session.fail(failure.problem, "it takes two PEM files: the certificate with its chain, and the key that belongs to it")
            throw ExitCode(ExitStatus.failed.rawValue)
        } catch {
            session.fail(
                "cannot listen at \(Escaped.line(host)) port \(port)", "check the address, or choose another port; --port 0 finds one")
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }
}
