import APIServer
import ArgumentParser
import EmailConnect
import Glibc
import Reconciler

/// `reconcile serve account`: the accounts of a server.
struct ServeAccountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "Lists, adds and limits a server's accounts, also while it runs.",
        subcommands: [List.self, Add.self, Change.self], defaultSubcommand: List.self)

    /// `reconcile serve account list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the accounts.")
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let session = Session(output)
            try await session.administering(database) { server in
                for account in try await server.accounts() { try session.write(AccountText.line(account)) }
            }
        }
    }

    /// `reconcile serve account add NAME`.
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Adds an account, wholly apart from the others, with a first API key.")
        @Argument(help: "What it is called on this server.") var name: String
        @OptionGroup var limits: LimitOptions
        @OptionGroup var firstKey: FirstKeyOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            let isName =
                (1...64).contains(name.utf8.count)
                && name.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || "0123456789-_. ".unicodeScalars.contains($0) }
            guard isName, !name.hasPrefix("acct_") else {
                throw ValidationError("an account's name has 1 to 64 letters, digits, spaces and . - _, and does not begin with acct_")
            }
        }

        func run() async throws {
            let session = Session(output)
            umask(0o077)
            try await session.administering(database) { server in
                let firstKey = FirstKey(session, keyFile: firstKey.keyFile)
                try firstKey.check()
                guard let account = try await server.addAccount(name, plan: limits.plan ?? .free, limits: try limits.own) else {
                    session.fail("there is an account \(Escaped.line(name)) already", "reconcile serve account list shows them")
                    throw ExitCode(ExitStatus.failed.rawValue)
                }
                if let key = try await server.makeFirstKey(of: account.id) {
                    do { try firstKey.show(key) } catch {
                        try await server.removeUnused(account.id)
                        throw error
                    }
                    try await server.handOver(firstKey: key, of: account.id)
                }
                try session.write(AccountText.line(account))
            }
        }
    }

    /// `reconcile serve account set NAME`.
    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "set", abstract: "Changes an account's plan and limits.")
        @Argument(help: "The account, by name or id.") var name: String
        @OptionGroup var limits: LimitOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard limits.plan != nil || !limits.limit.isEmpty else { throw ValidationError("give --plan or --limit") }
        }

        func run() async throws {
            let session = Session(output)
            umask(0o077)
            try await session.administering(database) { server in
                guard let account = try await server.setAccount(name, plan: limits.plan, limits: try limits.own) else {
                    session.fail("there is no account \(Escaped.line(name))", "reconcile serve account list shows them")
                    throw ExitCode(ExitStatus.failed.rawValue)
                }
                try session.write(AccountText.line(account))
            }
        }
    }
}

/// What an account may hold and ask for.
struct LimitOptions: ParsableArguments {
    @Option(
        name: .customLong("plan"),
        help: ArgumentHelp("free, pro or enterprise: how often it may ask, how much it may hold.", valueName: "plan"))
    var planName: String?

    @Option(
        help: ArgumentHelp(
            "A limit of its own in place of the plan's: minute, hour, day (requests), domains, aliases, webhooks, api_keys; =plan goes back.",
            valueName: "name=n"))
    var limit: [String] = []

    func validate() throws {
        _ = try own
        guard planName == nil || plan != nil else { throw ValidationError("--plan takes free, pro or enterprise") }
    }

    var plan: AccountPlan? { planName.flatMap { AccountPlan(rawValue: $0) } }

    /// The limits by name; nil goes back to the plan's.
    var own: [String: Int?] {
        get throws {
            var own: [String: Int?] = [:]
            for pair in limit {
                let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
                let number = parts.count == 2 ? Int(parts[1]) : nil
                guard parts.count == 2, AccountLimits.names.contains(parts[0]), parts[1] == "plan" || number.map({ $0 >= 0 }) == true else {
                    throw ValidationError("--limit takes NAME=N, with \(AccountLimits.names.joined(separator: ", "))")
                }
                own.updateValue(number, forKey: parts[0])
            }
            return own
        }
    }
}

/// One account in a line.
enum AccountText {
    static func line(_ account: AccountSummary) -> String {
        let requests = RequestWindow.allCases.map { "\(account.limits.requests[$0, default: 0])/\($0.rawValue)" }.joined(separator: ", ")
        let resources = Kind.allCases.map { kind in
            let limit = account.limits.resources[kind].map { " of \($0)" } ?? ""
            return "\(account.counts[kind, default: 0])\(limit) \(kind.words)"
        }.joined(separator: ", ")
        return "\(Escaped.line(account.name))  \(account.id)  \(account.plan.rawValue): \(requests); \(resources)\n"
    }
}
