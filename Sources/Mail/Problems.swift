/// What was broken in a message, in words, each once, and not without end.
struct Problems {
    /// What is kept; of the rest only that there is more.
    private(set) var list: [String] = []
    private var seen: Set<String> = []

    private static let limit = 100

    /// Notes what was broken and how it was read.
    mutating func add(_ problem: String) {
        guard list.count <= Self.limit, seen.insert(problem).inserted else { return }
        list.append(list.count < Self.limit ? problem : "more problems than are listed")
    }

    /// A word of a message as it may stand in a problem: short, on one line, in ASCII.
    static func quote(_ text: some StringProtocol) -> String {
        let shown = text.utf8.prefix(40).map { $0 > 0x20 && $0 < 0x7F ? $0 : UInt8(ascii: "?") }
        return String(decoding: shown, as: UTF8.self)
    }
}
