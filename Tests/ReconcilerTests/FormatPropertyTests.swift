import EmailConnect
@testable import Reconciler
import Testing
import TestSupport

@Suite("The canonical layout of odd YAML")
struct FormatPropertyTests {
    /// A value without its places and without the order of mappings; aliases are written out.
    private indirect enum Meaning: Equatable {
        case scalar(String, isPlain: Bool)
        case list([Meaning])
        case mapping([String: Meaning])

        init(_ node: Node) {
            switch node {
            case .scalar(let scalar): self = .scalar(scalar.text, isPlain: scalar.style == .plain)
            case .sequence(let items, _): self = .list(items.map(Meaning.init))
            case .mapping(let members, _):
                self = .mapping(Dictionary(uniqueKeysWithValues: members.map { ($0.key.text, Meaning($0.value)) }))
            }
        }

        init(of text: [UInt8]) throws(SyntaxFailure) {
            var reader = try YAMLReader(text)
            self.init(try reader.node())
            try reader.finish()
        }
    }

    @Test("says the same, has every comment once and in its place, and is its own layout", arguments: 0..<12 as Range<UInt64>)
    func properties(block: UInt64) throws {
        var valid = 0
        for seed in block * 50..<(block + 1) * 50 {
            let odd = OddYAML(seed: seed)
            let source = Array(odd.text.utf8)
            guard let meaning = try? Meaning(of: source) else { continue }
            valid += 1
            let formatted = Formatted(source, file: "f")
            guard let canonical = formatted.canonical else {
                Issue.record("seed \(seed): \(formatted.diagnostics)\n\(odd.text)")
                return
            }
            let text = String(decoding: canonical, as: UTF8.self)
            let again = Formatted(canonical, file: "f").canonical.map { String(decoding: $0, as: UTF8.self) }
            try #require(Meaning(of: canonical) == meaning, "seed \(seed)\n\(odd.text)\n---\n\(text)")
            try #require(again == text, "seed \(seed)\n\(odd.text)\n---\n\(text)\n---\n\(again ?? "")")
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            for comment in odd.comments {
                try #require(text.ranges(of: comment).count == 1, "seed \(seed): \(comment)\n\(odd.text)\n---\n\(text)")
            }
            for (comment, value) in odd.beside {
                let line = try #require(lines.first { $0.contains(comment) })
                try #require(line.contains(value), "seed \(seed): \(comment) beside \(value)\n\(odd.text)\n---\n\(text)")
            }
            for (comment, value) in odd.above {
                let place = try #require(lines.firstIndex { $0.contains(comment) })
                let below = lines[place...].first { !$0.drop { $0 == " " }.hasPrefix("#") }
                try #require(below?.contains(value) == true, "seed \(seed): \(comment) above \(value)\n\(odd.text)\n---\n\(text)")
            }
            try #require(!text.hasPrefix("\n") && text.hasSuffix("\n") && !text.contains("\r"), "seed \(seed)")
        }
        #expect(valid > 35, "most of the samples are YAML: \(valid)")
    }
}
