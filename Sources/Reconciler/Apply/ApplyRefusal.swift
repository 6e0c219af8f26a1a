/// Why apply does nothing, known before anything is sent.
public struct ApplyRefusal: Error, Equatable, Sendable {
    /// How the command ends.
    public var exit: ExitStatus
    /// What is wrong, a line each.
    public var problems: [String]
    /// What to do.
    public var remedy: String

    static func secretsUnfit(_ problems: [String]) -> ApplyRefusal {
        ApplyRefusal(exit: .failed, problems: problems, remedy: "correct the value; nothing was sent")
    }

    static func secretsMissing(_ problems: [String]) -> ApplyRefusal {
        ApplyRefusal(
            exit: .failed, problems: problems,
            remedy: "set the variables or provide the files, and run apply again; nothing was sent")
    }
}
