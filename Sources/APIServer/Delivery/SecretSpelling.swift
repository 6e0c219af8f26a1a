/// A secret as it may stand in an answer: as it is, or with any of its characters escaped as JSON, URLs and HTML do it.
struct SecretSpelling {
    /// Levels of JSON within JSON: three double a backslash to seven and one.
    private static let backslashLimit = 8
    /// Bytes of an escaped character at most.
    private static let escapeLimit = 12
    /// Characters after which the rest is missed, when the answer ends there.
    private static let beginning = 4
    private static let letters: [UnicodeScalar: UInt8] = [
        "\u{8}": UInt8(ascii: "b"), "\t": UInt8(ascii: "t"), "\n": UInt8(ascii: "n"), "\u{C}": UInt8(ascii: "f"), "\r": UInt8(ascii: "r"),
    ]
    private static let entities: [UnicodeScalar: String] = ["&": "amp", "<": "lt", ">": "gt", "\"": "quot", "'": "apos"]
    private static let escapes = Array(#"\%&"#.utf8)

    private struct Character {
        let scalar: UnicodeScalar
        let bytes: [UInt8]
    }

    private let characters: [Character]

    init(_ secret: String) {
        characters = secret.unicodeScalars.map { Character(scalar: $0, bytes: Array(String($0).utf8)) }
    }

    /// Where the secret ends that begins at a place; also when the answer ends before the secret does. nil when it does not begin there.
    func end(in body: [UInt8], at start: Int) -> Int? {
        guard let first = characters.first, body[start] == first.bytes[0] || Self.escapes.contains(body[start]) || first.scalar == " "
        else { return nil }
        var places = [start]
        for (index, character) in characters.enumerated() {
            var next: [Int] = []
            for place in places {
                for end in Self.ends(of: character, in: body, at: place) where !next.contains(end) { next.append(end) }
            }
            guard !next.isEmpty else {
                let isCut = index >= Self.beginning && places.contains { Self.isCut(character, body, at: $0) }
                return isCut ? body.count : nil
            }
            places = next
        }
        return places.max()
    }

    private static func isCut(_ character: Character, _ body: [UInt8], at place: Int) -> Bool {
        let rest = body[place...]
        guard let first = rest.first else { return true }
        return rest.count < escapeLimit && escapes.contains(first) || character.bytes.starts(with: rest)
    }

    /// Where a character ends that begins at a place, in each way to read it.
    private static func ends(of character: Character, in body: [UInt8], at start: Int) -> [Int] {
        var ends = [
            plain(character.bytes, body, start), percent(character.bytes, body, start), entity(character.scalar, body, start),
            character.scalar == " " ? plain([UInt8(ascii: "+")], body, start) : nil,
        ].compactMap(\.self)
        var place = start
        while place < body.count, body[place] == UInt8(ascii: "\\"), place - start < backslashLimit {
            place += 1
            let escaped = [
                plain(character.bytes, body, place), letters[character.scalar].flatMap { plain([$0], body, place) },
                units(character.scalar, body, place),
            ]
            ends += escaped.compactMap(\.self)
        }
        return ends
    }

    private static func plain(_ bytes: [UInt8], _ body: [UInt8], _ place: Int) -> Int? {
        body[min(place, body.count)...].starts(with: bytes) ? place + bytes.count : nil
    }

    private static func percent(_ bytes: [UInt8], _ body: [UInt8], _ start: Int) -> Int? {
        var place = start
        for byte in bytes {
            guard place < body.count, body[place] == UInt8(ascii: "%"), number(body, place + 1, digits: 2) == Int(byte) else { return nil }
            place += 3
        }
        return place
    }

    /// `u00e9`, and two of them for what is beyond.
    private static func units(_ scalar: UnicodeScalar, _ body: [UInt8], _ start: Int) -> Int? {
        var place = start
        for unit in UTF16.encode(scalar) ?? .init() {
            while place > start, place < body.count, body[place] == UInt8(ascii: "\\") { place += 1 }
            guard place < body.count, body[place] == UInt8(ascii: "u"), number(body, place + 1, digits: 4) == Int(unit) else { return nil }
            place += 5
        }
        return place
    }

    /// `&amp;`, `&#38;` or `&#x26;`.
    private static func entity(_ scalar: UnicodeScalar, _ body: [UInt8], _ start: Int) -> Int? {
        guard start < body.count, body[start] == UInt8(ascii: "&"),
            let end = body[start...].prefix(escapeLimit).firstIndex(of: UInt8(ascii: ";"))
        else { return nil }
        let name = String(decoding: body[(start + 1)..<end], as: UTF8.self)
        let value =
            if name.hasPrefix("#x") || name.hasPrefix("#X") { Int(name.dropFirst(2), radix: 16) } else { Int(name.dropFirst()) }
        return entities[scalar] == name || name.hasPrefix("#") && value == Int(scalar.value) ? end + 1 : nil
    }

    /// A number of hexadecimal digits.
    static func number(_ body: [UInt8], _ place: Int, digits: Int) -> Int? {
        guard place + digits <= body.count else { return nil }
        var value = 0
        for byte in body[place..<(place + digits)] {
            guard let digit = digit(byte) else { return nil }
            value = value * 16 + digit
        }
        return value
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x41...0x46, 0x61...0x66: Int(byte | 0x20) - 0x61 + 10
        default: nil
        }
    }
}
