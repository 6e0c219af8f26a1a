/// What the log keeps of an answer: how it begins, without the webhook's secrets, which an endpoint may send back.
enum Excerpt {
    /// The most bytes of it.
    static let limit = 2048
    /// What is shorter hides nothing, and would be found everywhere.
    private static let shortest = 4

    /// Takes out the secrets first and cuts then, so that no half of one is left.
    static func text(_ body: [UInt8], hiding secrets: [String]) -> String? {
        guard !body.isEmpty else { return nil }
        let spellings = Set(secrets).union(secrets.map(unescaped)).filter { $0.utf8.count >= shortest }
            .sorted { ($0.utf8.count, $1) > ($1.utf8.count, $0) }.map(SecretSpelling.init)
        var kept: [UInt8] = []
        var place = 0
        while place < body.count {
            if let end = spellings.lazy.compactMap({ $0.end(in: body, at: place) }).first {
                kept += "***".utf8
                place = end
            } else {
                kept.append(body[place])
                place += 1
            }
        }
        return String(decoding: kept, as: UTF8.self).replacing("\0", with: "\u{FFFD}").beginning(bytes: limit)
    }

    /// A secret that is percent-encoded, as in a URL, may come back as what it stands for.
    private static func unescaped(_ secret: String) -> String {
        let bytes = Array(secret.utf8)
        var (plain, place): ([UInt8], Int) = ([], 0)
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "%"), let value = SecretSpelling.number(bytes, place + 1, digits: 2) {
                plain.append(UInt8(value))
                place += 3
            } else {
                plain.append(bytes[place])
                place += 1
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }
}

extension String {
    /// How it begins: whole scalars, and at most so many bytes.
    func beginning(bytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(unicodeScalars[..<end])
    }
}
