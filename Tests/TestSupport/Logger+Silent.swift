public import Logging

extension Logger {
    /// A log that nobody reads.
    public static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
