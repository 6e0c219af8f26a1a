import ArgumentParser
import Logging

/// The database of a server.
struct DatabaseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The database; serve makes it if it does not exist. --local keeps its own in .reconcile/local.db.", valueName: "file"),
        completion: .file())
    var db = "emailconnect.db"
}

/// Where a first key goes. A group of its own: the command above reads its options first, and those below share what it read.
struct FirstKeyOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where the first key is written, readable for this user only.", valueName: "file"), completion: .file())
    var keyFile: String?
}

/// How a server writes its log, on standard error.
struct LogOptions: ParsableArguments {
    enum Level: String, ExpressibleByArgument, CaseIterable { case debug, info, warning, error }
    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    @Option(help: ArgumentHelp("What is worth a line in the log; info has one for each request.", valueName: "level"))
    var logLevel = Level.warning

    @Option(help: ArgumentHelp("How the log is written.", valueName: "format"))
    var logFormat = Format.text

    /// The log.
    var logger: Logger {
        let isJSON = logFormat == .json
        var logger = Logger(label: "reconcile") { label -> any LogHandler in
            if isJSON { JSONLogHandler() } else { StreamLogHandler.standardError(label: label) }
        }
        logger.logLevel = Logger.Level(rawValue: logLevel.rawValue) ?? .warning
        return logger
    }
}
