/// The names that an object may be expected to have, 64 at most, as the bytes that stand for them. A program writes the members of
/// its objects in one order, so the name that came next the last time is tried first.
struct MemberNames: Sendable {
    /// A member's name, as an object has it.
    enum Name {
        /// The place of an expected one.
        case known(Int)
        case other(String)
    }

    private let texts: [String]
    /// `"name":`
    private let patterns: [[UInt8]]
    /// What came behind each name the last time; the first one is what came first.
    private var followers: [Int]

    init(_ names: [String]) {
        texts = names
        patterns = names.map { Array("\"\($0)\":".utf8) }
        followers = Array(0...names.count)
    }

    /// Nothing is expected.
    static let none = MemberNames([])

    subscript(_ place: Int) -> String { texts[place] }

    /// The name that begins at `start`, if it is the expected one.
    /// - Parameter last: the place of the name before it.
    func next(after last: Int?, in bytes: Span<UInt8>, at start: Int) -> (place: Int, length: Int)? {
        let place = followers[(last ?? -1) + 1]
        guard place < patterns.count else { return nil }
        let pattern = patterns[place]
        return bytes.holds(pattern.span, at: start) ? (place, pattern.count) : nil
    }

    /// The place of a name, which is the expected one from now on.
    mutating func place(of name: String, after last: Int?) -> Int? {
        guard let place = texts.firstIndex(of: name) else { return nil }
        followers[(last ?? -1) + 1] = place
        return place
    }
}
