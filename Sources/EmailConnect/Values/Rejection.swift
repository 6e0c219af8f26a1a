/// Why a value is not accepted: what is wrong, and what to do about it. It never repeats a value that may be secret.
public struct Rejection: Error, Equatable, Sendable {
    /// What is wrong, as one short sentence without a full stop.
    public var problem: String
    /// What to do next; empty when `problem` says it all.
    public var remedy: String
    /// Where, when it is inside the value that was read (an item of a list); nil for the value itself.
    public var position: Position?
    /// JSON pointer below the value that was read, "" for the value itself. https://www.rfc-editor.org/rfc/rfc6901
    public var pointer: String
    /// Whether the value must not be shown with the message: it is, or may be, a secret.
    public var hidesValue = false
    /// What else is wrong inside the value: further items of a list, further headers.
    public var others: [Rejection] = []

    /// A rejection of the value itself unless a position says otherwise.
    public init(_ problem: String, _ remedy: String = "", at position: Position? = nil, pointer: String = "") {
        self.problem = problem
        self.remedy = remedy
        self.position = position
        self.pointer = pointer
    }

    /// The same rejection of a value that must not be shown.
    public func hidingValue() -> Rejection {
        var copy = self
        copy.hidesValue = true
        copy.others = others.map { $0.hidingValue() }
        return copy
    }

    /// One rejection for several; nil when there is none.
    static func all(_ rejections: [Rejection]) -> Rejection? {
        guard var first = rejections.first else { return nil }
        first.others += rejections.dropFirst()
        return first
    }

    /// Both sentences in one line.
    public var sentence: String { remedy.isEmpty ? problem : "\(problem): \(remedy)" }
}
