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

    /// A token that did not reach its sink, or whose delivery was not acknowledged.
    public struct Undelivered: Equatable, Sendable {
        /// The key in the manifest.
        public var key: String
        /// What went wrong.
        public var problem: String
    }

    /// How the command ends.
    public var exit: ExitStatus { undelivered.isEmpty ? .done : .partly }
}
