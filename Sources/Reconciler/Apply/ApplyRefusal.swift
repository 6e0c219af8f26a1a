/// Why apply does nothing, known before anything is sent.
public struct ApplyRefusal: Error, Equatable, Sendable {
    /// How the command ends.
    public var exit: ExitStatus
    /// What is wrong, a line each.
    public var problems: [String]
    /// What to do.
    public var remedy: String

    /// The account is not, or not any more, what was approved.
    static func moved(_ lines: [String], _ problem: String) -> ApplyRefusal {
        ApplyRefusal(
            exit: .stale, problems: [problem] + lines.prefix(20) + (lines.count > 20 ? ["and \(lines.count - 20) more"] : []),
            remedy: "nothing was written; plan again, and have that approved")
    }

    /// The user ended the run before anything was written.
    static let interrupted = ApplyRefusal(exit: .interrupted, problems: ["interrupted"], remedy: "nothing was written")

    static func secretsUnfit(_ problems: [String]) -> ApplyRefusal {
        ApplyRefusal(exit: .failed, problems: problems, remedy: "correct the value; nothing was sent")
    }

    static func secretsMissing(_ problems: [String]) -> ApplyRefusal {
        ApplyRefusal(
            exit: .failed, problems: problems,
            remedy:
                "set the variables or provide the files (a program runs only with --allow-commands), and run apply again; nothing was sent")
    }
}
