/// A length of time in whole seconds, written `90d`, `12h`, `30m` or `45s`.
public struct TimeSpan: TextValue, Hashable, Comparable {
    /// Seconds, 1 to ten years.
    public let seconds: Int

    /// A length in seconds.
    public init(seconds: Int) { self.seconds = seconds }

    /// A length in days of 24 hours.
    public static func days(_ count: Int) -> TimeSpan { TimeSpan(seconds: count * 86_400) }

    private static let units: [(letter: Character, seconds: Int)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]
    private static let longest = 3660 * 86_400

    /// Reads a number and its unit.
    /// - Throws: when there is no unit, or the length is zero or beyond ten years.
    public init(_ written: String) throws(Rejection) {
        guard let unit = Self.units.first(where: { $0.letter == written.last }),
            written.dropLast().utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(written.dropLast())
        else { throw Rejection("not a duration", "write a number and d, h, m or s, as in 90d") }
        guard count > 0, count <= Self.longest / unit.seconds else {
            throw Rejection("a duration is more than zero and at most ten years")
        }
        seconds = count * unit.seconds
    }

    /// The largest unit that says it exactly.
    public var text: String {
        for unit in Self.units where seconds % unit.seconds == 0 { return "\(seconds / unit.seconds)\(unit.letter)" }
        return "\(seconds)s"
    }

    /// The sorted order.
    public static func < (left: TimeSpan, right: TimeSpan) -> Bool { left.seconds < right.seconds }
    /// What it looks like.
    public static var shape: Shape {
        .text(
            format: nil,
            pattern:
                "^((3660|36[0-5][0-9]|3[0-5][0-9]{2}|[12][0-9]{3}|[1-9][0-9]{0,2})d|[1-9][0-9]{0,3}h|[1-9][0-9]{0,5}m|[1-9][0-9]{0,7}s)$")
    }
    /// How it may be shown.
    public var shown: Shown { .word(text) }
}
