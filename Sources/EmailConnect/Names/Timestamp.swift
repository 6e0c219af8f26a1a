import FoundationEssentials

/// A moment in whole seconds, UTC. https://www.rfc-editor.org/rfc/rfc3339
public struct Timestamp: TextValue, Hashable, Comparable {
    /// Seconds since 1970-01-01T00:00:00Z.
    public let seconds: Int

    /// A moment, in seconds since 1970.
    public init(seconds: Int) { self.seconds = seconds }

    /// Reads `2027-01-31` (midnight UTC) or `2027-01-31T12:00:00Z`, with any offset.
    /// - Throws: when it is no date.
    public init(_ written: String) throws(Rejection) {
        let whole = written.utf8.count == 10 ? written + "T00:00:00Z" : written
        guard Self.isDay(whole), let date = try? Date(whole, strategy: .iso8601),
            (0...253_402_300_799).contains(date.timeIntervalSince1970)
        else { throw Rejection("not a date", "write 2027-01-31 or 2027-01-31T12:00:00Z") }
        seconds = Int(date.timeIntervalSince1970)
    }

    /// Whether the day exists: a parser would make 2 March of 30 February.
    private static func isDay(_ text: String) -> Bool {
        let parts = text.prefix(10).split(separator: "-").map { Int($0) }
        guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2], (1...12).contains(month) else {
            return false
        }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
        return (1...days).contains(day)
    }

    /// `2027-01-31T12:00:00Z`.
    public var text: String { Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601) }

    /// The moment a length of time later.
    public static func + (moment: Timestamp, span: TimeSpan) -> Timestamp {
        Timestamp(seconds: moment.seconds + span.seconds)
    }
    /// The sorted order.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.seconds < right.seconds }
    /// What it looks like.
    public static var shape: Shape {
        let day = "((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
        let time = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])"
        return .text(format: nil, pattern: "^(19[7-9][0-9]|[2-9][0-9]{3})-\(day)(T\(time))?$")
    }
    /// How it may be shown.
    public var shown: Shown { .word(text) }
}
