import EmailConnect

/// Which part of a list is wanted: a page of so many, or what comes behind a cursor. Items stand in the order of their creation, so a
/// cursor shows everything that is there all the time exactly once, whatever is made and deleted meanwhile.
struct ListPage: Sendable {
    let page: Int
    let limit: Int
    /// The place behind which it begins; 0 for the first page.
    let after: Int
    private let letters: String
    private let isByCursor: Bool

    /// How many items are skipped.
    var offset: Int { isByCursor ? 0 : (page - 1) * limit }

    static func parameters(_ kind: Kind) -> [Route.Parameter] { parameters(letters(kind)) }

    /// The parameters of a list whose cursors begin with some letters.
    static func parameters(_ letters: String) -> [Route.Parameter] {
        [
            .init("page", .integer(1...1_000_000), "Which page, from 1."),
            .init("limit", .integer(1...100), "How many on a page; 50 if left out."),
            .init(
                "cursor", .text(pattern: "^\(letters)_[1-9a-z][0-9a-z]{0,10}$"),
                "next_cursor of the page before, in place of page: stable while others write."),
        ]
    }

    init(_ query: [String: String], kind: Kind) throws(Problem) { try self.init(query, letters: Self.letters(kind)) }

    init(_ query: [String: String], letters: String) throws(Problem) {
        self.letters = letters
        page = try Routes.number(query, "page", 1...1_000_000, default: 1)
        limit = try Routes.number(query, "limit", 1...100, default: 50)
        isByCursor = query["cursor"] != nil
        guard let cursor = query["cursor"] else { after = 0; return }
        guard query["page"] == nil else { throw Problem(.invalid, "take page or cursor, not both") }
        let parts = cursor.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == letters, let place = Int(parts[1], radix: 36), place > 0,
            String(place, radix: 36) == parts[1]
        else {
            throw Problem(.invalid, "this is no cursor of this list; take next_cursor of the page before")
        }
        after = place
    }

    /// The list's body.
    /// - Parameter found: one more than the page takes, if there is one.
    func answer(
        _ found: [(place: Int, json: String)], total: Int, adding more: (inout JSONWriter) -> Void = { _ in }
    ) -> [UInt8] {
        let items = found.prefix(limit)
        let hasMore = found.count > limit
        var json = JSONWriter()
        json.object { json in
            json.array("data") { json in for item in items { json.item(json: item.json) } }
            if !isByCursor { json.member("page", page) }
            json.member("limit", limit)
            json.member("total", total)
            json.member("has_more", hasMore)
            json.member("next_cursor", hasMore ? items.last.map { "\(letters)_\(String($0.place, radix: 36))" } : nil)
            more(&json)
        }
        return json.bytes
    }

    private static func letters(_ kind: Kind) -> String { String(kind.idPrefix.dropLast()) }
}

extension Routes {
    /// A number written with digits only.
    static func digits(_ text: String) -> Int? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    /// An id of a kind in a query; whether there is such a thing is another question.
    static func id(_ query: [String: String], _ name: String, _ kinds: [Kind]) throws(Problem) -> String? {
        guard let text = query[name] else { return nil }
        let isID = kinds.contains { kind in
            text.hasPrefix(kind.idPrefix) && (1...60).contains(text.utf8.count - kind.idPrefix.utf8.count)
                && text.utf8.dropFirst(kind.idPrefix.utf8.count).allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                }
        }
        guard isID else { throw Problem(.invalid, "\(name) takes an id as in \(kinds[0].idPrefix)4fK2x9QaB7cD1eF0") }
        return text
    }

    static func number(
        _ query: [String: String], _ name: String, _ range: ClosedRange<Int>, default fallback: Int
    ) throws(Problem) -> Int {
        guard let text = query[name] else { return fallback }
        guard let number = digits(text), range.contains(number) else {
            throw Problem(.invalid, "\(name) takes a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
