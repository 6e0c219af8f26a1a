/// The date of a message. https://www.rfc-editor.org/rfc/rfc5322#section-3.3 and https://www.rfc-editor.org/rfc/rfc5322#section-4.3
///
/// Words and numbers are told apart by what they look like, so that the order of day, month, year and time does not matter; much
/// old mail has `Wed Jun  4 12:00:00 2025`.
struct MailDate {
    private var day: Int?
    private var month: Int?
    private var year: Int?
    private var time: (hour: Int, minute: Int, second: Int)?
    /// Seconds east of UTC. A zone that is missing or unknown says nothing: the time is taken as UTC, as the RFC has it.
    private var offset = 0

    /// Seconds since 1970-01-01T00:00:00Z; nil when the value is no date.
    static func seconds(_ raw: ArraySlice<UInt8>) -> Int? {
        guard raw.count <= 1_000 else { return nil }
        var date = MailDate()
        let words = Self.joined(Comment.removed(from: raw)).split { $0.isSpace || $0 == UInt8(ascii: ",") }
        for word in words { guard date.take(word) else { return nil } }
        return date.seconds
    }

    /// Without space around colons, which is an obsolete form. https://www.rfc-editor.org/rfc/rfc5322#appendix-A.6.3
    private static func joined(_ raw: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        for byte in raw {
            if byte.isSpace, bytes.last == UInt8(ascii: ":") { continue }
            if byte == UInt8(ascii: ":") { while bytes.last?.isSpace == true { bytes.removeLast() } }
            bytes.append(byte)
        }
        return bytes
    }

    /// Takes one word; false when it has no place in a date.
    private mutating func take(_ word: ArraySlice<UInt8>) -> Bool {
        guard let first = word.first else { return true }
        if first.isLetter { return takeName(word) }
        if first == UInt8(ascii: "+") || first == UInt8(ascii: "-") {
            takeOffset(word)
            return time != nil
        }
        if word.contains(UInt8(ascii: ":")) { return takeTime(word) }
        // 04-Jun-2025
        let parts = word.split(separator: UInt8(ascii: "-"))
        if parts.count > 1 { return parts.count <= 3 && parts.allSatisfy { take($0) } }
        return takeNumber(word)
    }

    private mutating func takeName(_ word: ArraySlice<UInt8>) -> Bool {
        let key = word.prefix(3).loweredText
        if let index = Self.months.firstIndex(of: key), month == nil {
            month = index + 1
            return true
        }
        // The day of the week says nothing that the date does not say.
        guard !Self.weekdays.contains(key) || time != nil else { return true }
        offset = (Self.zones[word.loweredText] ?? 0) * 3_600
        return time != nil
    }

    private mutating func takeNumber(_ word: ArraySlice<UInt8>) -> Bool {
        guard word.count <= 4, let number = Self.number(word) else { return false }
        if day == nil, word.count <= 2 {
            day = number
        } else if year == nil {
            switch word.count {
            case 4: year = number
            case 3: year = 1_900 + number
            case 2: year = number < 50 ? 2_000 + number : 1_900 + number
            default: return false
            }
        } else {
            return false
        }
        return true
    }

    private mutating func takeTime(_ word: ArraySlice<UInt8>) -> Bool {
        // 12:00:00+0200 without the space between them
        let sign = word.firstIndex { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") } ?? word.endIndex
        let parts = word[..<sign].prefix { $0 != UInt8(ascii: ".") }.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        let numbers = parts.compactMap { (1...2).contains($0.count) ? Self.number($0) : nil }
        guard time == nil, numbers.count == parts.count, (2...3).contains(numbers.count) else { return false }
        let second = numbers.count == 3 ? numbers[2] : 0
        guard numbers[0] < 24, numbers[1] < 60, second <= 60 else { return false }
        time = (numbers[0], numbers[1], second)
        if sign < word.endIndex { takeOffset(word[sign...]) }
        return true
    }

    private mutating func takeOffset(_ word: ArraySlice<UInt8>) {
        let digits = word.dropFirst().filter { $0 != UInt8(ascii: ":") }
        guard digits.count == 4, let number = Self.number(digits[...]), number / 100 < 24, number % 100 < 60 else { return }
        offset = (number / 100 * 3_600 + number % 100 * 60) * (word.first == UInt8(ascii: "-") ? -1 : 1)
    }

    private var seconds: Int? {
        guard let day, let month, let year, let time else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...days[month - 1]).contains(day) else { return nil }
        return Self.days(year, month, day) * 86_400 + time.hour * 3_600 + time.minute * 60 + time.second - offset
    }

    /// Days since 1970-01-01, in years that begin in March so that the leap day is the last.
    /// https://howardhinnant.github.io/date_algorithms.html#days_from_civil
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        // Counted from one era earlier, so that all divisions are of positive numbers.
        let shifted = (month <= 2 ? year - 1 : year) + 400
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + ofYear - 719_468 - 146_097
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.count <= 4, digits.allSatisfy(\.isDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    private static let weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    /// Hours east of UTC. The military letters are not among them: they were defined wrong, and mean nothing.
    private static let zones = ["edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8]
}
