public import EmailConnect

/// One thing to tell the writer of a manifest: where, what is wrong, what to do. A value; what to do about it is decided
/// elsewhere.
public struct Diagnostic: Equatable, Sendable {
    /// How bad it is.
    public enum Severity: String, Sendable {
        case error
        case warning
        /// Nothing wrong: what a plan does.
        case notice
    }

    /// How bad it is.
    public var severity: Severity
    /// The file, as it was named.
    public var file: String
    /// Where; nil for the whole file.
    public var position: Position?
    /// What is wrong.
    public var problem: String
    /// What to do; may be empty.
    public var remedy: String
    /// Whether the scalar that it points at must not be shown.
    public var hidesValue = false

    /// One thing to tell.
    public init(_ severity: Severity, _ file: String, at position: Position?, _ problem: String, _ remedy: String) {
        self.severity = severity
        self.file = file
        self.position = position
        self.problem = problem
        self.remedy = remedy
    }
}

extension Diagnostic {
    init(_ failure: SyntaxFailure, _ file: String) {
        self.init(.error, file, at: failure.position, failure.problem, failure.remedy)
        hidesValue = failure.hidesValue
    }
}

extension Diagnostic: Comparable {
    /// By file and place, so that the order of checks does not show.
    public static func < (left: Diagnostic, right: Diagnostic) -> Bool {
        if left.file != right.file { return left.file < right.file }
        let (leftPlace, rightPlace) = (left.position ?? .start, right.position ?? .start)
        return leftPlace == rightPlace ? left.problem < right.problem : leftPlace < rightPlace
    }
}
