import TestSupport

/// Writes YAML as nobody should: any indentation, comments wherever one may stand, all styles of scalars. All values and comments are
/// different, so that each can be found again.
struct OddYAML {
    private(set) var text = ""
    /// The texts of all comments.
    private(set) var comments: [String] = []
    /// Pairs of a comment and the value on whose line it stands.
    private(set) var beside: [(comment: String, value: String)] = []
    /// Pairs of a comment and the value of the entry right below it.
    private(set) var above: [(comment: String, value: String)] = []
    private var random: SeededGenerator
    private var number = 0
    private var anchors: [String] = []

    private static let names = [
        "version", "manifest", "domains", "webhooks", "aliases", "webhook", "description", "enabled", "url", "headers", "env", "prefix",
        "api_keys", "scopes", "main", "removed", "alias", "keep", "unknown", "x.y",
    ]

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        if random.chance(20) { text += "\u{FEFF}" }
        if random.chance(40) { ownLines(upTo: 0) }
        if random.chance(15) {
            text += "%YAML 1.1\n---\(random.chance(50) ? " \(comment())" : "")\n"
        } else if random.chance(15) {
            text += "---\n"
        }
        mapping(at: random.chance(15) ? Int.random(in: 1...3, using: &random) : 0, depth: 0)
        if random.chance(40) { ownLines(upTo: 6) }
        if random.chance(10) { text += "...\n" }
        if random.chance(15), text.hasSuffix("\n") { text.removeLast() }
        if random.chance(20) { text = text.replacing("\n", with: "\r\n") }
    }

    private mutating func next() -> Int {
        number += 1
        return number
    }

    private mutating func comment() -> String {
        let text = ["# c\(next()).", "#c\(next()).", "# : - { [ & * c\(next())."][Int.random(in: 0...2, using: &random)]
        comments.append(text)
        return text
    }

    private func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }

    private mutating func ownLines(upTo column: Int) {
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            if random.chance(30) {
                text += String(repeating: random.chance(30) ? "  \n" : "\n", count: Int.random(in: 1...3, using: &random))
            }
            text += spaces(Int.random(in: 0...column, using: &random)) + comment() + (random.chance(20) ? "  \n" : "\n")
        }
        if random.chance(25) { text += String(repeating: "\n", count: Int.random(in: 1...3, using: &random)) }
    }

    private mutating func anchor() -> String? {
        guard random.chance(12) else { return nil }
        let name = random.chance(15) ? "again" : "a\(next())"
        return name
    }

    private mutating func mapping(at column: Int, depth: Int, isBehindDash: Bool = false) {
        var names = Self.names.shuffled(using: &random).prefix(Int.random(in: 1...5, using: &random))
        var isFirst = isBehindDash
        while let name = names.popFirst() {
            let value = "v\(next())e"
            var note: String?
            if !isFirst {
                ownLines(upTo: column + 3)
                if random.chance(25) {
                    note = comment()
                    text += spaces(column) + (note ?? "") + "\n"
                }
                text += spaces(column)
            }
            isFirst = false
            let isExplicit = random.chance(4)
            if isExplicit { text += "? " }
            if let anchor = random.chance(5) ? anchor() : nil {
                text += "&\(anchor) "
                anchors.append(anchor)
            }
            text += random.chance(15) ? "\"\(name)\"" : random.chance(10) ? "'\(name)'" : name
            if isExplicit { text += random.chance(50) ? "  \(comment())\n" + spaces(column) : "\n" + spaces(column) }
            text += random.chance(10) ? " :" : ":"
            let start = text.endIndex
            self.value(value, under: column, depth: depth, isItem: false)
            // Only where the entry is one line is it clear what stands right below.
            let line = text[start...].prefix { $0 != "\n" }
            if let note, !isExplicit, line.contains(value), !line.contains("["), !line.contains("{") { above.append((note, value)) }
        }
    }

    private mutating func sequence(at column: Int, depth: Int) {
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            ownLines(upTo: column + 2)
            text += spaces(column) + "-"
            if random.chance(30), depth < 4 {
                let gap = Int.random(in: 1...3, using: &random)
                text += spaces(gap)
                mapping(at: column + 1 + gap, depth: depth + 1, isBehindDash: true)
            } else {
                value("v\(next())e", under: column, depth: depth, isItem: true)
            }
        }
    }

    /// What stands behind a colon or a dash, to the end of its last line.
    private mutating func value(_ value: String, under column: Int, depth: Int, isItem: Bool) {
        let inner = column + Int.random(in: 1...4, using: &random)
        let anchor = anchor()
        // An anchor may be used once its node has ended.
        defer { if let anchor { anchors.append(anchor) } }
        var head = anchor.map { " &\($0)" } ?? ""
        switch Int.random(in: 0..<100, using: &random) {
        case ..<8 where anchor == nil: end(value: nil)
        case ..<16 where !anchors.isEmpty && anchor == nil:
            text += " *\(anchors.randomElement(using: &random) ?? "")"
            end(value: nil)
        case ..<32 where depth < 4:
            text += head
            end(value: nil)
            mapping(at: inner, depth: depth + 1)
        case ..<42 where depth < 4:
            text += head
            end(value: nil)
            sequence(at: isItem || random.chance(60) ? inner : column, depth: depth + 1)
        case ..<56: blockScalar(value, head, under: column)
        case ..<74:
            text += head + " "
            flow(depth: 0, value, at: inner)
            end(value: nil)
        case ..<80:
            // Below its key.
            text += head
            end(value: nil)
            ownLines(upTo: inner)
            head = ""
            text += spaces(inner) + scalar(value, at: inner)
            end(value: value)
        default:
            text += head + spaces(Int.random(in: 1...3, using: &random)) + scalar(value, at: inner)
            end(value: value)
        }
    }

    /// The end of a line, with a comment or without.
    private mutating func end(value: String?) {
        if random.chance(25) {
            let comment = comment()
            text += (random.chance(20) ? "\t" : " ") + comment
            if let value { beside.append((comment, value)) }
        } else if random.chance(10) {
            text += "  "
        }
        text += "\n"
    }

    private mutating func scalar(_ value: String, at column: Int) -> String {
        let margin = "\n" + spaces(column)
        switch Int.random(in: 0..<100, using: &random) {
        case ..<8: return "\"one   \(margin)two\n\(margin) \(value)\""
        case ..<14: return "\"esc\\ \\\n\(spaces(column))two \\\\  \(margin)\(value)\""
        case ..<20: return "'it''s   \(margin)\(margin) \(value)'"
        case ..<28: return "plain words\(margin) go on #\(value)"
        case ..<40: return "\"\(value) # no comment\""
        case ..<48: return "'\(value): '"
        case ..<54: return "https://a.example/\(value)#part"
        case ..<58: return "\(value) é"
        default: return value
        }
    }

    private mutating func blockScalar(_ value: String, _ head: String, under column: Int) {
        let step = Int.random(in: 1...4, using: &random)
        let isExplicit = random.chance(40)
        let chomping = ["", "-", "+"][Int.random(in: 0...2, using: &random)]
        text += "\(head) \(random.chance(60) ? "|" : ">")\(isExplicit ? "\(step)" : "")\(chomping)"
        end(value: nil)
        let margin = spaces(max(column, 0) + step)
        for line in 0..<Int.random(in: 0...3, using: &random) {
            if random.chance(20) { text += random.chance(50) ? "\n" : margin + "\n" }
            let extra = line > 0 || isExplicit ? spaces(Int.random(in: 0...2, using: &random)) : ""
            text += margin + extra + "\(value).\(line) # text" + (random.chance(20) ? "  \n" : "\n")
        }
        if random.chance(40) { text += String(repeating: "\n", count: Int.random(in: 1...3, using: &random)) }
    }

    private mutating func flow(depth: Int, _ value: String, at column: Int) {
        let isMapping = random.chance(50)
        text += isMapping ? "{" : "["
        gap(at: column)
        var names = Self.names.shuffled(using: &random)
        let count = Int.random(in: 0...3, using: &random)
        for place in 0..<count {
            if isMapping || random.chance(10) {
                text += random.chance(20) ? "\"\(names.removeLast())\"" : names.removeLast()
                text += random.chance(15) && isMapping ? "" : ": "
                if text.hasSuffix(" "), !random.chance(8) {
                    if random.chance(10) { gap(at: column) }
                    flowValue(depth, "\(value).\(place)", at: column)
                }
            } else {
                flowValue(depth, "\(value).\(place)", at: column)
            }
            if place + 1 < count || random.chance(15) {
                gap(at: column)
                text += ","
            }
            gap(at: column)
        }
        text += isMapping ? "}" : "]"
    }

    private mutating func flowValue(_ depth: Int, _ value: String, at column: Int) {
        switch Int.random(in: 0..<100, using: &random) {
        case ..<20 where depth < 3: flow(depth: depth + 1, value, at: column)
        case ..<28 where !anchors.isEmpty: text += "*\(anchors.randomElement(using: &random) ?? "") "
        case ..<34:
            let name = "a\(next())"
            text += "&\(name) \(value)"
            anchors.append(name)
        case ..<45: text += "\"\(value), \""
        case ..<50: text += "'x\n\(spaces(column))\(value)'"
        default: text += value
        }
    }

    private mutating func gap(at column: Int) {
        switch Int.random(in: 0..<100, using: &random) {
        case ..<8: text += " \(comment())\n" + spaces(column)
        case ..<12: text += "\n" + spaces(column) + "\(comment())\n" + spaces(column)
        case ..<20: text += "\n" + spaces(column)
        case ..<24: text += "\n\n\n" + spaces(column)
        case ..<70: text += " "
        default: break
        }
    }
}
