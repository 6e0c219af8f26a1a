/// What became of an apply.
public struct Applied: Equatable, Sendable {
    /// The account's revision now.
    public var revision: Int
    /// Keys whose tokens reached their sinks.
    public var delivered: [String]
    /// Keys whose tokens did not, and why; the next run issues them again.
    public var undelivered: [Undelivered]
    /// Keys whose tokens another run made at the same time, and delivers.
    public var elsewhere: [String] = []
    /// What was done, by the plan that was applied in the end.
    public var counts = Counts()

    /// What was not done, where a batch is no transaction; nil when all was.
    public var rest: Rest?

    /// A batch that was done in part.
    public struct Rest: Equatable, Sendable {
        /// What was done, by name.
        public var done: [String]
        /// What was not.
        public var left: [String]
        /// What went wrong.
        public var problem: String
        /// What to do.
        public var remedy: String
    }

    /// A token that did not reach its sink, or whose delivery was not acknowledged.
    public struct Undelivered: Equatable, Sendable {
        /// The key in the manifest.
        public var key: String
        /// What went wrong.
        public var problem: String
    }

    /// How the command ends.
    public var exit: ExitStatus { undelivered.isEmpty && rest == nil ? .done : .partly }
}
