import APIServer
import ArgumentParser
import EmailConnect
import Glibc
import Reconciler

/// `reconcile serve link`: a way into the web pages.
struct ServeLinkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link", abstract: "Prints a link that logs a browser in, once, within 15 minutes; also while the server runs.")

    @Option(help: ArgumentHelp("The account, by name or id; the first one if left out.", valueName: "name"))
    var account: String?

    @Option(help: "Where browsers find the server.")
    var url = "http://127.0.0.1:8080"

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        let parts = url.split(separator: "/", omittingEmptySubsequences: false)
        let isURL = parts.count >= 3 && (parts[0] == "https:" || parts[0] == "http:") && parts[1].isEmpty && !parts[2].isEmpty
        guard isURL, parts.dropFirst(3).allSatisfy(\.isEmpty), !url.contains("?"), !url.contains("#") else {
            throw ValidationError("--url takes https://HOST, without a path")
        }
    }

    func run() async throws {
        let session = Session(output)
        umask(0o077)
        try await session.administering(database) { server in
            guard let link = try await server.makeLoginLink(account) else {
                session.fail("there is no account \(Escaped.line(account ?? ""))", "reconcile serve account list shows them")
                throw ExitCode(ExitStatus.failed.rawValue)
            }
            try session.write(LoginLink.text(link, at: url) + "\n")
        }
    }
}

/// A link that logs in once.
enum LoginLink {
    static func text(_ link: Secret, at url: String) -> String {
        "\(url.hasSuffix("/") ? String(url.dropLast()) : url)/login?link=\(link.reveal())"
    }
}
