import EmailConnect
@testable import Reconciler
import Testing

@Suite("YAML")
struct YAMLTests {
    @Test("positions count from 1, in characters, behind a byte order mark too")
    func positions() throws {
        var yaml = try YAMLReader([0xEF, 0xBB, 0xBF] + Array("é: [a, b]".utf8))
        guard case .mappingStart(let start, _) = try yaml.next(), case .scalar(let key, _) = try yaml.next() else {
            Issue.record("expected a mapping")
            return
        }
        #expect(start == Position(line: 1, column: 1))
        #expect(key.text == "é")
        #expect(try yaml.node().position == Position(line: 1, column: 4))
    }

    @Test("a file beyond the limit is refused before it is read")
    func tooLarge() {
        #expect(throws: SyntaxFailure.self) { _ = try YAMLReader(Array("a: b".utf8), limits: .init(bytes: 3)) }
    }

    @Test("values that come through aliases are counted, those written out are not")
    func aliasLimit() throws {
        func read(_ text: String) throws {
            var yaml = try YAMLReader(Array(text.utf8), limits: .init(aliased: 5))
            _ = try yaml.node()
            try yaml.finish()
        }
        try read("[1, 2, 3, 4, 5, 6, 7, 8]")
        try read("[&a 1, *a, *a, *a, *a, *a]")
        #expect(throws: SyntaxFailure.self) { try read("[&a 1, *a, *a, *a, *a, *a, *a]") }
    }

    @Test("no text at all can crash the reader")
    func hostile() {
        let seeds = [
            "a: &b [*b]", "{a: b, ? c : d}", "- - - -", "\"\\u", "%YAML 9.9\n---", "&a &b c", "*", "!<x> y", "|\n x", "a: >-\n\n b",
            "? ? ?", "[[[[", "}}}", "\u{0}", "--- ---", "...", "a:\n\t- b",
        ]
        for seed in seeds {
            for cut in 0...seed.utf8.count { _ = Manifest.decode(Array(seed.utf8.prefix(cut)), file: "f") }
        }
    }

    @Test("every prefix and every damaged byte of a manifest is explained, never a crash")
    func damaged() {
        let text = Array(
            "version: 1\nmanifest: a\nenvironment: b\nwebhooks: { h: { url: 'https://a.example', headers: { X: \"1\" } } }\n".utf8)
        for index in text.indices {
            let (state, diagnostics) = Manifest.decode(Array(text[..<index]), file: "f")
            #expect(state != nil || !diagnostics.isEmpty)
            for byte: UInt8 in [0x00, 0x09, 0x22, 0x2A, 0x3A, 0x7B, 0xFF] {
                var damaged = text
                damaged[index] = byte
                let (state, diagnostics) = Manifest.decode(damaged, file: "f")
                #expect(state != nil || diagnostics.contains { $0.severity == .error })
                _ = DiagnosticText(.plain).render(diagnostics, sources: ["f": damaged])
            }
        }
    }
}

@Suite("A large manifest")
struct LargeManifestTests {
    /// Takes some seconds in a debug build, since the size is the point: 12 MB in one pass.
    @Test("of 100,000 aliases is read, and one mistake at its end is found")
    func large() throws {
        var text = "version: 1\nmanifest: a\nenvironment: b\nwebhooks: { h: { url: https://a.example/ } }\ndomains:\n"
        for number in 0..<100_000 {
            if number % 1000 == 0 { text += "  d\(number / 1000).example:\n    aliases:\n" }
            text +=
                "      mailbox.number.\(number):\n        description: The mailbox number \(number), routed to somebody who reads it\n        webhook: h\n"
        }
        #expect(text.utf8.count > 11_000_000)
        let (state, diagnostics) = Manifest.decode(Array(text.utf8), file: "f")
        #expect(state?.aliases.count == 100_000)
        #expect(diagnostics.isEmpty)
        let (none, mistakes) = Manifest.decode(Array((text + "      x: g\n").utf8), file: "f")
        #expect(none == nil)
        #expect(mistakes.map(\.problem) == ["there is no webhook \"g\""])
    }
}
